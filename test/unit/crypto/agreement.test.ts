// Each engine against the other with random inputs.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { noble } from '../../../src/crypto/noble/index.ts';
import { node } from '../../../src/crypto/node/index.ts';
import type { Primitives } from '../../../src/crypto/primitives.ts';
import { exchanges, seeded } from './vectors.ts';

const native: Primitives = { ...noble, ...node };
const bytes = (maxLength: number) => fc.uint8Array({ maxLength });
const exactly = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

test('node:crypto has every primitive here but ML-KEM, so that this file compares something', () => {
  const both = Object.keys(noble).filter((name) => !name.startsWith('mlKem'));
  expect(Object.keys(node).sort()).toEqual(both.sort());
});

test.each(['sha1', 'sha256', 'sha384', 'sha512'] as const)('%s', (name) => {
  fc.assert(
    fc.property(bytes(300), bytes(300), (a, b) => {
      expect(native[name].digest(a, b)).toEqual(noble[name].digest(a, b));
    }),
    { seed: 1 },
  );
});

test.each(['hmacSha1', 'hmacSha256', 'hmacSha384', 'hmacSha512'] as const)('%s', (name) => {
  fc.assert(
    fc.property(bytes(200), bytes(300), (key, data) => {
      expect(native[name].compute(key, data)).toEqual(noble[name].compute(key, data));
    }),
    { seed: 2 },
  );
});

describe('AEAD', () => {
  const keys = fc.constantFrom(16, 24, 32).chain(exactly);
  test.each([
    ['aesGcm', keys],
    ['chacha20Poly1305', exactly(32)],
  ] as const)('%s', (name, key) => {
    fc.assert(
      fc.property(key, exactly(12), bytes(40), bytes(600), (k, nonce, aad, plaintext) => {
        const sealed = native[name].seal(k, nonce, aad, plaintext);
        expect(sealed).toEqual(noble[name].seal(k, nonce, aad, plaintext));
        expect(noble[name].open(k, nonce, aad, sealed)).toEqual(plaintext);
        expect(native[name].open(k, nonce, aad, sealed)).toEqual(plaintext);
      }),
      { seed: 3 },
    );
  });
  test('aesCbc', () => {
    const blocks = fc.nat({ max: 20 }).chain((n) => exactly(16 * n));
    fc.assert(
      fc.property(keys, exactly(16), blocks, (key, iv, plaintext) => {
        const encrypted = native.aesCbc.encrypt(key, iv, plaintext);
        expect(encrypted).toEqual(noble.aesCbc.encrypt(key, iv, plaintext));
        expect(noble.aesCbc.decrypt(key, iv, encrypted)).toEqual(plaintext);
      }),
      { seed: 4 },
    );
  });
});

// Whichever engine serves, a run from a recorded seed sends the same bytes.
test.each(exchanges)(
  '%s: same draws, same values, same secret; and each understands the other',
  (name) => {
    fc.assert(
      fc.property(fc.integer(), fc.integer(), (a, b) => {
        const offers = [noble[name].offer(seeded(a)), native[name].offer(seeded(a))] as const;
        expect(offers[0].value).toEqual(offers[1].value);
        const answers = [
          noble[name].answer(seeded(b), offers[0].value),
          native[name].answer(seeded(b), offers[0].value),
        ] as const;
        expect(answers[0].value).toEqual(answers[1].value);
        expect(answers[0].shared.bytes).toEqual(answers[1].shared.bytes);
        expect(offers[0].finish(answers[1].value).bytes).toEqual(answers[0].shared.bytes);
        expect(offers[1].finish(answers[0].value).bytes).toEqual(answers[0].shared.bytes);
      }),
      { seed: 5, numRuns: 6 },
    );
  },
);

// A peer may send what no honest peer computes; both engines must judge it alike.
test.each(exchanges)('%s: both take or refuse a random value', (name) => {
  fc.assert(
    fc.property(exactly(noble[name].offerBytes), (value) => {
      expect(verdict(native, value)).toEqual(verdict(noble, value));
    }),
    { seed: 6, numRuns: 12 },
  );
  function verdict(engine: Primitives, value: Uint8Array): Uint8Array | string {
    try {
      return engine[name].answer(seeded(7), value).shared.bytes;
    } catch (failure) {
      return (failure as Error).name;
    }
  }
});
