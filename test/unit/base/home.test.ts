import { expect, test } from 'vitest';
import { addressOfSocket, isHomeAddress } from '../../../src/base/home.ts';
import { ip } from '../../../src/base/ip.ts';

test.each([
  ...['127.0.0.1', '127.255.255.254', '10.0.0.1', '172.16.0.1', '172.31.255.1', '192.168.1.1'],
  ...['169.254.1.1', '::1', 'fd00::1', 'fe80::1'],
])('%s is of home', (text) => {
  expect(isHomeAddress(ip(text))).toBe(true);
});

test.each([
  ...['0.0.0.0', '8.8.8.8', '100.64.0.1', '172.32.0.1', '192.169.0.1', '203.0.113.1'],
  ...['::', '2001:db8::1', '2a00::1'],
])('%s is not', (text) => {
  expect(isHomeAddress(ip(text))).toBe(false);
});

test('an address of a socket may be wrapped, and may name its link', () => {
  expect(addressOfSocket('::ffff:192.168.1.7')).toBe('192.168.1.7');
  expect(addressOfSocket('fe80::1%br-lan')).toBe('fe80::1');
  expect(addressOfSocket('')).toBe(undefined);
});
