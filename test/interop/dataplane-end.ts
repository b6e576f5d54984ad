// One end of a tunnel without IKE: opens the data plane, installs one child whose keys both ends know, and
// prints a line of JSON for all that happens. SIGUSR2 prints counters; SIGHUP moves to the path in the setup file.
import { readFileSync } from 'node:fs';
import { type Ip, ip } from '../../src/base/ip.ts';
import { Secret } from '../../src/base/secret.ts';
import { DataPlaneError } from '../../src/dataplane/fault.ts';
import { openNative } from '../../src/dataplane/native.ts';
import type { ChildRef, ChildSpec, SaRef } from '../../src/ike/core.ts';
import { everything } from '../../src/policy/selectors.ts';
import type { Keyword } from '../../src/transforms/table.ts';

/** What the test writes for one end. */
export interface EndSetup {
  readonly device: string;
  readonly local: string;
  readonly remote: string;
  readonly workers: number;
  readonly offloads?: boolean;
  readonly esn: boolean;
  readonly encap: 'udp' | 'raw';
  /** 16, 24 or 32. */
  readonly keyBytes: number;
  /** Instead of AES-GCM with a key of that length. */
  readonly cipher?: Keyword<'ENCR'>;
  /** Beside a cipher that is no AEAD, with the bytes of its key. */
  readonly integrity?: { readonly keyword: Keyword<'INTEG'>; readonly keyBytes: number };
  /** Which of the two directions' keys is for sending: 1 or 2. */
  readonly sends: 1 | 2;
  readonly ourHosts: readonly string[];
  readonly theirHosts: readonly string[];
  /** Children beside the one that is used; all with another peer. */
  readonly crowd?: number;
}

/** Bytes of every AEAD's, behind its key. */
const SALT = 4;

const [library = '', setupFile = ''] = process.argv.slice(2);
const say = (line: object): void => {
  const text = JSON.stringify(line, (_, value) => (typeof value === 'bigint' ? `${value}` : value));
  process.stdout.write(`${text}\n`);
};

function readSetup(): EndSetup {
  return JSON.parse(readFileSync(setupFile, 'utf8'));
}

const pathOf = ({ local, remote }: EndSetup) => ({
  local: { ip: ip(local), port: 4500 },
  remote: { ip: ip(remote), port: 4500 },
});
const hosts = (list: readonly string[]) => list.map((text) => everything(hostRange(ip(text))));
const hostRange = (host: Ip) => ({ start: host, end: host });

function childOf(setup: EndSetup): ChildSpec {
  const { integrity } = setup;
  const direction = (which: number) => ({
    spi: 0x1000 * which,
    encryption: new Secret(new Uint8Array(setup.keyBytes + (integrity ? 0 : SALT)).fill(which)),
    integrity: integrity && new Secret(new Uint8Array(integrity.keyBytes).fill(which)),
  });
  const ciphers = { 16: 'aes128gcm16', 24: 'aes192gcm16', 32: 'aes256gcm16' } as const;
  return {
    ref: 1 as ChildRef,
    sa: 1 as SaRef,
    path: pathOf(setup),
    encap: setup.encap,
    cipher: setup.cipher ?? ciphers[setup.keyBytes as keyof typeof ciphers],
    integrity: integrity?.keyword,
    esn: setup.esn,
    standby: false,
    inbound: direction(3 - setup.sends),
    outbound: direction(setup.sends),
    limits: undefined,
    selectors: { local: hosts(setup.ourHosts), remote: hosts(setup.theirHosts) },
  };
}

/** Nobody uses it, but searches pass by. */
function bystander(child: ChildSpec, number: number): ChildSpec {
  const host = ip(`10.${100 + (number >> 16)}.${(number >> 8) & 255}.${number & 255}`);
  return {
    ...child,
    ref: (2 + number) as ChildRef,
    inbound: { ...child.inbound, spi: 0x100000 + 2 * number },
    outbound: { ...child.outbound, spi: 0x100001 + 2 * number },
    selectors: { local: child.selectors.local, remote: [everything(hostRange(host))] },
  };
}

try {
  const setup = readSetup();
  const { device, workers, offloads = true } = setup;
  const options = { device, mtu: 1400, listen: [], port: 500, nattPort: 4500, workers, offloads };
  const plane = openNative(library, options, {
    datagram: () => {},
    event: (event) => say({ event }),
    trapped: () => {},
    failed: (why) => say({ failed: why }),
  });
  const child = childOf(setup);
  plane.install(child);
  for (let i = 0; i < (setup.crowd ?? 0); i += 1) plane.install(bystander(child, i));
  process.on('SIGUSR2', () => say({ stats: plane.stats(child.ref), counters: plane.counters() }));
  process.on('SIGHUP', () => {
    const next = readSetup();
    plane.move(child.ref, pathOf(next), next.encap);
  });
  process.on('SIGTERM', () => plane.close());
  say({ ready: plane.aead, workers: plane.workers, raw: plane.raw, offloads: plane.offloads });
} catch (error) {
  if (!(error instanceof DataPlaneError)) throw error;
  say({ refused: error.code, why: error.why, cure: error.cure });
}
