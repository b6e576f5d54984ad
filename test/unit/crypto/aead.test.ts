import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concat, fromHex, toHex } from '../../../src/base/bytes.ts';
import { Bug } from '../../../src/base/invariant.ts';
import type { Aead } from '../../../src/crypto/primitives.ts';
import { engines, seeded, testWycheproof, vectors, type WycheproofCase } from './vectors.ts';

interface AeadCase extends WycheproofCase {
  readonly key: string;
  readonly iv: string;
  readonly aad: string;
  readonly msg: string;
  readonly ct: string;
  readonly tag: string;
}

describe.each(engines)('$engine', ({ primitives }) => {
  const { aesGcm, chacha20Poly1305 } = primitives;

  test('AES-GCM agrees with its specification', () => {
    for (const vector of vectors<AeadCase>('gcm-spec')) expect(judge(aesGcm, vector)).toBe('valid');
  });

  test('ChaCha20-Poly1305 agrees with RFC 8439 and RFC 7634', () => {
    const cases = vectors<AeadCase>('rfc-chacha20-poly1305');
    for (const vector of cases) expect(judge(chacha20Poly1305, vector)).toBe('valid');
  });

  const usable = (group: { ivSize?: number; tagSize?: number }) =>
    group.ivSize === 96 && group.tagSize === 128;
  testWycheproof<AeadCase>('aes_gcm', (vector) => judge(aesGcm, vector), usable);
  testWycheproof<AeadCase>(
    'chacha20_poly1305',
    (vector) => judge(chacha20Poly1305, vector),
    usable,
  );

  describe.each(['aesGcm', 'chacha20Poly1305'] as const)('%s', (name) => {
    const aead = primitives[name];
    const [key, nonce, aad] = [seeded(1)(32), seeded(2)(12), seeded(3)(32)];

    test('opens what it sealed, and nothing with one bit changed anywhere', () => {
      const plaintext = seeded(4)(100);
      const sealed = aead.seal(key, nonce, aad, plaintext);
      expect(sealed).toHaveLength(plaintext.length + 16);
      expect(aead.open(key, nonce, aad, sealed)).toEqual(plaintext);
      const flips = fc.tuple(fc.constantFrom(0, 1, 2, 3), fc.nat(), fc.nat({ max: 7 }));
      fc.assert(
        fc.property(flips, ([which, at, bit]) => {
          const parts = [key, nonce, aad, sealed].map((part) => part.slice()) as Parts;
          const part = parts[which] as Uint8Array;
          part[at % part.length] = (part[at % part.length] as number) ^ (1 << bit);
          expect(aead.open(...parts)).toBeUndefined();
        }),
        { seed: 45, numRuns: 60 },
      );
    });

    test('opens nothing that is too short for a tag or cut off', () => {
      const sealed = aead.seal(key, nonce, aad, seeded(5)(20));
      for (let length = 0; length < sealed.length; length++) {
        expect(aead.open(key, nonce, aad, sealed.subarray(0, length))).toBeUndefined();
      }
    });

    test('takes no nonce but one of 12 bytes', () => {
      for (const length of [0, 8, 11, 13, 16]) {
        expect(() => aead.seal(key, new Uint8Array(length), aad, aad)).toThrow(Bug);
        expect(() => aead.open(key, new Uint8Array(length), aad, seeded(6)(40))).toThrow(Bug);
      }
    });

    test('takes no key of another length', () => {
      for (const length of [0, 15, 31, 33]) {
        expect(() => aead.seal(new Uint8Array(length), nonce, aad, aad)).toThrow(Bug);
        expect(() => aead.open(new Uint8Array(length), nonce, aad, seeded(6)(40))).toThrow(Bug);
      }
    });

    test('leaves its inputs as they were and gives arrays of its own', () => {
      const plaintext = seeded(7)(64);
      const inputs = [key, nonce, aad, plaintext] as const;
      const before = inputs.map(toHex);
      const sealed = aead.seal(...inputs);
      const opened = aead.open(key, nonce, aad, sealed);
      sealed.fill(0);
      expect(inputs.map(toHex)).toEqual(before);
      expect(opened).toEqual(plaintext);
      expect(opened?.constructor).toBe(Uint8Array);
      expect(sealed.constructor).toBe(Uint8Array);
    });
  });
});

type Parts = [Uint8Array, Uint8Array, Uint8Array, Uint8Array];

function judge(aead: Aead, vector: AeadCase): WycheproofCase['result'] {
  const [key, iv, aad, msg] = [vector.key, vector.iv, vector.aad, vector.msg].map(fromHex) as Parts;
  const sealed = concat(fromHex(vector.ct), fromHex(vector.tag));
  const opened = aead.open(key, iv, aad, sealed);
  if (!opened) return 'invalid';
  expect(toHex(opened)).toBe(vector.msg);
  expect(toHex(aead.seal(key, iv, aad, msg))).toBe(toHex(sealed));
  return 'valid';
}
