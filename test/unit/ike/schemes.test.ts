import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concat, fromHex, toHex } from '../../../src/base/bytes.ts';
import { AuthMethod, SignatureHash } from '../../../src/iana/authentication.ts';
import {
  chooseScheme,
  decodeDigitalSignature,
  encodeDigitalSignature,
  fitsKey,
  methodOfScheme,
  ourHashes,
  schemeOfAlgorithm,
  schemeOfMethod,
  schemes,
} from '../../../src/ike/auth/schemes.ts';
import type { KeyType, Scheme } from '../../../src/ike/core.ts';

/** RFC 7427 Appendix A and RFC 8420 Appendix A; the PSS lines also as strongSwan and OpenSSL write them. */
const algorithmBytes: readonly (readonly [Scheme, string])[] = [
  ['rsa-sha256', '300d 0609 2a86 4886 f70d 0101 0b05 00'],
  ['rsa-sha384', '300d 0609 2a86 4886 f70d 0101 0c05 00'],
  ['rsa-sha512', '300d 0609 2a86 4886 f70d 0101 0d05 00'],
  ['ecdsa-sha256', '300a 0608 2a86 48ce 3d04 0302'],
  ['ecdsa-sha384', '300a 0608 2a86 48ce 3d04 0303'],
  ['ecdsa-sha512', '300a 0608 2a86 48ce 3d04 0304'],
  ['ed25519', '3005 0603 2b65 70'],
  [
    'rsa-pss-sha256',
    '3041 0609 2a86 4886 f70d 0101 0a30 34a0 0f30 0d06 0960 8648 0165 0304 0201 0500 a11c 301a 0609 2a86 4886 f70d 0101 0830 0d06 0960 8648 0165 0304 0201 0500 a203 0201 20',
  ],
  [
    'rsa-pss-sha384',
    '3041 0609 2a86 4886 f70d 0101 0a30 34a0 0f30 0d06 0960 8648 0165 0304 0202 0500 a11c 301a 0609 2a86 4886 f70d 0101 0830 0d06 0960 8648 0165 0304 0202 0500 a203 0201 30',
  ],
  [
    'rsa-pss-sha512',
    '3041 0609 2a86 4886 f70d 0101 0a30 34a0 0f30 0d06 0960 8648 0165 0304 0203 0500 a11c 301a 0609 2a86 4886 f70d 0101 0830 0d06 0960 8648 0165 0304 0203 0500 a203 0201 40',
  ],
];
const signature = fromHex('0102030405060708');

describe('AUTH of method 14 (RFC 7427 §3, pitfall 29)', () => {
  test.each(algorithmBytes)('%s is written and read as its published bytes', (scheme, hex) => {
    const algorithm = fromHex(hex);
    const data = concat(Uint8Array.of(algorithm.length), algorithm, signature);
    expect(toHex(encodeDigitalSignature(scheme, signature))).toBe(toHex(data));
    expect(decodeDigitalSignature(data)).toEqual({ scheme, signature });
  });

  test('the list above covers every scheme of method 14', () => {
    const listed = algorithmBytes.map(([scheme]) => scheme);
    const digital = Object.entries(schemes)
      .filter(([, row]) => row.method === AuthMethod.DIGITAL_SIGNATURE)
      .map(([name]) => name);
    expect([...listed].sort()).toEqual(digital.sort());
  });

  test('RSA parameters may be absent on receipt (RFC 4055 §5, pitfall 29)', () => {
    expect(schemeOfAlgorithm(fromHex('300b06092a864886f70d01010b'))).toBe('rsa-sha256');
  });

  test.each([
    [
      'hashes without NULL',
      '303d06092a864886f70d01010a3030a00d300b0609608648016503040201a11a301806092a864886f70d010108300b0609608648016503040201a203020120',
    ],
    [
      'the trailer field',
      '304606092a864886f70d01010a3039a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120a303020101',
    ],
  ])('PSS may be written with %s', (_, hex) => {
    expect(schemeOfAlgorithm(fromHex(hex))).toBe('rsa-pss-sha256');
  });

  test.each([
    ['SHA-1 with RSA, which we never announce', '300d06092a864886f70d0101050500'],
    ['MD5 with RSA', '300d06092a864886f70d0101040500'],
    ['PSS without parameters, which means SHA-1 (CVE-2018-6459)', '300d06092a864886f70d01010a0500'],
    [
      'PSS with a salt of 222 bytes (pitfall 30)',
      '304206092a864886f70d01010a3035a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500a204020200de',
    ],
    [
      'PSS whose mask has another hash',
      '304106092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402020500a203020120',
    ],
    ['ECDSA with NULL parameters', '300c06082a8648ce3d0403020500'],
    ['ECDSA with SHA-1', '300906072a8648ce3d0401'],
    ['a trailing byte inside the identifier', '300d06092a864886f70d01010b050000'],
  ])('refuses %s (attack 6)', (_, hex) => {
    const algorithm = fromHex(hex);
    const data = concat(Uint8Array.of(algorithm.length), algorithm, signature);
    expect(decodeDigitalSignature(data)).toBeUndefined();
  });

  test('refuses a length byte that runs past the payload (CVE-2026-50722, pitfall 29)', () => {
    const whole = encodeDigitalSignature('rsa-sha256', signature);
    for (let end = 0; end <= 16; end++) {
      expect(decodeDigitalSignature(whole.subarray(0, end))).toBeUndefined();
    }
    expect(decodeDigitalSignature(whole.subarray(0, 17))?.signature).toHaveLength(1);
  });

  test('never throws and never invents a scheme', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (data) => {
        const read = decodeDigitalSignature(data);
        if (!read) return;
        expect(read.signature.length).toBeGreaterThan(0);
        expect(schemes[read.scheme].method).toBe(AuthMethod.DIGITAL_SIGNATURE);
      }),
    );
  });

  test.each(['rsa-sha1', 'ecdsa-sha256-raw', 'ecdsa-sha384-raw', 'ecdsa-sha512-raw'] as const)(
    '%s has no place in it',
    (scheme) => expect(() => encodeDigitalSignature(scheme, signature)).toThrow(scheme),
  );
});

describe('methods that leave no choice', () => {
  test.each([
    [1, 'rsa-sha1'],
    [9, 'ecdsa-sha256-raw'],
    [10, 'ecdsa-sha384-raw'],
    [11, 'ecdsa-sha512-raw'],
  ] as const)('method %i is %s', (method, scheme) => {
    expect(schemeOfMethod(method)).toBe(scheme);
    expect(methodOfScheme(scheme)).toBe(method);
  });

  test.each([0, 2, 3, 12, 13, 14, 255])('method %i names no scheme', (method) => {
    expect(schemeOfMethod(method)).toBeUndefined();
  });

  test('raw ECDSA belongs to one curve each (RFC 4754 §3, pitfall 31), ECDSA of method 14 to all', () => {
    expect(fitsKey('ecdsa-sha384-raw', 'p256')).toBe(false);
    expect(fitsKey('ecdsa-sha384-raw', 'p384')).toBe(true);
    expect(fitsKey('ecdsa-sha256', 'p521')).toBe(true);
    expect(fitsKey('rsa-sha256', 'p256')).toBe(false);
    expect(fitsKey('ed25519', 'rsa')).toBe(false);
  });
});

describe('what we sign with', () => {
  const { SHA1, SHA2_256, SHA2_384, SHA2_512, IDENTITY } = SignatureHash;
  test.each([
    ['rsa', [SHA1, SHA2_256, SHA2_384, SHA2_512], 14, 'rsa-sha256'],
    ['rsa', [SHA2_384, SHA2_512], 14, 'rsa-sha512'],
    ['rsa', [SHA2_384], 14, 'rsa-sha384'],
    ['rsa', [], 1, 'rsa-sha1'],
    ['rsa', [SHA1], 1, 'rsa-sha1'],
    ['p256', [SHA2_256], 14, 'ecdsa-sha256'],
    ['p256', [SHA2_512], 9, 'ecdsa-sha256-raw'],
    ['p384', [SHA2_256, SHA2_384], 14, 'ecdsa-sha384'],
    ['p384', [], 10, 'ecdsa-sha384-raw'],
    ['p521', [SHA2_512], 14, 'ecdsa-sha512'],
    ['p521', [], 11, 'ecdsa-sha512-raw'],
    ['ed25519', [SHA2_256, IDENTITY], 14, 'ed25519'],
  ] as const)('%s key, hashes %j: method %i with %s', (keyType, hashes, method, scheme) => {
    expect(chooseScheme(keyType, hashes)).toEqual({ method, scheme });
  });

  test('an Ed25519 key cannot speak to a peer without the Identity hash (RFC 8420 §2)', () => {
    expect(chooseScheme('ed25519', [SHA2_256])).toBeUndefined();
  });

  test('never PSS, never SHA-1 while a better hash is announced (pitfall 32), always fitting the key', () => {
    const keyTypes: readonly KeyType[] = ['rsa', 'p256', 'p384', 'p521', 'ed25519'];
    fc.assert(
      fc.property(
        fc.constantFrom(...keyTypes),
        fc.array(fc.integer({ min: 0, max: 9 })),
        (key, hashes) => {
          const chosen = chooseScheme(key, hashes);
          if (!chosen) return;
          expect(chosen.scheme).not.toContain('pss');
          expect(fitsKey(chosen.scheme, key)).toBe(true);
          if (hashes.includes(SHA2_256)) expect(chosen.scheme).not.toBe('rsa-sha1');
        },
      ),
    );
  });

  test('we announce every hash that method 14 verifies, and SHA-1 not', () => {
    const verified = Object.values(schemes)
      .filter(({ method }) => method === AuthMethod.DIGITAL_SIGNATURE)
      .map(({ hash }) => hash);
    expect([...ourHashes].sort()).toEqual([...new Set(verified)].sort());
    expect(ourHashes).not.toContain(SHA1);
  });
});
