// Two uplinks and a tunnel that everything goes through: which way its own packets take when the network changes.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ip, parsePrefix, prefixRange } from '../../../src/base/ip.ts';
import { KernelTables } from '../../../src/daemon/kernel-tables.ts';
import { Routing } from '../../../src/daemon/routing.ts';
import { wayOutside } from '../../../src/daemon/ways.ts';
import { everything } from '../../../src/policy/selectors.ts';
import { child, childSpec, logTo } from './fakes.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ikev2-ways-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const peer = ip('203.0.113.2');
const wifi = 'default via 192.168.7.1 dev wlan0 proto dhcp src 192.168.7.10 metric 100';
const mobile = 'default via 10.64.0.1 dev wwan0 metric 400';
const tunnel = ['0.0.0.0/1 dev ipsec0 scope link', '128.0.0.0/1 dev ipsec0 scope link'];
/** What our addresses are on the uplinks. */
const sources: Readonly<Record<string, string>> = { wlan0: '192.168.7.10', wwan0: '10.64.0.9' };

/** A kernel of nothing but a table; `ip` is its language. */
function kernel(...lines: string[]) {
  const state = { lines, ran: [] as string[] };
  const run = async (_: string, args: readonly string[]): Promise<string> => {
    const words = args.join(' ');
    if (words === '-4 route show') return state.lines.join('\n');
    if (words === '-6 route show') return '';
    const device = args[args.indexOf('oif') + 1] ?? '';
    if (words.includes(' oif '))
      return `${args[3]} via 1.1.1.1 dev ${device} src ${sources[device]} uid 0`;
    if (words.includes('route get')) return `${peer} from 192.168.7.10 via 192.168.7.1 dev wlan0`;
    state.ran.push(words);
    return '';
  };
  return { state, run };
}
const outside = ({ run }: ReturnType<typeof kernel>) =>
  wayOutside(run, { peer, tun: 'ipsec0', ours: undefined });
const over = (device: string, via: string) => ({
  source: ip(sources[device] ?? ''),
  bypass: { kind: 'bypass', peer, via: ip(via), device },
});

describe('the way outside of all tunnels', () => {
  test('is the default route that costs least', async () => {
    expect(await outside(kernel(...tunnel, mobile, wifi))).toEqual(over('wlan0', '192.168.7.1'));
  });

  test('is a narrower route before a cheaper one', async () => {
    const narrow = '203.0.113.0/24 via 10.64.0.5 dev wwan0 metric 900';
    expect(await outside(kernel(wifi, narrow))).toEqual(over('wwan0', '10.64.0.5'));
  });

  test('is none whose link is down', async () => {
    expect(await outside(kernel(`${wifi} linkdown`, mobile))).toEqual(over('wwan0', '10.64.0.1'));
  });

  test('is nowhere when the tunnel has the only route', async () => {
    expect(await outside(kernel(...tunnel, 'unreachable default'))).toBeUndefined();
  });

  test('is not the one that we made ourselves', async () => {
    const { run } = kernel(`${peer} via 192.168.7.1 dev wlan0`, mobile);
    const ours = { kind: 'bypass', peer, via: ip('192.168.7.1'), device: 'wlan0' } as const;
    expect(await wayOutside(run, { peer, tun: 'ipsec0', ours })).toEqual(
      over('wwan0', '10.64.0.1'),
    );
  });
});

describe('a tunnel for everything', () => {
  async function established() {
    const { state, run } = kernel(wifi);
    const tools = { run, read: () => '1', addresses: () => [], pause: async () => {} };
    const routing = new Routing({
      device: 'ipsec0',
      tools,
      tables: new KernelTables('ipsec0', tools, join(folder, 'bypasses'), logTo([])),
      complain: (what, why) => {
        throw new Error(`${what}: ${why}`);
      },
      source: async () => ip('10.10.10.1'), // the tunnel's: everything goes through it
      addressesOf: () => [ip('10.10.10.1')],
    });
    const range = (text: string) => {
      const prefix = parsePrefix(text);
      if (!prefix) throw new Error(text);
      return everything(prefixRange(prefix));
    };
    routing.install({
      ...childSpec(5),
      path: {
        local: { ip: ip('192.168.7.10'), port: 4500 },
        remote: { ip: peer, port: 4500 },
      },
      selectors: { local: [range('10.10.10.1/32')], remote: [range('0.0.0.0/0')] },
    });
    await routing.settled();
    const changes = async (...lines: string[]): Promise<string[]> => {
      state.lines = lines;
      state.ran = [];
      await routing.networkChanged();
      return state.ran;
    };
    return { routing, changes };
  }
  const bypass = (action: string, via: string) => `-4 route ${action} ${peer} via ${via}`;
  const toWifi = '192.168.7.1 dev wlan0';
  const toMobile = '10.64.0.1 dev wwan0';

  test('is led past itself over the other uplink once the first is gone', async () => {
    const { routing, changes } = await established();
    expect(await changes(...tunnel, mobile)).toEqual([
      bypass('del', toWifi),
      bypass('add', toMobile),
      bypass('add', toMobile),
    ]);
    expect(await routing.sourceTo(peer, ip('192.168.7.10'))).toBe('10.64.0.9');
  });

  test('keeps the way that it had while there is none, and has it again when it is back', async () => {
    const { routing, changes } = await established();
    const again = [bypass('add', toWifi)];
    expect(await changes(...tunnel)).toEqual(again);
    expect(await routing.sourceTo(peer, ip('192.168.7.10'))).toBeUndefined();
    expect(await changes(...tunnel, wifi)).toEqual(again);
    expect(await routing.sourceTo(peer, ip('192.168.7.10'))).toBe('192.168.7.10');
  });

  test('never takes an address of its own for the way to its peer', async () => {
    const { routing, changes } = await established();
    await changes(...tunnel, wifi);
    const other = ip('203.0.113.130');
    expect(await routing.sourceTo(other, ip('192.168.7.10'))).toBe('192.168.7.10');
    // A tunnel within the tunnel has one, and keeps it.
    expect(await routing.sourceTo(other, ip('10.10.10.1'))).toBe('10.10.10.1');
  });

  test('is not begun twice when the network changes meanwhile', async () => {
    // The TUN device itself is a change of the network, and is told while the start is under way.
    const { state, run } = kernel(wifi);
    const tools = { run, read: () => '1', addresses: () => [], pause: async () => {} };
    const routing = new Routing({
      device: 'ipsec0',
      tools,
      tables: new KernelTables('ipsec0', tools, join(folder, 'other'), logTo([])),
      complain: () => {},
      source: async () => undefined,
      addressesOf: () => [],
    });
    const guests = { ip: ip('10.3.0.0'), bits: 24 };
    const pool = { name: 'guests', ranges: [guests], dns: [], domains: [], sticky: true };
    await Promise.all([routing.start([pool]), routing.networkChanged()]);
    expect(state.ran).toEqual(['-4 address add 10.3.0.1/24 dev ipsec0']);
  });

  test('goes around to another address of the peer as well', async () => {
    const { routing, changes } = await established();
    await changes(...tunnel, wifi);
    const remote = { ip: ip('203.0.113.130'), port: 4500 };
    routing.move(child(5), { local: { ip: ip('192.168.7.10'), port: 4500 }, remote });
    await routing.settled();
    expect(await routing.sourceTo(remote.ip, ip('192.168.7.10'))).toBe('192.168.7.10');
  });
});
