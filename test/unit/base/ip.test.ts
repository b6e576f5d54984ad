import { isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../../../src/base/bytes.ts';
import {
  compareIp,
  formatPrefix,
  formatRange,
  formatSocket,
  type Ip,
  type IpRange,
  inRange,
  intersect,
  ip,
  ipBytes,
  ipFromBytes,
  isIpv4,
  parseIp,
  parsePrefix,
  prefixRange,
  sameFamily,
  sameSocket,
} from '../../../src/base/ip.ts';

const v4Bytes = fc.uint8Array({ minLength: 4, maxLength: 4 });
const v6Bytes = fc.uint8Array({ minLength: 16, maxLength: 16 });
const sparse = v6Bytes.map((bytes) => bytes.map((byte) => (byte < 160 ? 0 : byte)));
const anyBytes = fc.oneof(v4Bytes, v6Bytes, sparse);
const range = (text: string): IpRange => {
  const [start = '', end = ''] = text.split('-');
  return { start: ip(start), end: ip(end) };
};

describe('an address', () => {
  test.each([
    ['0.0.0.0', '00000000'],
    ['255.255.255.255', 'ffffffff'],
    ['::', '0'.repeat(32)],
    ['::1', `${'0'.repeat(31)}1`],
    ['2001:db8::', '20010db8000000000000000000000000'],
    ['2001:db8::8:800:200c:417a', '20010db80000000000080800200c417a'],
    ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
  ])('%s is bytes and text', (text, hex) => {
    expect(toHex(ipBytes(ip(text)))).toBe(hex);
    expect(ipFromBytes(fromHex(hex))).toBe(text);
  });

  test.each([
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['2001:0db8::0001', '2001:db8::1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'], // one zero group is not shortened
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'], // the longest run is
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'], // of equals the first
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::ffff:c000:201', '192.0.2.1'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
  ])('%s has one canonical text, %s (RFC 5952 §4)', (text, canonical) => {
    expect(parseIp(text)).toBe(canonical);
  });

  test.each([
    ...['', '1.2.3', '1.2.3.4.5', '256.1.1.1', '1.2.3.-4', '1.2.3.4 ', '0x1.2.3.4', '1..2.3'],
    ...['010.0.0.1', '1.2.3.00'], // octal to half the world
    ...[':', ':::', '1::2::3', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '::1:2:3:4:5:6:7:8'],
    ...['12345::', 'g::', 'fe80::1%eth0', '[::1]', ':1:2:3:4:5:6:7', '1:2:3:4:5:6:7:'],
    ...['1.2.3.4::1', '::1.2.3.4:5', '::1.2.3', '1:2:3:4:5:6:7:1.2.3.4'],
  ])('is not «%s»', (text) => {
    expect(parseIp(text)).toBeUndefined();
    expect(() => ip(text)).toThrow('not an IP address');
  });

  test('round trips through text and bytes', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const text = ipFromBytes(bytes);
        expect(parseIp(text)).toBe(text);
        expect(ipFromBytes(ipBytes(text))).toBe(text);
        expect(isIP(text)).toBe(isIpv4(text) ? 4 : 6);
      }),
    );
  });

  test('is read as the platform reads it', () => {
    const part = fc.constantFrom('0', '1', '01', 'ffff', '255', '1.2.3.4', '', ':', '.', '::', '%');
    const joined = fc
      .array(part, { maxLength: 9 })
      .chain((parts) => fc.constantFrom(parts.join(':'), parts.join('.'), parts.join('')));
    fc.assert(
      fc.property(joined, (text) => {
        fc.pre(!text.includes('%')); // zones are not for us
        expect(parseIp(text) !== undefined).toBe(isIP(text) !== 0);
      }),
      { numRuns: 3000 },
    );
  });

  test('has 4 or 16 bytes', () => {
    expect(() => ipFromBytes(new Uint8Array(5))).toThrow('4 or 16 bytes');
  });
});

test('addresses are ordered as numbers, IPv4 before IPv6', () => {
  const ordered = [
    '0.0.0.0',
    '9.0.0.0',
    '10.0.0.0',
    '200.0.0.0',
    '::',
    '9::',
    '10::',
    'fd00::',
  ].map(ip);
  const shuffled = [...ordered].reverse().sort(compareIp);
  expect(shuffled).toEqual(ordered);
  expect(compareIp(ip('::1'), ip('::1'))).toBe(0);
});

describe('a range', () => {
  test('contains its ends and what is between, in its own family', () => {
    const lan = range('10.0.0.5-10.0.1.5');
    for (const inside of ['10.0.0.5', '10.0.0.255', '10.0.1.5']) {
      expect(inRange(ip(inside), lan)).toBe(true);
    }
    for (const outside of ['10.0.0.4', '10.0.1.6', '::a00:5']) {
      expect(inRange(ip(outside), lan)).toBe(false);
    }
  });

  test.each([
    ['10.0.0.0-10.0.0.255', '10.0.0.128-10.0.1.0', '10.0.0.128-10.0.0.255'],
    ['10.0.0.0-10.0.0.255', '10.0.0.255-10.0.1.0', '10.0.0.255-10.0.0.255'],
    ['0.0.0.0-255.255.255.255', '10.1.0.0-10.1.0.9', '10.1.0.0-10.1.0.9'],
    ['fd00::-fd00::ffff', 'fd00::1-fd01::', 'fd00::1-fd00::ffff'],
  ])('%s and %s share %s', (a, b, both) => {
    expect(intersect(range(a), range(b))).toEqual(range(both));
    expect(intersect(range(b), range(a))).toEqual(range(both));
  });

  test('shares nothing with what lies elsewhere', () => {
    expect(intersect(range('10.0.0.0-10.0.0.9'), range('10.0.0.10-10.0.0.19'))).toBeUndefined();
    expect(intersect(range('0.0.0.0-255.255.255.255'), range('::-ffff::'))).toBeUndefined();
  });

  test('of IPv6 that begins or ends in IPv4 holds no IPv4 address', () => {
    const begins = {
      start: ipFromBytes(fromHex(`${'0'.repeat(20)}ffff00000000`)),
      end: ip('ffff::'),
    };
    const ends = { start: ip('::'), end: ipFromBytes(fromHex(`${'0'.repeat(20)}ffffffffffff`)) };
    for (const mixed of [begins, ends]) {
      expect(inRange(ip('10.0.0.1'), mixed)).toBe(false);
      expect(intersect(mixed, range('0.0.0.0-255.255.255.255'))).toBeUndefined();
      expect(intersect(range('0.0.0.0-255.255.255.255'), mixed)).toBeUndefined();
    }
  });

  test('intersects to exactly the addresses that are in both', () => {
    const low = fc.nat(40).map((n) => ip(`10.0.0.${n}`));
    const anyRange = fc.tuple(low, low).map(([a, b]): IpRange => {
      return compareIp(a, b) <= 0 ? { start: a, end: b } : { start: b, end: a };
    });
    fc.assert(
      fc.property(anyRange, anyRange, low, (a, b, address) => {
        const both = intersect(a, b);
        const isInBoth = inRange(address, a) && inRange(address, b);
        expect(both !== undefined && inRange(address, both)).toBe(isInBoth);
      }),
    );
  });
});

describe('a prefix', () => {
  test.each([
    ['10.3.0.0/24', '10.3.0.0-10.3.0.255'],
    ['10.3.0.77/24', '10.3.0.0-10.3.0.255'],
    ['10.3.0.77/31', '10.3.0.76-10.3.0.77'],
    ['10.3.0.77', '10.3.0.77-10.3.0.77'],
    ['0.0.0.0/0', '0.0.0.0-255.255.255.255'],
    ['fd00:1::/33', 'fd00:1::-fd00:1:7fff:ffff:ffff:ffff:ffff:ffff'],
    ['::/0', '::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['fd00::1/128', 'fd00::1-fd00::1'],
  ])('%s is %s', (text, expected) => {
    const prefix = parsePrefix(text);
    expect(prefix && prefixRange(prefix)).toEqual(range(expected));
  });

  test('keeps its host bits and its text', () => {
    const prefix = parsePrefix('10.3.0.77/24');
    expect(prefix).toEqual({ ip: '10.3.0.77', bits: 24 });
    expect(prefix && formatPrefix(prefix)).toBe('10.3.0.77/24');
  });

  test.each([
    '',
    '10.0.0.0/',
    '10.0.0.0/33',
    '::/129',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    'x/8',
    '10.0.0.0/8a',
  ])('is not «%s»', (text) => {
    expect(parsePrefix(text)).toBeUndefined();
  });

  test('is how its range is written, and only its', () => {
    const anyPrefix = fc
      .tuple(anyBytes, fc.nat(128))
      .map(([bytes, bits]) => ({ ip: ipFromBytes(bytes), bits }))
      .map(({ ip, bits }) => ({ ip, bits: Math.min(bits, isIpv4(ip) ? 32 : 128) }));
    fc.assert(
      fc.property(anyPrefix, (prefix) => {
        const written = parsePrefix(formatRange(prefixRange(prefix)));
        expect(written && prefixRange(written)).toEqual(prefixRange(prefix));
        expect(written?.bits).toBe(prefix.bits);
      }),
    );
    expect(formatRange(range('10.0.0.1-10.0.0.2'))).toBe('10.0.0.1-10.0.0.2');
    expect(formatRange(range('10.0.0.0-10.0.0.2'))).toBe('10.0.0.0-10.0.0.2');
  });
});

describe('a socket address', () => {
  const at = (text: string, port: number): { ip: Ip; port: number } => ({ ip: ip(text), port });

  test('is written with brackets where colons would mislead', () => {
    expect(formatSocket(at('192.0.2.1', 4500))).toBe('192.0.2.1:4500');
    expect(formatSocket(at('2001:db8::1', 500))).toBe('[2001:db8::1]:500');
  });

  test('is the same by address and port', () => {
    expect(sameSocket(at('192.0.2.1', 500), at('192.0.2.1', 500))).toBe(true);
    expect(sameSocket(at('192.0.2.1', 500), at('192.0.2.1', 4500))).toBe(false);
    expect(sameSocket(at('192.0.2.1', 500), at('192.0.2.2', 500))).toBe(false);
    expect(sameFamily(ip('192.0.2.1'), ip('::'))).toBe(false);
  });
});
