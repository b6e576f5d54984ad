// The router's tables as a script of `ip` commands: what is run, in which order, and what is left alone.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Ip, ip, type Prefix, parsePrefix, prefixRange } from '../../../src/base/ip.ts';
import { KernelTables } from '../../../src/daemon/kernel-tables.ts';
import { Routing } from '../../../src/daemon/routing.ts';
import { Trouble } from '../../../src/daemon/trouble.ts';
import type { ChildSpec, Path } from '../../../src/ike/core.ts';
import type { PoolSettings } from '../../../src/policy/pool.ts';
import { everything } from '../../../src/policy/selectors.ts';
import { child, childSpec, complainTo, logTo } from './fakes.ts';

let folder: string;
let bypassFile: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ikev2-routing-'));
  bypassFile = join(folder, 'bypasses');
});
afterEach(() => rmSync(folder, { recursive: true }));

const prefix = (text: string): Prefix => {
  const parsed = parsePrefix(text);
  if (!parsed) throw new Error(text);
  return parsed;
};
const selector = (text: string) => everything(prefixRange(prefix(text)));
const pool = (...ranges: string[]): PoolSettings => ({
  name: 'guests',
  ranges: ranges.map(prefix),
  dns: [],
  domains: [],
  sticky: true,
});
const peer = '203.0.113.2';
const path = (remote = peer): Path => ({
  local: { ip: ip('192.168.7.10'), port: 4500 },
  remote: { ip: ip(remote), port: 4500 },
});

interface Child {
  readonly ref: number;
  readonly local?: string;
  readonly remote: readonly string[];
  readonly to?: string;
}
const spec = ({ ref, local = '10.10.10.1/32', remote, to }: Child): ChildSpec => ({
  ...childSpec(ref),
  path: path(to),
  selectors: { local: [selector(local)], remote: remote.map(selector) },
});

interface HostFacts {
  /** What `ip route get` answers for an address. */
  readonly ways?: Readonly<Record<string, string>>;
  readonly table?: string;
  /** Its `ip` is BusyBox's. */
  readonly isBusyBox?: boolean;
  /** Commands that contain the text fail, with the message. */
  readonly refuses?: Readonly<Record<string, string>>;
  /** Asked each time something is refused: whether it is not any more. */
  readonly relents?: () => boolean;
  /** Addresses that the peer gives. */
  readonly given?: readonly Ip[];
}

function setUp(host: HostFacts = {}) {
  const ran: string[] = [];
  const lines: string[] = [];
  const refusalOf = (words: string): string | undefined => {
    const refused = Object.entries(host.refuses ?? {}).find(([text]) => words.includes(text));
    return refused && (host.relents?.() ?? false) === false ? refused[1] : undefined;
  };
  const runMany = (text: string): string => {
    ran.push('-batch');
    if (host.isBusyBox)
      throw new Error('ip: unrecognized option: batch BusyBox v1.36 multi-call binary');
    for (const [i, words] of text.trim().split('\n').entries()) {
      ran.push(`  ${words}`);
      const why = refusalOf(words);
      if (why !== undefined) throw new Error(`${why} Command failed -:${i + 1}`);
    }
    return '';
  };
  const run = async (_: string, args: readonly string[], input = ''): Promise<string> => {
    const words = args.join(' ');
    if (words === '-batch -') return runMany(input);
    if (words.includes('route show')) return args[0] === '-4' ? (host.table ?? '') : '';
    if (words.includes('route get')) return wayTo(args[3] ?? '', host);
    ran.push(words);
    const why = refusalOf(words);
    if (why !== undefined) throw new Error(why);
    return '';
  };
  let pauses = 0;
  const pause = async (): Promise<void> => void pauses++;
  const tools = { run, read: () => '1', addresses: () => [ip('192.168.7.10')], pause };
  const routing = new Routing({
    device: 'ipsec0',
    tools,
    tables: new KernelTables('ipsec0', tools, bypassFile, logTo([])),
    complain: complainTo(lines),
    source: async () => undefined,
    addressesOf: () => host.given ?? [],
  });
  /** What was run since the last look. */
  const commands = async (): Promise<string[]> => {
    await routing.settled();
    return ran.splice(0);
  };
  return { routing, commands, lines, pauses: () => pauses };
}

function wayTo(destination: string, { ways = {} }: HostFacts): string {
  const answer = ways[destination];
  if (answer === undefined) throw new Error('RTNETLINK answers: Network is unreachable');
  return answer;
}

const viaHotel = { [peer]: `${peer} from 192.168.7.10 via 192.168.7.1 dev wlan0 uid 0\n    cache` };
const roadWarrior: HostFacts = { given: [ip('10.10.10.1')], ways: viaHotel };
const everywhere: Child = { ref: 5, remote: ['0.0.0.0/0'] };

describe('many routes', () => {
  const all = Array.from({ length: 20 }, (_, i) => i + 1);
  const site: Child = { ref: 5, remote: all.map((i) => `10.20.${i}.0/24`) };
  const route = (i: number, action = 'add') => `route ${action} 10.20.${i}.0/24 dev ipsec0`;

  test('come and go with one process', async () => {
    const { routing, commands, lines } = setUp();
    routing.install(spec(site));
    expect(await commands()).toEqual(['-batch', ...all.map((i) => `  ${route(i)}`)]);
    routing.remove(5 as never);
    expect(await commands()).toEqual(['-batch', ...all.map((i) => `  ${route(i, 'del')}`)]);
    expect(lines).toEqual([]);
  });

  test('come all but the one that is refused, of which the owner reads', async () => {
    const refuses = { '10.20.2.0/24': 'RTNETLINK answers: No such device' };
    const { routing, commands, lines } = setUp({ refuses });
    routing.install(spec(site));
    expect(await commands()).toEqual([
      '-batch',
      ...[1, 2].map((i) => `  ${route(i)}`),
      `-4 ${route(2)}`,
      '-batch',
      ...all.slice(2).map((i) => `  ${route(i)}`),
    ]);
    expect(lines.join()).toContain('lead 10.20.2.0/24 into the tunnel');
    expect(lines).toHaveLength(1);
  });

  test('come one by one where ip is that of BusyBox, which is asked once', async () => {
    const { routing, commands, lines } = setUp({ isBusyBox: true });
    routing.install(spec(site));
    expect(await commands()).toEqual(['-batch', ...all.map((i) => `-4 ${route(i)}`)]);
    routing.remove(5 as never);
    expect(await commands()).toEqual(all.map((i) => `-4 ${route(i, 'del')}`));
    expect(lines).toEqual([]);
  });
});

// On a busy machine the kernel had not yet come round to the IPv6 address of a moment ago, the route that names it as its
// source was refused, and nothing of IPv6 went through the tunnel until it was dialled again.
describe('a route whose IPv6 source is not ready yet', () => {
  const given = [ip('2001:db8:10::1')];
  const tunnel = { ref: 5, local: '2001:db8:10::1/128', remote: ['2001:db8:1::/64'] };
  const refuses = { 'route add 2001:db8:1::/64': 'Error: Invalid source address' };

  test('is asked for again until it is', async () => {
    let asked = 0;
    const { routing, commands, lines, pauses } = setUp({
      ...{ given, refuses, relents: () => ++asked === 3 },
    });
    routing.install(spec(tunnel));
    const words = '-6 route add 2001:db8:1::/64 dev ipsec0 src 2001:db8:10::1';
    expect(await commands()).toEqual([
      '-6 address add 2001:db8:10::1/128 dev ipsec0',
      ...[words, words, words],
    ]);
    expect(pauses()).toBe(2);
    expect(lines).toEqual([]);
  });

  test('is given up after a second, and the owner reads of it', async () => {
    const { routing, commands, lines, pauses } = setUp({ given, refuses });
    routing.install(spec(tunnel));
    expect(await commands()).toHaveLength(21);
    expect(pauses()).toBe(19);
    expect(lines.join()).toContain('Invalid source address');
  });

  test('is given up at once when something else is wrong', async () => {
    const exists = { 'route add': 'RTNETLINK answers: File exists' };
    const { routing, commands, pauses } = setUp({ given, refuses: exists });
    routing.install(spec(tunnel));
    expect(await commands()).toHaveLength(2);
    expect(pauses()).toBe(0);
  });
});

// A router dialled a provider, and had a site beside it: when the provider hung up, its address was the last of IPv4, and
// the kernel dropped the site's route with it. The tunnel stood, and nothing went through it.
describe('the last IPv4 address of the device', () => {
  const provider = { ref: 5, remote: ['0.0.0.0/0'] };
  const site = { ref: 6, local: '192.168.1.0/24', remote: ['192.168.9.0/24'], to: '203.0.113.9' };
  const siteRoute = '-4 route add 192.168.9.0/24 dev ipsec0';
  const takeAway = async (pools: readonly PoolSettings[]): Promise<string[]> => {
    const given: Ip[] = [];
    const { routing, commands } = setUp({ ...roadWarrior, given });
    await routing.start(pools);
    routing.install(spec(site));
    await routing.settled();
    given.push(ip('10.20.0.1'));
    routing.install(spec(provider));
    expect(await commands()).toContain('-4 address add 10.20.0.1/32 dev ipsec0');
    routing.remove(child(5));
    return commands();
  };

  test('takes the routes of others with it, which are put in again', async () => {
    expect((await takeAway([])).slice(-2)).toEqual([
      '-4 address del 10.20.0.1/32 dev ipsec0',
      siteRoute,
    ]);
  });

  test('is not the last where the router has one in a pool', async () => {
    expect(await takeAway([pool('10.10.10.0/24')])).not.toContain(siteRoute);
  });
});

// A hundred clients that came at once kept the daemon busy for three seconds: it looked at the routes of all of them
// after each, address by address.
test('a hundred tunnels that come at once are looked at together', async () => {
  let looks = 0;
  const { routing, commands } = setUp({
    get table() {
      looks += 1;
      return '';
    },
  });
  for (let ref = 1; ref <= 100; ref++) {
    const network = `10.5.${ref}.0/24`;
    routing.install(spec({ ref, remote: [network], to: `198.51.100.${ref}` }));
  }
  const [first, ...routes] = await commands();
  expect(first).toBe('-batch');
  expect(routes).toHaveLength(100);
  expect(looks).toBe(1);
});

describe('the pools', () => {
  test("bring the router's own address, and with it the route", async () => {
    const { routing, commands } = setUp();
    await routing.start([pool('10.3.0.0/24', 'fd00:3::/64'), pool('10.4.0.9/24')]);
    expect(await commands()).toEqual([
      '-4 address add 10.3.0.1/24 dev ipsec0',
      '-6 address add fd00:3::1/64 dev ipsec0',
      '-4 address add 10.4.0.9/24 dev ipsec0',
    ]);
  });

  test('are brought once, though they change the network that is looked at', async () => {
    const { routing, commands } = setUp();
    const started = routing.start([pool('10.3.0.0/24', 'fd00:3::/64')]);
    const changed = routing.networkChanged();
    await Promise.all([started, changed]);
    expect(await commands()).toHaveLength(2);
  });

  test('stop the start when an address cannot be given, in the words of ip and with a cure', async () => {
    const { routing } = setUp({ refuses: { add: 'RTNETLINK answers: Permission denied' } });
    const started = routing.start([pool('fd00:3::/64')]);
    await expect(started).rejects.toThrow(
      'could not give ipsec0 the address fd00:3::1/64: RTNETLINK answers: Permission denied',
    );
    await expect(started).rejects.toBeInstanceOf(Trouble);
    await expect(started).rejects.toHaveProperty('cure', expect.stringContaining('disable_ipv6'));
  });

  test('name what to install where there is no ip', async () => {
    const tools = {
      run: () => Promise.reject(Object.assign(new Error('spawn ip'), { code: 'ENOENT' })),
      read: () => undefined,
      addresses: () => [],
      pause: async () => {},
    };
    const tables = new KernelTables('ipsec0', tools, bypassFile, logTo([]));
    const routing = new Routing({
      device: 'ipsec0',
      tools,
      tables,
      complain: () => {},
      source: async () => undefined,
      addressesOf: () => [],
    });
    const started = routing.start([pool('10.3.0.0/24')]);
    await expect(started).rejects.toHaveProperty('cure', expect.stringContaining('ip-full'));
  });

  test('change by the difference, and a client of an old range stays reachable', async () => {
    const { routing, commands } = setUp();
    await routing.start([pool('10.3.0.0/24', 'fd00:3::/64')]);
    routing.install(spec({ ref: 5, local: '0.0.0.0/0', remote: ['10.3.0.2/32'] }));
    await commands();
    routing.use([pool('10.4.0.0/24', 'fd00:3::/64')]);
    expect(await commands()).toEqual([
      '-4 address add 10.4.0.1/24 dev ipsec0',
      '-4 route add 10.3.0.2/32 dev ipsec0 src 192.168.7.10',
      '-4 address del 10.3.0.1/24 dev ipsec0',
    ]);
    routing.remove(child(5));
    expect(await commands()).toEqual(['-4 route del 10.3.0.2/32 dev ipsec0 src 192.168.7.10']);
  });
});

describe('a tunnel', () => {
  test('brings its address before the routes that begin there, and takes them along in reverse', async () => {
    const { routing, commands } = setUp(roadWarrior);
    routing.install(spec({ ref: 5, remote: ['192.168.1.0/24'] }));
    expect(await commands()).toEqual([
      '-4 address add 10.10.10.1/32 dev ipsec0',
      '-4 route add 192.168.1.0/24 dev ipsec0 src 10.10.10.1',
    ]);
    routing.remove(child(5));
    expect(await commands()).toEqual([
      '-4 route del 192.168.1.0/24 dev ipsec0 src 10.10.10.1',
      '-4 address del 10.10.10.1/32 dev ipsec0',
    ]);
  });

  test('that is rekeyed changes nothing', async () => {
    const { routing, commands } = setUp(roadWarrior);
    routing.install(spec(everywhere));
    await commands();
    routing.install(spec({ ...everywhere, ref: 6 }));
    expect(await commands()).toEqual([]);
    routing.remove(child(5));
    expect(await commands()).toEqual([]);
    routing.remove(child(6));
    expect(await commands()).toHaveLength(4);
  });

  test('of a client with an address of a pool runs nothing at all', async () => {
    const { routing, commands } = setUp();
    await routing.start([pool('10.3.0.0/24')]);
    await commands();
    routing.install(spec({ ref: 5, local: '0.0.0.0/0', remote: ['10.3.0.2/32'] }));
    routing.remove(child(5));
    expect(await commands()).toEqual([]);
  });

  test('that came and went before its turn is not even begun', async () => {
    const { routing, commands } = setUp(roadWarrior);
    routing.install(spec(everywhere));
    routing.remove(child(5));
    expect(await commands()).toEqual([]);
  });

  test('does not take over a network that is reached otherwise, and says so', async () => {
    const table = '192.168.1.0/24 dev br-lan proto kernel scope link src 192.168.1.1';
    const { routing, commands, lines } = setUp({ table });
    routing.install(spec({ ref: 5, remote: ['192.168.1.0/24', '192.168.2.0/24'] }));
    expect(await commands()).toEqual(['-4 route add 192.168.2.0/24 dev ipsec0']);
    expect(lines).toEqual([
      'could not lead 192.168.1.0/24 into the tunnel: br-lan leads there already; give one of the two networks other addresses',
    ]);
    routing.remove(child(5));
    expect(await commands()).toEqual(['-4 route del 192.168.2.0/24 dev ipsec0']);
  });

  test('that has no route tells it once, not with every change after', async () => {
    const { routing, commands, lines } = setUp({ refuses: { '192.168.1.0/24': 'no way' } });
    routing.install(spec({ ref: 5, remote: ['192.168.1.0/24'] }));
    routing.install(spec({ ref: 6, remote: ['192.168.2.0/24'] }));
    await commands();
    expect(lines).toEqual(['could not lead 192.168.1.0/24 into the tunnel: no way']);
    routing.remove(child(5));
    expect(await commands()).toEqual([]);
  });
});

describe('a trap', () => {
  const trap = (...remote: string[]) => ({
    peers: [ip(peer)],
    selectors: { local: [selector('192.168.7.0/24')], remote: remote.map(selector) },
  });

  test('leads its networks into the device, and the tunnel that comes and goes changes nothing', async () => {
    const { routing, commands } = setUp();
    routing.setTrap('site', trap('192.168.1.0/24'));
    const route = '192.168.1.0/24 dev ipsec0 src 192.168.7.10';
    expect(await commands()).toEqual([`-4 route add ${route}`]);
    routing.install(spec({ ref: 5, local: '192.168.7.0/24', remote: ['192.168.1.0/24'] }));
    routing.remove(child(5));
    expect(await commands()).toEqual([]);
    routing.removeTrap('site');
    expect(await commands()).toEqual([`-4 route del ${route}`]);
    routing.removeTrap('site');
    expect(await commands()).toEqual([]);
  });

  test('does not catch the peer that is to be dialled', async () => {
    const { routing, commands } = setUp({ ways: viaHotel });
    routing.setTrap('site', trap('203.0.113.0/24'));
    expect(await commands()).toEqual([
      `-4 route add ${peer} via 192.168.7.1 dev wlan0`,
      '-4 route add 203.0.113.0/24 dev ipsec0 src 192.168.7.10',
    ]);
    await routing.close();
    expect(await commands()).toHaveLength(2);
  });
});

describe("a tunnel's own packets", () => {
  test('keep their way when everything else goes through the tunnel', async () => {
    const { routing, commands } = setUp(roadWarrior);
    routing.install(spec(everywhere));
    expect(await commands()).toEqual([
      '-4 address add 10.10.10.1/32 dev ipsec0',
      `-4 route add ${peer} via 192.168.7.1 dev wlan0`,
      '-4 route add 0.0.0.0/1 dev ipsec0 src 10.10.10.1',
      '-4 route add 128.0.0.0/1 dev ipsec0 src 10.10.10.1',
    ]);
  });

  test('keep their way to a neighbour', async () => {
    const { routing, commands } = setUp({ ways: { [peer]: `${peer} dev eth0 src 203.0.113.9` } });
    routing.install(spec({ ref: 5, remote: ['203.0.113.0/24'] }));
    expect(await commands()).toEqual([
      `-4 route add ${peer} dev eth0`,
      '-4 route add 203.0.113.0/24 dev ipsec0',
    ]);
  });

  test('of other tunnels keep theirs too', async () => {
    const other = '198.51.100.9';
    const ways = { ...viaHotel, [other]: `${other} via 192.168.7.1 dev wlan0` };
    const { routing, commands } = setUp({ ways });
    routing.install(spec({ ref: 4, remote: ['192.168.9.0/24'], to: other }));
    await commands();
    routing.install(spec(everywhere));
    expect((await commands()).filter((words) => words.includes('wlan0'))).toEqual([
      `-4 route add ${other} via 192.168.7.1 dev wlan0`,
      `-4 route add ${peer} via 192.168.7.1 dev wlan0`,
    ]);
    routing.remove(child(4));
    expect(await commands()).toEqual([
      '-4 route del 192.168.9.0/24 dev ipsec0',
      `-4 route del ${other} via 192.168.7.1 dev wlan0`,
    ]);
  });

  test('may travel in another tunnel, if they do so already', async () => {
    const { routing, commands } = setUp({ ways: { [peer]: `${peer} dev ipsec0 src 10.10.10.1` } });
    routing.install(spec({ ref: 5, remote: ['203.0.113.0/24'] }));
    expect(await commands()).toEqual(['-4 route add 203.0.113.0/24 dev ipsec0']);
  });

  test('are never cut off: without a way around there is no route', async () => {
    const { routing, commands } = setUp();
    routing.install(spec({ ref: 5, remote: ['203.0.113.0/24', '192.168.1.0/24'] }));
    expect(await commands()).toEqual(['-4 route add 192.168.1.0/24 dev ipsec0']);
  });

  test('win where the peer itself is all that lies behind the tunnel', async () => {
    const { routing, commands } = setUp({ ways: viaHotel });
    routing.install(spec({ ref: 5, remote: [`${peer}/32`] }));
    expect((await commands()).filter((words) => words.includes('ipsec0'))).toEqual([]);
  });

  test("use somebody else's route, and leave it there", async () => {
    const { routing, commands, lines } = setUp({
      ...roadWarrior,
      refuses: { [`route add ${peer}`]: 'RTNETLINK answers: File exists' },
    });
    routing.install(spec(everywhere));
    expect(await commands()).toHaveLength(4);
    expect(lines).toEqual([]);
    routing.remove(child(5));
    expect((await commands()).filter((words) => words.includes(peer))).toEqual([]);
  });

  test('take the new way of a peer that moved', async () => {
    const moved = '203.0.113.77';
    const ways = { ...viaHotel, [moved]: `${moved} via 192.168.7.1 dev wlan0` };
    const { routing, commands } = setUp({ ways });
    routing.install(spec(everywhere));
    await commands();
    routing.move(child(5), path(moved));
    expect(await commands()).toEqual([
      `-4 route del ${peer} via 192.168.7.1 dev wlan0`,
      `-4 route add ${moved} via 192.168.7.1 dev wlan0`,
    ]);
  });
});

describe('what would outlive the device', () => {
  test('is written down while it is there', async () => {
    const { routing, commands } = setUp(roadWarrior);
    routing.install(spec(everywhere));
    await commands();
    expect(readFileSync(bypassFile, 'utf8')).toBe(`${peer} via 192.168.7.1 dev wlan0\n`);
    await routing.close();
    expect(await commands()).toContain(`-4 route del ${peer} via 192.168.7.1 dev wlan0`);
    expect(existsSync(bypassFile)).toBe(false);
  });

  test('is taken away by the next start, gone or not', async () => {
    const { routing, commands } = setUp(roadWarrior);
    routing.install(spec(everywhere));
    await commands();
    const next = setUp({ refuses: { 'route del': 'RTNETLINK answers: No such process' } });
    await next.routing.start([]);
    expect(await next.commands()).toEqual([`-4 route del ${peer} via 192.168.7.1 dev wlan0`]);
    expect(existsSync(bypassFile)).toBe(false);
  });

  test.each(['damaged', 'x;reboot dev wlan0', '203.0.113.2 via 192.168.7.1 dev', ''])(
    'is nothing where the file says %s',
    async (text) => {
      writeFileSync(bypassFile, text);
      const { routing, commands } = setUp();
      await routing.start([]);
      expect(await commands()).toEqual([]);
    },
  );
});
