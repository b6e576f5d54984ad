// Floods against a gateway in the lab, as data: what is sent, from where, how fast. native/test/flood.c sends it.
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { concat, fromText } from '../../src/base/bytes.ts';
import { Exchange } from '../../src/iana/exchanges.ts';
import { Notification } from '../../src/iana/notifies.ts';
import { PayloadType } from '../../src/iana/payloads.ts';
import { KeyExchangeMethod } from '../../src/iana/transforms.ts';
import { offer } from '../../src/ike/negotiate/proposals.ts';
import { encodeMessage } from '../../src/wire/message.ts';
import { type Payload, payload } from '../../src/wire/payloads/index.ts';
import { inCheckout } from '../lab/checkout.ts';
import { type Outcome, run } from '../lab/command.ts';
import { address, type Home } from '../lab/home.ts';
import { gatewayName } from '../lab/phone.ts';
import { none, notify } from '../sim/payloads.ts';
import { proposals } from '../sim/policies.ts';
import type { CallSetup } from './call-run.ts';
import type { RekeySetup } from './rekey-run.ts';

export type Flood = {
  readonly title: string;
  /** Behind the phone's own NAT, anywhere on the Internet, or in the LAN of the router. */
  readonly from: 'nat' | 'internet' | 'lan';
  /** Much like another row: `make floods` alone plays it. */
  readonly isVariant?: boolean;
} & (
  | {
      /** Datagrams a second. */
      readonly rate: number;
      /** Words of native/test/flood.c before rate and seconds. */
      readonly words: (file: (bytes: Uint8Array) => string) => readonly string[];
      /** What goes to the SAs that this has begun. */
      readonly inside?: Uint8Array;
    }
  /** A program beside this one, which asks again when it was answered. */
  | { readonly program: 'rekey-run'; readonly setup: Omit<RekeySetup, 'seconds'> }
  | { readonly program: 'call-run'; readonly setup: Omit<CallSetup, 'seconds'> }
);

export const mallories = [1, 2, 3, 4].map((n) => `mallory${n}@example.org`);
export const sharedSecret = 'correct horse battery';
/** Where the gateway has its WebSocket. */
export const webSocketAt = '192.168.1.1:8500';
const { router } = address;
/** Addresses for measuring, which lead nowhere (RFC 2544): what is sent to them ends at the Internet. */
const everywhere = '198.18.0.0/15';
/** With other bytes in the place of SPIi, each is a request of its own. */
const sent =
  (bytes: Uint8Array, from: string, port: number, at = 0, count = 8) =>
  (file: (bytes: Uint8Array) => string) => [
    'send',
    file(bytes),
    from,
    router,
    `${port}`,
    `${at}`,
    `${count}`,
  ];

const header = {
  spiI: new Uint8Array(8).fill(1),
  spiR: new Uint8Array(8),
  ...{ majorVersion: 2, minorVersion: 0, exchange: 0, messageId: 0 },
  ...{ isInitiator: true, isResponse: false },
};

export const floods: readonly Flood[] = [
  {
    title: 'IKE_SA_INIT from one address',
    ...{ from: 'internet', rate: 20_000 },
    words: sent(init(), '203.0.113.200/32', 500),
  },
  {
    title: 'IKE_SA_INIT from everywhere (forged)',
    ...{ from: 'internet', rate: 20_000 },
    words: sent(init(), everywhere, 500),
  },
  {
    title: 'IKE_SA_INIT with invented cookies',
    ...{ from: 'internet', rate: 20_000 },
    words: sent(init(31, [notify(Notification.COOKIE, bytes(33))]), everywhere, 500),
  },
  {
    title: 'half-open SAs with true cookies',
    ...{ from: 'internet', rate: 2_000 },
    words: (file) => ['cookies', file(init()), router, '500', '64'],
  },
  {
    title: 'the same from behind the phone’s NAT',
    ...{ from: 'nat', rate: 2_000 },
    words: (file) => ['cookies', file(init()), router, '500', '64'],
  },
  {
    title: 'messages for SAs that are half open',
    ...{ from: 'internet', rate: 5_000 },
    words: (file) => ['cookies', file(init()), router, '500', '64'],
    inside: sealed(PayloadType.SK),
  },
  {
    title: 'the dearest key exchange, with true cookies',
    ...{ from: 'internet', rate: 2_000 },
    words: (file) => ['cookies', file(init(KeyExchangeMethod.MODP_4096)), router, '500', '64'],
  },
  {
    title: 'requests for SPIs that nobody has',
    ...{ from: 'internet', rate: 20_000 },
    words: sent(sealed(PayloadType.SK), everywhere, 500, 0, 16),
  },
  {
    title: 'fragments for SPIs that nobody has',
    ...{ from: 'internet', rate: 20_000 },
    words: sent(sealed(PayloadType.SKF), everywhere, 500, 0, 16),
  },
  {
    title: 'INVALID_SPI, INVALID_IKE_SPI',
    ...{ from: 'internet', rate: 20_000 },
    words: sent(hint(), everywhere, 500, 0, 16),
  },
  {
    title: 'noise',
    ...{ from: 'internet', rate: 50_000 },
    words: sent(bytes(300), everywhere, 500, 0, 32),
  },
  {
    title: 'ESP of SPIs that nobody has',
    ...{ from: 'internet', rate: 50_000 },
    words: sent(concat(Uint8Array.of(0xc0, 0, 0, 0), bytes(200)), everywhere, 4500, 1, 40),
  },
  {
    title: 'ESP of the tunnel, replayed',
    ...{ from: 'internet', rate: 50_000 },
    words: () => ['replay', router, '4500'],
  },
  guests('new keys of the IKE SA without end', 'IKE SA', KeyExchangeMethod.CURVE25519),
  {
    ...guests('the same by the dearest key exchange', 'IKE SA', KeyExchangeMethod.MODP_4096),
    isVariant: true,
  },
  {
    ...guests('new keys of the tunnel without end', 'CHILD_SA', KeyExchangeMethod.CURVE25519),
    isVariant: true,
  },
  {
    title: 'the WebSocket, without a session',
    ...{ from: 'lan', program: 'call-run' },
    setup: { url: `ws://${webSocketAt}/ubus`, callers: 48 },
  },
];

/** Four who are logged in, and at it together. */
function guests(title: string, what: RekeySetup['what'], ke: number): Flood {
  const whom = { guests: mallories, secret: sharedSecret, server: gatewayName };
  const setup = { ...whom, what, ke, address: '203.0.113.1', gateway: router };
  return { title, from: 'internet', program: 'rekey-run', setup };
}

/** Runs a flood to its end. @returns how many datagrams went out */
export async function flooded(home: Home, flood: Flood, seconds: number): Promise<number> {
  const folder = join(home.lab.dir, 'floods');
  mkdirSync(folder, { recursive: true });
  const file = (content: Uint8Array, name = 'first'): string => {
    const path = join(folder, `${floods.indexOf(flood)}-${name}.bin`);
    writeFileSync(path, content);
    return path;
  };
  const command =
    'program' in flood
      ? [process.execPath, await bundled(flood.program), file(asJson({ ...flood.setup, seconds }))]
      : [
          inCheckout('build/native/plain/flood'),
          ...flood.words(file),
          `${flood.rate}`,
          `${seconds}`,
          ...(flood.inside ? [file(flood.inside, 'inside')] : []),
        ];
  const limit = 30_000 + seconds * 1000;
  const { code, stdout, stderr }: Outcome = await home[flood.from].attempt(command, { limit });
  if (code !== 0) throw new Error(`flood ended with ${code}: ${stderr}`);
  return Number(stdout.split(' ')[0]);
}

async function bundled(name: string): Promise<string> {
  const bundler = [process.execPath, inCheckout('cross/bundle-tool.mjs')];
  return inCheckout((await run([...bundler, `test/interop/${name}.ts`])).trim());
}

const asJson = (value: object): Uint8Array => fromText(JSON.stringify(value));

function init(method: number = KeyExchangeMethod.CURVE25519, before: readonly Payload[] = []) {
  const isModp = method === KeyExchangeMethod.MODP_4096;
  const suite = `aes128gcm16-prfsha256-${isModp ? 'modp4096' : 'x25519'}`;
  const value = bytes(isModp ? 512 : 32);
  value[0] = 0x7f; // below the prime
  return encodeMessage({ ...header, exchange: Exchange.IKE_SA_INIT }, [
    ...before,
    payload(PayloadType.SA, offer(proposals('ike', suite), none, true)),
    payload(PayloadType.KE, { method, data: value }),
    payload(PayloadType.NONCE, { data: bytes(32) }),
  ]);
}

function sealed(type: typeof PayloadType.SK | typeof PayloadType.SKF): Uint8Array {
  const inner = { first: PayloadType.IDI, sealed: bytes(1000) };
  const one =
    type === PayloadType.SK
      ? payload(PayloadType.SK, inner)
      : payload(PayloadType.SKF, { ...inner, number: 1, total: 100 });
  return encodeMessage({ ...header, exchange: Exchange.IKE_AUTH, messageId: 1 }, [one]);
}

function hint(): Uint8Array {
  const fields = { ...header, exchange: Exchange.INFORMATIONAL, isResponse: true };
  return encodeMessage(fields, [
    notify(Notification.INVALID_SPI, bytes(4)),
    notify(Notification.INVALID_IKE_SPI),
  ]);
}

function bytes(count: number): Uint8Array {
  return new Uint8Array(randomBytes(count));
}
