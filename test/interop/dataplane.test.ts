// Two data planes, no IKE: both ends know the keys.
//
//   10.1.0.1, fd00:1::1 ─ tun ─ left ══ 192.0.2.1 ── 192.0.2.2 ══ right ─ tun ─ 10.2.0.1, fd00:2::1
//                               2001:db8::1 ────────── 2001:db8::2
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  onTestFailed,
  test,
} from 'vitest';
import { inCheckout } from '../lab/checkout.ts';
import { run, runNow } from '../lab/command.ts';
import { Lab } from '../lab/lab.ts';
import { connect, type Namespace } from '../lab/namespace.ts';
import { whyNot } from '../lab/ready.ts';
import type { Service } from '../lab/service.ts';
import { ping } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import type { EndSetup } from './dataplane-end.ts';

const library = inCheckout('build/native/libikev2esp.so');
const why = existsSync(library) ? whyNot() : 'the C module is not built («make native»)';

/** One end: its host, its program, what it said. */
interface End {
  readonly host: Namespace;
  readonly file: string;
  readonly setup: EndSetup;
  readonly service: Service;
}
type Counters = Readonly<Record<string, string>>;
interface Line {
  readonly ready?: string;
  readonly offloads?: readonly string[];
  readonly event?: { readonly kind: string; readonly path: { remote: object } };
  readonly failed?: string;
  readonly refused?: string;
  readonly counters?: Counters;
  readonly stats?: { rxPackets: string; txPackets: string; idleMs: number };
}

let lab: Lab;
let program: string;
let hosts: { left: Namespace; right: Namespace };

beforeAll(async () => {
  if (why !== undefined) return;
  const bundler = [process.execPath, inCheckout('cross/bundle-tool.mjs')];
  program = inCheckout((await run([...bundler, 'test/interop/dataplane-end.ts'])).trim());
  lab = await Lab.open();
  hosts = { left: lab.namespace('left'), right: lab.namespace('right') };
  connect({ host: hosts.left, device: 'wan' }, { host: hosts.right, device: 'wan' });
  hosts.left.address('wan', '192.0.2.1/24', '192.0.2.11/24', '2001:db8::1/64');
  hosts.right.address('wan', '192.0.2.2/24', '2001:db8::2/64');
});
beforeEach((context) => {
  if (why !== undefined) context.skip(`skipped: ${why}`);
  onTestFailed(() => void process.stderr.write(`${lab.explain()}\n`));
});
afterEach(async () => {
  for (const service of running.splice(0)) await service.stop();
});
afterAll(async () => {
  await lab?.close();
});

const lines = ({ service }: Pick<End, 'service'>): Line[] =>
  service.log
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));

const running: Service[] = [];
let started = 0;
function start(host: Namespace, setup: EndSetup): End {
  const name = `${host.role}-${started++}`;
  const file = join(lab.dir, `${name}.json`);
  writeFileSync(file, JSON.stringify(setup));
  const service = lab.start(host, name, [process.execPath, program, library, file]);
  running.push(service);
  return { host, file, setup, service };
}

const sides = {
  left: { ourHosts: ['10.1.0.1', 'fd00:1::1'], theirHosts: ['10.2.0.1', 'fd00:2::1'], sends: 1 },
  right: { ourHosts: ['10.2.0.1', 'fd00:2::1'], theirHosts: ['10.1.0.1', 'fd00:1::1'], sends: 2 },
} as const;
interface Outer {
  readonly left: string;
  readonly right: string;
}
const overV4: Outer = { left: '192.0.2.1', right: '192.0.2.2' };
const overV6: Outer = { left: '2001:db8::1', right: '2001:db8::2' };
type Variant = Partial<Pick<EndSetup, 'esn' | 'encap' | 'keyBytes' | 'offloads' | 'workers'>>;

const usual = { device: 'esp0', esn: false, encap: 'udp', keyBytes: 16, workers: 0 } as const;

async function tunnel(outer: Outer, variant: Variant = {}): Promise<{ left: End; right: End }> {
  const common = { ...usual, ...variant };
  const left = { ...common, ...sides.left, local: outer.left, remote: outer.right };
  const right = { ...common, ...sides.right, local: outer.right, remote: outer.left };
  const ends = { left: start(hosts.left, left), right: start(hosts.right, right) };
  for (const end of [ends.left, ends.right]) {
    await until('the end is ready', () => lines(end).some(({ ready }) => ready !== undefined));
    end.host.address(
      'esp0',
      ...end.setup.ourHosts.map((ip) => (ip.includes(':') ? `${ip}/128` : `${ip}/32`)),
    );
    for (const ip of end.setup.theirHosts) end.host.ip('route', 'add', ip, 'dev', 'esp0');
  }
  return ends;
}

/** Asks an end for its counters. */
async function counted(end: End): Promise<Required<Pick<Line, 'counters' | 'stats'>>> {
  const told = () =>
    lines(end).flatMap(({ counters, stats }) => (counters && stats ? [{ counters, stats }] : []));
  const before = told().length;
  process.kill(end.service.pid, 'SIGUSR2');
  return until('its counters', () => told()[before]);
}

/** A ruleset of one chain. */
const chain = (table: string, hook: string, ...rules: string[]): string =>
  `table ${table} {\nchain c {\ntype filter hook ${hook} priority 0\n${rules.join('\n')}\n}\n}\n`;

const everyPing = { sent: 5, received: 5 };

describe.each<[string, Outer, Variant]>([
  ['over IPv4 with AES-128', overV4, {}],
  ['over IPv6 with AES-256 and ESN', overV6, { keyBytes: 32, esn: true }],
  ['with AES-192 and four threads', overV4, { keyBytes: 24, workers: 4 }],
  ['without any of the kernel’s offloads', overV4, { offloads: false }],
  ['as protocol 50 over IPv4', overV4, { encap: 'raw' }],
  ['as protocol 50 over IPv6', overV6, { encap: 'raw' }],
])('%s', (_what, outer, variant) => {
  test('inner IPv4 and IPv6 pass, also in full size', async () => {
    const ends = await tunnel(outer, variant);
    expect(await ping(hosts.left, '10.2.0.1', 5)).toMatchObject(everyPing);
    expect(await ping(hosts.right, 'fd00:1::1', 5)).toMatchObject(everyPing);
    const full = ['ping', '-n', '-q', '-c', '3', '-i', '0.2', '-M', 'do', '-s', '1372', '10.2.0.1'];
    expect(await hosts.left.run(full)).toMatch(/ 0% packet loss/);
    const { stats, counters } = await counted(ends.right);
    expect(Number(stats.rxPackets)).toBe(13);
    expect(Number(stats.txPackets)).toBe(13);
    expect(counters).toMatchObject({ 'bad-icv': '0', replay: '0', 'bad-inner': '0' });
  });
});

test.each<[string, Outer]>([
  ['IPv4', overV4],
  ['IPv6', overV6],
])(
  'over %s as protocol 50, in UDP after a move, and never «unreachable» to the peer (pitfall 69)',
  async (_, outer) => {
    const seen = ['meta l4proto esp', 'udp dport 4500', 'icmp type destination-unreachable'];
    const refusal = 'icmpv6 type { destination-unreachable, parameter-problem }';
    const rules = [...seen, refusal].map((what) => `oifname "wan" ${what} counter`);
    hosts.right.nft(chain('inet seen', 'output', ...rules));
    const packets = () => {
      const listed = hosts.right.runNow('nft', 'list', 'table', 'inet', 'seen');
      return [...listed.matchAll(/counter packets (\d+)/g)].map(([, count]) => Number(count));
    };
    const ends = await tunnel(outer, { encap: 'raw' });
    expect(await ping(hosts.left, '10.2.0.1', 5)).toMatchObject(everyPing);
    expect(packets()).toEqual([5, 0, 0, 0]);
    writeFileSync(ends.right.file, JSON.stringify({ ...ends.right.setup, encap: 'udp' }));
    process.kill(ends.right.service.pid, 'SIGHUP');
    await counted(ends.right); // it has moved
    expect(await ping(hosts.left, '10.2.0.1', 5)).toMatchObject(everyPing);
    expect(packets()).toEqual([5, 5, 0, 0]);
    expect(lines(ends.left).flatMap(({ event }) => event ?? [])).toEqual([]);
    hosts.right.runNow('nft', 'delete', 'table', 'inet', 'seen');
  },
);

test('bursts pass where the route is too narrow for what the kernel should cut', async () => {
  const ends = await tunnel(overV4);
  for (const end of [ends.left, ends.right]) end.host.ip('link', 'set', 'wan', 'mtu', '1300');
  // Thirty of 1,400 bytes at once: their ESP packets are of equal size, and fragments outside.
  const burst = ['ping', '-n', '-q', '-c', '30', '-l', '30', '-W', '2', '-s', '1372', '10.2.0.1'];
  expect(await hosts.left.run(burst)).toMatch(/30 received/);
  expect((await counted(ends.left)).counters['send-failed']).toBe('0');
  for (const end of [ends.left, ends.right]) end.host.ip('link', 'set', 'wan', 'mtu', '1500');
});

test.each<[string, boolean, readonly string[]]>([
  ['uses what this kernel has', true, ['tun-tcp', 'send', 'receive']],
  ['uses nothing of it when told so', false, []],
])('%s', async (_, offloads, expected) => {
  const { left } = await tunnel(overV4, { offloads });
  const told = lines(left).flatMap(({ offloads }) => offloads ?? []);
  expect(told.filter((name) => name !== 'tun-udp')).toEqual(expected);
});

test('what the network doubles arrives once (RFC 4303 §3.4.3, pitfall 70)', async () => {
  const ends = await tunnel(overV4);
  hosts.left.nft(
    chain('netdev twice', 'egress device wan', 'udp dport 4500 ip ttl > 0 dup to wan'),
  );
  const said = await hosts.left.run(['ping', '-n', '-c', '20', '-i', '0.01', '10.2.0.1']);
  hosts.left.runNow('nft', 'delete', 'table', 'netdev', 'twice');
  expect(said).not.toMatch(/DUP!/);
  expect(said).toMatch(/20 received/);
  const { replay } = (await counted(ends.right)).counters;
  expect(Number(replay)).toBeGreaterThanOrEqual(20);
});

test('tells once of a peer at a new address, and follows when told to (pitfall 67)', async () => {
  const ends = await tunnel(overV4);
  expect(await ping(hosts.left, '10.2.0.1', 5)).toMatchObject(everyPing);
  writeFileSync(ends.left.file, JSON.stringify({ ...ends.left.setup, local: '192.0.2.11' }));
  process.kill(ends.left.service.pid, 'SIGHUP');
  // The answers still go to the old address, which still is the left one's.
  expect(await ping(hosts.left, '10.2.0.1', 5)).toMatchObject(everyPing);
  const events = lines(ends.right).flatMap(({ event }) => event ?? []);
  expect(events).toHaveLength(1);
  expect(events[0]).toMatchObject({
    kind: 'moved',
    child: 1,
    path: { local: { ip: '192.0.2.2' }, remote: { ip: '192.0.2.11', port: 4500 } },
  });
  writeFileSync(ends.right.file, JSON.stringify({ ...ends.right.setup, remote: '192.0.2.11' }));
  process.kill(ends.right.service.pid, 'SIGHUP');
  expect(await ping(hosts.left, '10.2.0.1', 5)).toMatchObject(everyPing);
});

test('an inner source outside the selectors does not come out (pitfall 71)', async () => {
  const ends = await tunnel(overV4);
  hosts.left.address('lo', '10.9.9.9/32');
  const argv = [
    'ping',
    '-n',
    '-q',
    '-c',
    '2',
    '-i',
    '0.2',
    '-W',
    '1',
    '-I',
    '10.9.9.9',
    '10.2.0.1',
  ];
  expect((await hosts.left.attempt(argv)).stdout).toMatch(/ 0 received/);
  expect(Number((await counted(ends.left)).counters['no-sa'])).toBeGreaterThanOrEqual(2);
  hosts.left.ip('addr', 'del', '10.9.9.9/32', 'dev', 'lo');
});

test('congestion marks travel outside and come in again (RFC 6040, pitfall 71)', async () => {
  await tunnel(overV4);
  // The network marks every ECN-capable packet: the inner one must come out with CE.
  const ce = 'iifname "esp0" ip ecn ce counter';
  const ect = 'iifname "esp0" ip ecn ect0 counter';
  hosts.right.nft(chain('inet seen', 'input', ce, ect));
  hosts.left.nft(chain('inet congestion', 'output', 'oifname "wan" ip ecn ect0 ip ecn set ce'));
  const argv = ['ping', '-n', '-q', '-c', '3', '-i', '0.2', '-Q', '0x02', '10.2.0.1'];
  expect(await hosts.left.run(argv)).toMatch(/ 0% packet loss/);
  const rules = hosts.right.runNow('nft', 'list', 'table', 'inet', 'seen');
  expect(rules).toMatch(/ecn ce counter packets 3 /);
  expect(rules).toMatch(/ecn ect0 counter packets 0 /);
  hosts.left.runNow('nft', 'delete', 'table', 'inet', 'congestion');
  hosts.right.runNow('nft', 'delete', 'table', 'inet', 'seen');
});

test('says that its device was taken away', async () => {
  const ends = await tunnel(overV4);
  hosts.left.ip('link', 'del', 'esp0');
  const failed = await until('the end says so', () =>
    lines(ends.left).find(({ failed }) => failed),
  );
  expect(failed.failed).toMatch(/TUN device/);
});

test('refuses a device name that is taken, and leaves nothing behind', async () => {
  hosts.left.ip('tuntap', 'add', 'esp0', 'mode', 'tun');
  const outer = { local: overV4.left, remote: overV4.right };
  const setup = { ...usual, ...outer };
  const end = start(hosts.left, { ...setup, ...sides.left });
  await until('it gives up', () => !end.service.isRunning);
  expect(lines(end)).toMatchObject([
    { refused: 'device-exists', why: expect.stringMatching(/esp0/) },
  ]);
  hosts.left.ip('link', 'del', 'esp0');
  expect(hosts.left.ip('-o', 'link', 'show', 'type', 'tun')).toBe('');
  expect(runNow(hosts.left.inside(['ss', '-Hlun']))).toBe('');
});
