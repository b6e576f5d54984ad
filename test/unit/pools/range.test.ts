import { describe, expect, test } from 'vitest';
import { ip } from '../../../src/base/ip.ts';
import { Range } from '../../../src/pools/range.ts';
import { prefix } from './settings.ts';

function all(range: Range): string[] {
  const given: string[] = [];
  for (let next = range.next(); next; next = range.next()) given.push(next);
  return given;
}

describe('a range gives', () => {
  test('all but network, router and broadcast of an IPv4 prefix', () => {
    expect(all(new Range(prefix('10.3.0.0/29')))).toEqual(
      [2, 3, 4, 5, 6].map((n) => `10.3.0.${n}`),
    );
  });

  test('all but network, chosen router and broadcast', () => {
    expect(all(new Range(prefix('10.3.0.4/29')))).toEqual(
      [1, 2, 3, 5, 6].map((n) => `10.3.0.${n}`),
    );
  });

  test('all but anycast and router of an IPv6 prefix, which has no broadcast', () => {
    expect(all(new Range(prefix('fd00::8/125')))).toEqual(
      ['a', 'b', 'c', 'd', 'e', 'f'].map((digit) => `fd00::${digit}`),
    );
  });

  test('exactly one address of the smallest range', () => {
    expect(all(new Range(prefix('10.3.0.0/30')))).toEqual(['10.3.0.2']);
  });

  test('addresses over the borders of bytes', () => {
    const given = all(new Range(prefix('10.3.254.0/23')));
    expect(given.slice(253, 256)).toEqual(['10.3.254.255', '10.3.255.0', '10.3.255.1']);
    expect(given).toHaveLength(509);
  });
});

test.each([
  ['10.3.0.0/24', 253],
  ['10.3.0.0/30', 1],
  ['10.0.0.0/8', 2 ** 24 - 3],
  ['fd00::/126', 2],
  ['fd00::/64', 2 ** 32 - 2],
  ['fd00::1:0:0:0/64', 2 ** 32 - 1],
])('%s has room for %i clients', (text, capacity) => {
  expect(new Range(prefix(text)).capacity).toBe(capacity);
});

test('capacity is how many addresses there are', () => {
  for (const text of ['10.3.0.0/24', '10.3.0.9/24', 'fd00::/120', 'fd00::9/120', '10.3.0.0/28']) {
    const range = new Range(prefix(text));
    expect(all(range)).toHaveLength(range.capacity);
  }
});

describe('10.3.0.0/24', () => {
  const range = new Range(prefix('10.3.0.0/24'));
  test.each(['10.3.0.2', '10.3.0.254'])('includes %s', (text) => {
    expect(range.includes(ip(text))).toBe(true);
  });
  test.each([
    '10.3.0.0',
    '10.3.0.1',
    '10.3.0.255',
    '10.3.1.2',
    '10.2.255.254',
    '9.3.0.2',
    'fd00::2',
  ])('does not include %s', (text) => {
    expect(range.includes(ip(text))).toBe(false);
  });
});

test('a /64 includes what it gives, and nothing of another /64', () => {
  const range = new Range(prefix('fd00:0:0:1::/64'));
  expect(range.includes(ip('fd00:0:0:1::ffff:ffff'))).toBe(true);
  expect(range.includes(ip('fd00:0:0:1:1::2'))).toBe(false);
  expect(range.includes(ip('fd00:0:0:2::2'))).toBe(false);
  expect(range.includes(ip('fd00::2'))).toBe(false);
});
