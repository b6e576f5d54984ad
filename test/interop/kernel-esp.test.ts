// The second opinion on our ESP: what the C module seals, Linux opens, and back, with keys that both were given.
//
//   10.1.0.1, fd00:1::1 ─ tun ─ router ══ 203.0.113.2 ── 198.51.100.7 ══ a kernel of its own ─ 10.2.0.1, fd00:2::1
//                                        2001:db8:113::2 ─ 2001:db8:100::7
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Family, moveIn, outerOf } from '../lab/cabin.ts';
import { inCheckout } from '../lab/checkout.ts';
import { run } from '../lab/command.ts';
import { peerRoot } from '../lab/ready.ts';
import type { Service } from '../lab/service.ts';
import { stage } from '../lab/stage.ts';
import { until } from '../lab/until.ts';
import type { EndSetup } from './dataplane-end.ts';

/** What the module is told, and what the kernel calls the same. */
interface Suite {
  readonly ours: Pick<EndSetup, 'cipher' | 'keyBytes' | 'integrity'>;
  readonly aead?: string;
  readonly auth?: readonly [name: string, icvBits: number];
}

const gcm = 'rfc4106(gcm(aes))';
const suites: readonly (readonly [string, Suite])[] = [
  ['AES-GCM 128', { ours: { cipher: 'aes128gcm16', keyBytes: 16 }, aead: gcm }],
  ['AES-GCM 192', { ours: { cipher: 'aes192gcm16', keyBytes: 24 }, aead: gcm }],
  ['AES-GCM 256', { ours: { cipher: 'aes256gcm16', keyBytes: 32 }, aead: gcm }],
  [
    'ChaCha20-Poly1305',
    {
      ours: { cipher: 'chacha20poly1305', keyBytes: 32 },
      aead: 'rfc7539esp(chacha20,poly1305)',
    },
  ],
  ['AES-CBC 128 with HMAC-SHA1-96', cbc('aes128', 16, 'sha1', 20, 96)],
  ['AES-CBC 192 with HMAC-SHA2-256', cbc('aes192', 24, 'sha256', 32, 128)],
  ['AES-CBC 256 with HMAC-SHA2-384', cbc('aes256', 32, 'sha384', 48, 192)],
  ['AES-CBC 256 with HMAC-SHA2-512', cbc('aes256', 32, 'sha512', 64, 256)],
];

function cbc(
  cipher: NonNullable<EndSetup['cipher']>,
  keyBytes: number,
  keyword: NonNullable<EndSetup['integrity']>['keyword'],
  hashBytes: number,
  icvBits: number,
): Suite {
  return {
    ours: { cipher, keyBytes, integrity: { keyword, keyBytes: hashBytes } },
    auth: [`hmac(${keyword})`, icvBits],
  };
}

/** Any of the peers boots. */
const anyPeer = 'openiked-7.4';

const scene = stage({
  needs: ['our gateway', 'a kernel of its own', `peer ${anyPeer}`],
  async play(home) {
    const bundler = [process.execPath, inCheckout('cross/bundle-tool.mjs')];
    const program = inCheckout((await run([...bundler, 'test/interop/dataplane-end.ts'])).trim());
    const kernel = await moveIn(home, peerRoot(anyPeer));
    await kernel.run('ip addr add 10.2.0.1/32 dev lo; ip -6 addr add fd00:2::1/128 dev lo nodad');
    return { program, kernel };
  },
});

const inner = { ours: ['10.1.0.1', 'fd00:1::1'], theirs: ['10.2.0.1', 'fd00:2::1'] } as const;
let started = 0;

/** The C module with one child. */
async function startEnd(suite: Suite, outer: Family, esn: boolean): Promise<Service> {
  const { home, program } = scene();
  const { ours: local, theirs: remote } = outerOf(outer);
  const setup: EndSetup = {
    ...suite.ours,
    ...{ device: 'esp0', local, remote, workers: 1, esn, encap: 'raw', sends: 1 },
    ...{ ourHosts: inner.ours, theirHosts: inner.theirs },
  };
  const name = `end-${++started}`;
  const file = join(home.lab.dir, `${name}.json`);
  writeFileSync(file, JSON.stringify(setup));
  const library = inCheckout('build/native/libikev2esp.so');
  const end = home.lab.start(home.router, name, [process.execPath, program, library, file]);
  await until('the end is ready', () => end.log.includes('"ready"'), 30_000);
  home.router.address('esp0', '10.1.0.1/32', 'fd00:1::1/128');
  for (const host of inner.theirs) home.router.ip('route', 'add', host, 'dev', 'esp0');
  return end;
}

/** The same child for Linux: the two SAs, and policies for what is inside. */
function kernelChild(suite: Suite, outer: Family, esn: boolean, sent = 0): string {
  const { ours, theirs } = outerOf(outer);
  const sa = (from: string, to: string, which: number, more = ''): string => {
    const { keyBytes, integrity } = suite.ours;
    const key = (bytes: number) => `0x${`0${which}`.repeat(bytes)}`;
    const algorithm = suite.auth
      ? `enc 'cbc(aes)' ${key(keyBytes)} auth-trunc '${suite.auth[0]}' ${key(integrity?.keyBytes ?? 0)} ${suite.auth[1]}`
      : `aead '${suite.aead}' ${key(keyBytes + 4)} 128`;
    const flags = `flag af-unspec ${esn ? 'esn' : ''} replay-window 32`;
    const spi = `src ${from} dst ${to} proto esp spi ${0x1000 * which} reqid 1`;
    return `ip xfrm state add ${spi} mode tunnel ${flags} ${more} ${algorithm}`;
  };
  const policy = (from: string, to: string, dir: string, outerFrom: string, outerTo: string) =>
    `ip xfrm policy add src ${from} dst ${to} dir ${dir} tmpl src ${outerFrom} dst ${outerTo} proto esp reqid 1 mode tunnel`;
  return [
    'set -e; ip xfrm state flush; ip xfrm policy flush',
    sa(ours, theirs, 1),
    sa(theirs, ours, 2, `replay-oseq ${sent}`),
    ...inner.ours.flatMap((host, family) => [
      policy(host, inner.theirs[family] ?? '', 'in', ours, theirs),
      policy(inner.theirs[family] ?? '', host, 'out', theirs, ours),
    ]),
  ].join('\n');
}

/** One ping of each size: the kernel opens and seals it again as it was, or `ping` says what is not. */
async function echo(to: string, sizes: string): Promise<string> {
  const script = `for n in ${sizes}; do ping -n -c 1 -W 2 -s $n ${to} || exit 1; done`;
  const { code, stdout } = await scene().home.router.attempt(['sh', '-c', script], {
    limit: 60_000,
  });
  return code === 0 ? (/wrong .*/.exec(stdout)?.[0] ?? 'fine') : stdout.slice(-400);
}

/** What Linux counts of packets that it did not like; empty when there are none. */
const kernelErrors = (): Promise<string> =>
  scene().kernel.run('grep -v "[^0-9]0$" /proc/net/xfrm_stat || true');

describe.each(suites)('%s', (_, suite) => {
  test.each([
    ['over IPv4', 'IPv4', false],
    ['over IPv6 with ESN', 'IPv6', true],
  ] as const)('%s: every length, and fragments inside', async (_title, outer, esn) => {
    const { kernel } = scene();
    const end = await startEnd(suite, outer, esn);
    try {
      await kernel.run(kernelChild(suite, outer, esn));
      // Every remainder of a block, twice; long ones; and what has to be cut inside.
      const sizes = '$(seq 0 33) $(seq 1280 1297)';
      for (const host of inner.theirs) expect(await echo(host, sizes)).toBe('fine');
      for (const host of inner.theirs) {
        await echo(host, '1400'); // may be told first how wide the way is
        expect(await echo(host, '1400 1401 3000 9001')).toBe('fine');
      }
      expect(await kernelErrors()).toBe('');
    } finally {
      await end.stop();
    }
  });
});

test('Linux’ extended sequence numbers pass 2³², and every packet around it arrives (RFC 4303 §2.2.1)', async () => {
  const [[, suite] = []] = suites;
  if (!suite) throw new Error('there are no suites');
  const end = await startEnd(suite, 'IPv4', true);
  try {
    // A receiver finds the upper half by steps of less than 2³¹.
    for (const sent of [0x7fff_fff0, 0xffff_fff0]) {
      await scene().kernel.run(kernelChild(suite, 'IPv4', true, sent));
      const pings = ['ping', '-n', '-q', '-c', '30', '-i', '0.01', '-W', '2', inner.theirs[0]];
      expect(await scene().home.router.run(pings)).toContain(' 30 received');
    }
    const [, hi] = /oseq-hi 0x(\w+)/.exec(await scene().kernel.run('ip -s xfrm state')) ?? [];
    expect(Number(hi)).toBe(1);
  } finally {
    await end.stop();
  }
});
