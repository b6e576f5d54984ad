import { constants, createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concat, fromHex, fromText, toHex } from '../../../src/base/bytes.ts';
import { fitsKey, schemes } from '../../../src/ike/auth/schemes.ts';
import type { KeyType, Scheme } from '../../../src/ike/core.ts';
import {
  type PrivateKey,
  readPrivateKey,
  signWith,
  verifySignature,
} from '../../../src/pki/keys.ts';
import { hasOpenssl, openssl } from '../../lab/openssl.ts';
import { withByte } from './build-der.ts';
import { extract, type SignatureSet, spkiOf, wholeSets } from './wycheproof.ts';

const octets = fromText('what both sides signed');
const schemeNames = Object.keys(schemes) as readonly Scheme[];
const pairs: Readonly<Record<KeyType, KeyObject>> = {
  rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
  p256: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  p384: generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey,
  p521: generateKeyPairSync('ec', { namedCurve: 'P-521' }).privateKey,
  ed25519: generateKeyPairSync('ed25519').privateKey,
};
const pemOf = (key: KeyObject, type: 'pkcs8' | 'pkcs1' | 'sec1' = 'pkcs8'): Uint8Array =>
  fromText(key.export({ type, format: 'pem' }).toString());
const read = (pem: Uint8Array): PrivateKey => {
  const reading = readPrivateKey(pem);
  if (!reading.ok) throw new Error(reading.why);
  return reading.key;
};
const keys = Object.fromEntries(
  Object.entries(pairs).map(([type, pair]) => [type, read(pemOf(pair))]),
) as Readonly<Record<KeyType, PrivateKey>>;
const keyTypes = Object.keys(keys) as readonly KeyType[];

describe('signing and verifying', () => {
  const fitting = schemeNames.flatMap((scheme) =>
    schemes[scheme].keys.map((keyType) => [scheme, keyType] as const),
  );

  test.each(fitting)(
    '%s with a key of type %s verifies, and not over other octets',
    (scheme, keyType) => {
      const { spki } = keys[keyType];
      const signature = signWith(keys[keyType], scheme, octets);
      expect(verifySignature(spki, scheme, octets, signature)).toBe(true);
      expect(verifySignature(spki, scheme, fromText('something else'), signature)).toBe(false);
      const broken = signature.slice();
      broken[broken.length >> 1] = (broken[broken.length >> 1] ?? 0) ^ 1;
      expect(verifySignature(spki, scheme, octets, broken)).toBe(false);
      expect(verifySignature(spki, scheme, octets, signature.subarray(1))).toBe(false);
      expect(verifySignature(spki, scheme, octets, concat(signature, Uint8Array.of(0)))).toBe(
        false,
      );
      expect(verifySignature(spki, scheme, octets, new Uint8Array())).toBe(false);
    },
  );

  test('a signature proves nothing under another scheme or for another type of key', () => {
    for (const [scheme, keyType] of fitting) {
      const signature = signWith(keys[keyType], scheme, octets);
      for (const other of schemeNames.filter((name) => name !== scheme)) {
        expect(verifySignature(keys[keyType].spki, other, octets, signature)).toBe(false);
      }
      for (const other of keyTypes.filter((type) => !fitsKey(scheme, type))) {
        expect(verifySignature(keys[other].spki, scheme, octets, signature)).toBe(false);
      }
    }
  });

  test('raw ECDSA is r‖s, ECDSA of method 14 a DER sequence (pitfall 31)', () => {
    expect(signWith(keys.p256, 'ecdsa-sha256-raw', octets)).toHaveLength(64);
    expect(signWith(keys.p521, 'ecdsa-sha512-raw', octets)).toHaveLength(132);
    expect(signWith(keys.p256, 'ecdsa-sha256', octets)[0]).toBe(0x30);
  });

  test('a key of the right type but another person proves nothing (CVE-2020-16088)', () => {
    const other = read(pemOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey));
    const signature = signWith(other, 'ecdsa-sha256', octets);
    expect(verifySignature(keys.p256.spki, 'ecdsa-sha256', octets, signature)).toBe(false);
  });

  test('a scheme that the key cannot make is a bug of the caller', () => {
    expect(() => signWith(keys.p256, 'rsa-sha256', octets)).toThrow('rsa-sha256');
  });

  test('PSS with another salt than the hash is long fails (pitfall 30)', () => {
    for (const saltLength of [0, 20, 31, 33, 222]) {
      const signature = pssWithSalt(saltLength);
      expect(verifySignature(keys.rsa.spki, 'rsa-pss-sha256', octets, signature)).toBe(
        saltLength === 32,
      );
    }
    expect(verifySignature(keys.rsa.spki, 'rsa-pss-sha256', octets, pssWithSalt(32))).toBe(true);
  });

  test.skipIf(!hasOpenssl)('what the openssl command signs, we verify', () => {
    const files = { key: pemOf(pairs.rsa), data: octets };
    const signature = openssl(files, 'dgst', '-sha384', '-sign', 'key', 'data');
    expect(verifySignature(keys.rsa.spki, 'rsa-sha384', octets, signature ?? octets)).toBe(true);
  });

  test.skipIf(!hasOpenssl)('what we sign, the openssl command verifies', () => {
    const key = openssl({ key: pemOf(pairs.p384) }, 'pkey', '-in', 'key', '-pubout') ?? '';
    const signature = signWith(keys.p384, 'ecdsa-sha384', octets);
    const args = ['dgst', '-sha384', '-verify', 'key', '-signature', 'signature', 'data'];
    expect(openssl({ key, signature, data: octets }, ...args)).toBeDefined();
    expect(openssl({ key, signature, data: 'other' }, ...args)).toBeUndefined();
  });

  test('never throws, whatever key, octets and signature are', () => {
    const spki = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc
        .tuple(fc.constantFrom(...keyTypes), fc.nat(), fc.nat(255))
        .map(([type, at, value]) => withByte(keys[type].spki, at, value)),
    );
    fc.assert(
      fc.property(
        spki,
        fc.constantFrom(...schemeNames),
        fc.uint8Array({ maxLength: 520 }),
        (key, scheme, signature) => {
          expect(verifySignature(key, scheme, octets, signature)).toBe(false);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('Wycheproof (CVE class 5)', () => {
  test.each(extract())('extract of $file', (set) => expect(disagreements(set)).toEqual([]));
  for (const set of wholeSets()) {
    const isAbsent = set.testGroups.length === 0;
    const why = isAbsent ? ' (skipped: the shared vectors are not here)' : '';
    test.skipIf(isAbsent)(`all of ${set.file}${why}`, () => expect(disagreements(set)).toEqual([]));
  }

  /** «Acceptable» is the missing NULL of DigestInfo: refused, as RFC 8017 §9.2 note 1 allows. */
  function disagreements({ scheme, testGroups }: SignatureSet): string[] {
    return testGroups.flatMap((group) =>
      group.tests
        .filter((item) => {
          const isValid = verifySignature(
            spkiOf(group),
            scheme,
            fromHex(item.msg),
            fromHex(item.sig),
          );
          return isValid !== (item.result === 'valid');
        })
        .map(({ tcId, comment, flags, result }) => `${tcId} ${result} ${flags}: ${comment}`),
    );
  }
});

describe('forged PKCS#1 v1.5 blocks under exponent 3 (CVE-2018-16151, class 5)', () => {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 });
  const spki = new Uint8Array(pair.publicKey.export({ type: 'spki', format: 'der' }));
  const digestInfo = concat(
    fromHex('3031300d060960864801650304020105000420'),
    createHash('sha256').update(octets).digest(),
  );

  test('an honest signature of this key verifies', () => {
    const signature = signWith(read(pemOf(pair.privateKey)), 'rsa-sha256', octets);
    expect(verifySignature(spki, 'rsa-sha256', octets, signature)).toBe(true);
  });

  test.each([1, 8, 24])(
    'short padding of %i bytes with garbage behind the hash is refused',
    (ff) => {
      const prefix = concat(
        fromHex('0001'),
        new Uint8Array(ff).fill(0xff),
        fromHex('00'),
        digestInfo,
      );
      const signature = cubeRootOf(prefix);
      // What a lax check would look at: the cube does begin with the forged block.
      expect(toHex(cube(signature)).startsWith(toHex(prefix))).toBe(true);
      expect(verifySignature(spki, 'rsa-sha256', octets, signature)).toBe(false);
    },
  );
});

describe('private key files', () => {
  test.each([
    ['PKCS#8 RSA', pairs.rsa, 'pkcs8', 'rsa'],
    ['PKCS#1 RSA', pairs.rsa, 'pkcs1', 'rsa'],
    ['SEC 1', pairs.p384, 'sec1', 'p384'],
    ['PKCS#8 EC', pairs.p521, 'pkcs8', 'p521'],
    ['PKCS#8 Ed25519', pairs.ed25519, 'pkcs8', 'ed25519'],
  ] as const)('%s is read', (_, pair, type, keyType) => {
    expect(read(pemOf(pair, type)).keyType).toBe(keyType);
  });

  test('blocks before the key are skipped: EC PARAMETERS, certificates', () => {
    const parameters =
      '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n';
    const pem = concat(fromText(parameters), pemOf(pairs.p256, 'sec1'));
    expect(read(pem).keyType).toBe('p256');
  });

  test.each([
    [
      'PKCS#8',
      pairs.p256.export({
        type: 'pkcs8',
        format: 'pem',
        cipher: 'aes-256-cbc',
        passphrase: 'swordfish',
      }),
    ],
    [
      'PKCS#1',
      pairs.rsa.export({
        type: 'pkcs1',
        format: 'pem',
        cipher: 'aes-128-cbc',
        passphrase: 'swordfish',
      }),
    ],
  ])('an encrypted %s key is refused with the way out', (_, pem) => {
    expect(readPrivateKey(fromText(pem.toString()))).toMatchObject({
      ok: false,
      why: expect.stringContaining('encrypted'),
      cure: expect.stringContaining('openssl pkey'),
    });
  });

  test('1024 bits are refused though OpenSSL would verify', () => {
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const reading = readPrivateKey(pemOf(weak.privateKey));
    expect(reading).toMatchObject({ ok: false, why: expect.stringContaining('1024 bits') });
  });

  test.each([
    ['nothing', '', 'no private key'],
    [
      'a certificate alone',
      '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
      'no private key',
    ],
    [
      'a broken key',
      '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n',
      'cannot be read',
    ],
    [
      'a key that is no key of ours',
      generateKeyPairSync('x25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      'do not know',
    ],
  ])('a file with %s is refused', (_, pem, why) => {
    expect(readPrivateKey(fromText(pem))).toMatchObject({
      ok: false,
      why: expect.stringContaining(why),
    });
  });

  test('the private half never shows', () => {
    expect(JSON.stringify(keys.ed25519)).not.toContain(pemOf(pairs.ed25519).toString());
    const secret = pairs.ed25519.export({ format: 'jwk' }).d ?? '';
    expect(JSON.stringify(keys.ed25519)).not.toContain(secret);
  });
});

function pssWithSalt(saltLength: number): Uint8Array {
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  return sign('sha256', octets, { key: pairs.rsa, padding, saltLength });
}

/** The smallest number whose cube, as 256 bytes, begins with `prefix`. */
function cubeRootOf(prefix: Uint8Array): Uint8Array {
  const target = BigInt(`0x${toHex(prefix)}`) << BigInt(8 * (256 - prefix.length));
  let low = 0n;
  let high = 1n << 700n;
  while (low < high) {
    const middle = (low + high) >> 1n;
    if (middle ** 3n < target) low = middle + 1n;
    else high = middle;
  }
  return numberBytes(low);
}

const cube = (signature: Uint8Array): Uint8Array =>
  numberBytes(BigInt(`0x${toHex(signature)}`) ** 3n);
const numberBytes = (value: bigint): Uint8Array => fromHex(value.toString(16).padStart(512, '0'));
