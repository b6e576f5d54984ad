import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../../../src/base/bytes.ts';
import { engines, seeded, vectors } from './vectors.ts';

interface CbcCase {
  readonly key: string;
  readonly iv: string;
  readonly plaintext: string;
  readonly ciphertext: string;
}

describe.each(engines)('$engine', ({ primitives: { aesCbc } }) => {
  test.each(vectors<CbcCase>('rfc3602-aes-cbc'))('AES-CBC with key $key', (vector) => {
    const [key, iv] = [fromHex(vector.key), fromHex(vector.iv)];
    expect(toHex(aesCbc.encrypt(key, iv, fromHex(vector.plaintext)))).toBe(vector.ciphertext);
    expect(toHex(aesCbc.decrypt(key, iv, fromHex(vector.ciphertext)))).toBe(vector.plaintext);
  });

  test('pads nothing: whole blocks in, as many out', () => {
    for (const blocks of [0, 1, 7]) {
      const plaintext = seeded(1)(blocks * aesCbc.blockBytes);
      const encrypted = aesCbc.encrypt(seeded(2)(32), seeded(3)(16), plaintext);
      expect(encrypted).toHaveLength(plaintext.length);
      expect(aesCbc.decrypt(seeded(2)(32), seeded(3)(16), encrypted)).toEqual(plaintext);
    }
  });

  test('takes no part of a block', () => {
    for (const length of [1, 15, 17]) {
      const part = new Uint8Array(length);
      expect(() => aesCbc.encrypt(seeded(2)(16), seeded(3)(16), part)).toThrow();
      expect(() => aesCbc.decrypt(seeded(2)(16), seeded(3)(16), part)).toThrow();
    }
  });

  test('takes no key or IV of another length', () => {
    const block = new Uint8Array(16);
    expect(() => aesCbc.encrypt(new Uint8Array(20), block, block)).toThrow();
    expect(() => aesCbc.encrypt(block, new Uint8Array(12), block)).toThrow();
  });
});
