import { describe, expect, test } from 'vitest';
import { fromHex, fromText } from '../../../src/base/bytes.ts';
import { md4 } from '../../../src/crypto/md4.ts';
import { ntHash } from '../../../src/crypto/nt-hash.ts';

describe('MD4', () => {
  // RFC 1320 A.5.
  test.each([
    ['', '31d6cfe0d16ae931b73c59d7e0c089c0'],
    ['a', 'bde52cb31de33e46245e05fbdbd6fb24'],
    ['abc', 'a448017aaf21d8525fc10ae87aa6729d'],
    ['message digest', 'd9130a8164549fe818874806e1c7014b'],
    ['abcdefghijklmnopqrstuvwxyz', 'd79e1c308aa5bbcdeea8ed63df412da9'],
    [
      'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789',
      '043f8582f241db351ce627e153e7f0e4',
    ],
    [
      '12345678901234567890123456789012345678901234567890123456789012345678901234567890',
      'e33b4ddc9c38f2199c3e7b164fcc0536',
    ],
  ])('of «%s» is as in RFC 1320', (text, digest) => {
    expect(md4(fromText(text))).toEqual(fromHex(digest));
  });
});

describe('the NT hash', () => {
  test('of the password in RFC 2759 §9.2', () => {
    expect(ntHash(fromText('clientPass'))).toEqual(fromHex('44ebba8d5312b8d611474411f56989ae'));
  });

  test('takes letters beyond ASCII, and beyond 16 bits', () => {
    // UTF-16LE by hand: ü is fc 00, 🔑 is the pair 3d d8 11 dd.
    expect(ntHash(fromText('ü🔑'))).toEqual(md4(fromHex('fc00 3dd8 11dd')));
  });
});
