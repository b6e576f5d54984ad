import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatPrefix, type IpRange, ip, parsePrefix, prefixRange } from '../../../src/base/ip.ts';
import {
  arePooled,
  isJust,
  type Needs,
  needsOf,
  newest,
  prefixesOf,
  type Route,
  swallowed,
  type Tunnel,
} from '../../../src/daemon/route-plan.ts';
import type { Path } from '../../../src/ike/core.ts';
import type { PoolSettings } from '../../../src/policy/pool.ts';

const prefix = (text: string) => {
  const parsed = parsePrefix(text);
  if (!parsed) throw new Error(text);
  return parsed;
};
const range = (text: string): IpRange => prefixRange(prefix(text));
const pool: PoolSettings = {
  name: 'guests',
  ranges: [prefix('10.3.0.0/24'), prefix('fd00:3::/64')],
  dns: [],
  domains: [],
  sticky: true,
};
const pathTo = (remote: string): Path => ({
  local: { ip: ip('192.0.2.1'), port: 4500 },
  remote: { ip: ip(remote), port: 4500 },
});
const tunnel = (changes: Partial<Tunnel>): Tunnel => ({
  path: pathTo('203.0.113.2'),
  addresses: [],
  local: [],
  remote: [],
  ...changes,
});
const route = (text: string, source?: string): Route => ({
  kind: 'route',
  prefix: prefix(text),
  source: source === undefined ? undefined : ip(source),
});
const words = ({ addresses, routes }: Needs): string[] => [
  ...addresses.map((each) => `have ${formatPrefix(each.prefix)}`),
  ...routes.map(({ prefix: to, source }) => `to ${formatPrefix(to)} from ${source ?? 'any'}`),
];

describe('the prefixes of a range', () => {
  test.each([
    ['192.168.1.0', '192.168.1.255', ['192.168.1.0/24']],
    ['192.168.1.7', '192.168.1.7', ['192.168.1.7/32']],
    ['10.0.0.1', '10.0.0.6', ['10.0.0.1/32', '10.0.0.2/31', '10.0.0.4/31', '10.0.0.6/32']],
    ['0.0.0.0', '255.255.255.255', ['0.0.0.0/1', '128.0.0.0/1']],
    ['::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', ['::/1', '8000::/1']],
    ['2001:db8::', '2001:db8::ffff', ['2001:db8::/112']],
  ])('from %s to %s', (start, end, expected) => {
    expect(prefixesOf({ start: ip(start), end: ip(end) }).map(formatPrefix)).toEqual(expected);
  });

  test('are none where a range begins in one family and ends in the other', () => {
    expect(prefixesOf({ start: ip('10.0.0.0'), end: ip('::1') })).toEqual([]);
    expect(prefixesOf({ start: ip('::1'), end: ip('10.0.0.0') })).toEqual([]);
  });

  test('leave nothing out, name nothing twice and add nothing', () => {
    const byte = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(fc.tuple(byte, byte), fc.tuple(byte, byte), (a, b) => {
        const [low, high] = [a, b].sort((x, y) => x[0] * 256 + x[1] - (y[0] * 256 + y[1]));
        const start = ip(`10.0.${low?.join('.')}`);
        const end = ip(`10.0.${high?.join('.')}`);
        const pieces = prefixesOf({ start, end }).map(prefixRange);
        expect(pieces[0]?.start).toBe(start);
        expect(pieces.at(-1)?.end).toBe(end);
        for (const [i, piece] of pieces.slice(1).entries()) {
          expect(after(pieces[i]?.end ?? '')).toBe(piece.start);
        }
      }),
    );
  });
});

/** The next address, within 10.0.0.0/16. */
function after(address: string): string {
  const [, , c = 0, d = 0] = address.split('.').map(Number);
  const next = c * 256 + d + 1;
  return `10.0.${next >> 8}.${next & 255}`;
}

describe('a tunnel needs', () => {
  test('nothing where its peer has an address of a pool', () => {
    const remote = [range('10.3.0.2/32'), range('fd00:3::2/128')];
    expect(arePooled(remote, [pool])).toBe(true);
    expect(words(needsOf(tunnel({ remote }), [pool], []))).toEqual([]);
  });

  test('a route to an address that no pool has any more', () => {
    const remote = [range('10.9.0.2/32'), range('fd00:3::2/128')];
    expect(arePooled(remote, [pool])).toBe(false);
    expect(words(needsOf(tunnel({ remote }), [pool], []))).toEqual(['to 10.9.0.2/32 from any']);
  });

  test('the addresses that its peer gave us, and routes that begin there', () => {
    const needs = needsOf(
      tunnel({
        addresses: [ip('10.10.10.1'), ip('2001:db8:10::1')],
        local: [range('10.10.10.1/32'), range('2001:db8:10::1/128')],
        remote: [range('192.168.1.0/24'), range('::/0')],
      }),
      [],
      [ip('192.168.7.10')],
    );
    expect(words(needs)).toEqual([
      'have 10.10.10.1/32',
      'have 2001:db8:10::1/128',
      'to 192.168.1.0/24 from 10.10.10.1',
      'to ::/1 from 2001:db8:10::1',
      'to 8000::/1 from 2001:db8:10::1',
    ]);
  });

  test("the router's own address in the network that may use it, else none", () => {
    const own = [ip('203.0.113.9'), ip('192.168.7.1'), ip('fd00::1')];
    const local = [range('192.168.7.0/24')];
    const remote = [range('192.168.1.0/24'), range('fd00:1::/64')];
    expect(words(needsOf(tunnel({ local, remote }), [], own))).toEqual([
      'to 192.168.1.0/24 from 192.168.7.1',
      'to fd00:1::/64 from any',
    ]);
  });
});

describe('routes', () => {
  test('of several tunnels to one network are one: that of the newest', () => {
    const routes = [route('10.0.0.0/8', '10.1.0.1'), route('10.0.0.0/8', '10.1.0.2')];
    expect(newest(routes)).toEqual([route('10.0.0.0/8', '10.1.0.2')]);
  });

  test('swallow the peers that lie in them, each told once', () => {
    const paths = [pathTo('203.0.113.2'), pathTo('203.0.113.2'), pathTo('198.51.100.7')];
    const remotes = (routes: Route[]) => swallowed(paths, routes).map((each) => each.remote.ip);
    expect(remotes([route('0.0.0.0/1')])).toEqual([]);
    expect(remotes([route('203.0.113.0/24'), route('128.0.0.0/1')])).toEqual([
      '203.0.113.2',
      '198.51.100.7',
    ]);
    expect(remotes([route('::/1'), route('8000::/1')])).toEqual([]);
    expect(remotes([])).toEqual([]);
  });

  test('to a peer and nothing else cannot be told from the way to it', () => {
    expect(isJust(route('203.0.113.2/32'), ip('203.0.113.2'))).toBe(true);
    expect(isJust(route('203.0.113.2/31'), ip('203.0.113.2'))).toBe(false);
    expect(isJust(route('2001:db8::2/128'), ip('2001:db8::2'))).toBe(true);
  });
});
