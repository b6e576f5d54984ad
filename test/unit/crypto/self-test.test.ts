import { describe, expect, test } from 'vitest';
import { noble } from '../../../src/crypto/noble/index.ts';
import { node } from '../../../src/crypto/node/index.ts';
import type {
  Aead,
  KeyExchange,
  Mac,
  PrimitiveName,
  Primitives,
} from '../../../src/crypto/primitives.ts';
import { whyUnfit } from '../../../src/crypto/self-test.ts';
import { exchanges } from './vectors.ts';

const names = Object.keys(noble) as PrimitiveName[];
const native: Primitives = { ...noble, ...node };

describe.each(names)('%s', (name) => {
  test('of noble and of node:crypto is fit', () => {
    expect(whyUnfit(name, noble[name])).toBeUndefined();
    expect(whyUnfit(name, native[name])).toBeUndefined();
  });

  test('is unfit when it throws, as an OpenSSL without the algorithm does', () => {
    const missing = () => {
      throw new Error('unsupported');
    };
    const dead = Object.fromEntries(Object.keys(noble[name]).map((key) => [key, missing]));
    expect(whyUnfit(name, dead as never)).toBe('unsupported');
  });
});

describe('finds', () => {
  test('a hash that ignores all but its first part', () => {
    const { sha256 } = native;
    const deaf = { ...sha256, digest: (first: Uint8Array) => sha256.digest(first) };
    expect(whyUnfit('sha256', deaf as never)).toBe('it computes wrong');
  });

  test('one hash in the place of another', () => {
    expect(whyUnfit('sha256', native.sha1)).toBeDefined();
    expect(whyUnfit('hmacSha384', native.hmacSha512)).toBeDefined();
  });

  test('a MAC that cuts long keys instead of hashing them', () => {
    const cutting: Mac = {
      outBytes: 32,
      compute: (key, ...data) => native.hmacSha256.compute(key.subarray(0, 64), ...data),
    };
    expect(whyUnfit('hmacSha256', cutting)).toBe('it computes wrong');
  });

  test('an AEAD that does not look at the tag', () => {
    const { aesGcm } = native;
    const gullible: Aead = {
      seal: aesGcm.seal,
      open: (key, nonce, aad, sealed) =>
        aesGcm.open(key, nonce, aad, sealed) ?? sealed.subarray(0, -16),
    };
    expect(whyUnfit('aesGcm', gullible)).toBe('it accepts a wrong tag');
  });

  test('an AEAD that leaves the associated data out', () => {
    const { chacha20Poly1305: real } = native;
    const none = new Uint8Array(0);
    const blind: Aead = {
      seal: (key, nonce, _, plaintext) => real.seal(key, nonce, none, plaintext),
      open: (key, nonce, _, sealed) => real.open(key, nonce, none, sealed),
    };
    expect(whyUnfit('chacha20Poly1305', blind)).toBe('it computes wrong');
  });

  test('AES with only one key size', () => {
    const only128: Aead = {
      seal: (key, ...rest) => native.aesGcm.seal(key.subarray(0, 16), ...rest),
      open: (key, ...rest) => native.aesGcm.open(key.subarray(0, 16), ...rest),
    };
    expect(whyUnfit('aesGcm', only128)).toBe('it computes wrong');
  });

  test('a cipher that does not decrypt its own', () => {
    const { aesCbc } = native;
    expect(whyUnfit('aesCbc', { ...aesCbc, decrypt: aesCbc.encrypt })).toBe(
      'it does not decrypt its own',
    );
  });

  test.each(exchanges)('a %s that accepts zero', (name) => {
    const real = native[name];
    const gullible: KeyExchange = {
      ...real,
      offer: (rng) => {
        const offer = real.offer(rng);
        return { ...offer, finish: () => real.answer(rng, offer.value).shared };
      },
    };
    expect(whyUnfit(name, gullible)).toBe('it accepts zero');
  });

  test.each(exchanges)('a %s that draws its own private key', (name) => {
    const real = native[name];
    const selfWilled: KeyExchange = {
      ...real,
      answer: (rng, offered) => real.answer((length) => rng(length).map((b) => b ^ 1), offered),
    };
    expect(whyUnfit(name, selfWilled)).toBe('it computes wrong');
  });
});
