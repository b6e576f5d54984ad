import { describe, expect, test } from 'vitest';
import { formatPrefix, type Prefix, parsePrefix } from '../../../src/base/ip.ts';
import { rangeFault, routerAddress } from '../../../src/policy/pool.ts';

function prefix(text: string): Prefix {
  const parsed = parsePrefix(text);
  if (!parsed) throw new Error(text);
  return parsed;
}

describe('the router has', () => {
  test.each([
    ['the first address of a range', '10.3.0.0/24', '10.3.0.1/24'],
    ['the first address of a range that begins within a byte', '10.3.0.64/26', '10.3.0.65/26'],
    ['the first address behind the routers’ anycast address', 'fd00::/64', 'fd00::1/64'],
    ['the address that stands before the slash', '10.3.0.254/24', '10.3.0.254/24'],
    ['the IPv6 address that stands before the slash', 'fd00::abcd/64', 'fd00::abcd/64'],
  ])('%s', (_, range, router) => {
    expect(formatPrefix(routerAddress(prefix(range)))).toBe(router);
  });
});

test.each([
  ['10.3.0.0/30', undefined],
  ['10.3.0.0/31', 'too-small'],
  ['10.3.0.7/32', 'too-small'],
  ['10.0.0.0/8', undefined],
  ['10.0.0.0/7', 'too-large'],
  ['10.3.0.255/24', 'router-is-broadcast'],
  ['fd00::/126', undefined],
  ['fd00::/127', 'too-small'],
  ['fd00::ffff/112', undefined],
  ['::/0', 'too-large'],
])('a pool in %s: %s', (range, fault) => {
  expect(rangeFault(prefix(range))).toBe(fault);
});
