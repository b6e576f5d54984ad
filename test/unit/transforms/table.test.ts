import { describe, expect, test } from 'vitest';
import { noble } from '../../../src/crypto/noble/index.ts';
import { constants } from '../../../src/dataplane/abi.ts';
import {
  Encryption,
  Integrity,
  KeyExchangeMethod,
  PseudoRandom,
  SequenceNumbers,
} from '../../../src/iana/transforms.ts';
import { byId, byKeyword, ianaType, keyLength, transforms } from '../../../src/transforms/table.ts';

describe('every row', () => {
  test.each(transforms)('$keyword is found by its keyword and by its numbers', (row) => {
    expect(byKeyword(row.keyword)).toBe(row);
    expect(byKeyword(row.keyword, row.type)).toBe(row);
    expect(byId(ianaType(row), row.id, keyLength(row))).toBe(row);
  });

  test.each(transforms)('$keyword has a number of its registry', (row) => {
    const registry = {
      ENCR: Encryption,
      PRF: PseudoRandom,
      INTEG: Integrity,
      KE: KeyExchangeMethod,
      ESN: SequenceNumbers,
    }[row.type];
    expect(Object.values(registry)).toContain(row.id);
  });

  test('has a keyword of its own', () => {
    expect(new Set(transforms.map((row) => row.keyword)).size).toBe(transforms.length);
  });

  test('of a MAC has the sizes of its engine', () => {
    for (const row of transforms) {
      if (row.type === 'PRF') expect(row.outBytes).toBe(noble[row.engine].outBytes);
      if (row.type === 'PRF' || row.type === 'INTEG') {
        expect(row.keyBytes).toBe(noble[row.engine].outBytes);
      }
      // RFC 4868 §2.3: half of the output; SHA-1 keeps 96 bits (RFC 2404).
      if (row.type === 'INTEG') {
        expect(row.icvBytes).toBe(row.keyword === 'sha1' ? 12 : row.keyBytes / 2);
      }
    }
  });

  test('of a cipher runs on its engine with its sizes', () => {
    for (const row of transforms) {
      if (row.type !== 'ENCR') continue;
      const key = new Uint8Array(row.keyBits / 8);
      const plaintext = new Uint8Array(2 * row.blockBytes);
      const nonce = new Uint8Array(row.saltBytes + row.ivBytes);
      const out = row.aead
        ? noble[row.engine].seal(key, nonce, new Uint8Array(8), plaintext)
        : noble[row.engine].encrypt(key, nonce, plaintext);
      expect(out).toHaveLength(plaintext.length + row.icvBytes);
    }
  });
});

describe('byId', () => {
  test('wants the Key Length attribute for AES, and its exact value (pitfall 23)', () => {
    expect(byId(1, Encryption.ENCR_AES_GCM_16, 256)?.keyword).toBe('aes256gcm16');
    expect(byId(1, Encryption.ENCR_AES_CBC, 128)?.keyword).toBe('aes128');
    expect(byId(1, Encryption.ENCR_AES_CBC, undefined)).toBeUndefined();
    expect(byId(1, Encryption.ENCR_AES_CBC, 0)).toBeUndefined();
    expect(byId(1, Encryption.ENCR_AES_CBC, 129)).toBeUndefined();
  });

  test('wants no Key Length attribute where none belongs (pitfall 23)', () => {
    expect(byId(1, Encryption.ENCR_CHACHA20_POLY1305, undefined)?.keyword).toBe('chacha20poly1305');
    expect(byId(1, Encryption.ENCR_CHACHA20_POLY1305, 256)).toBeUndefined();
    expect(byId(2, PseudoRandom.PRF_HMAC_SHA2_256, 256)).toBeUndefined();
  });

  test('tells transform types apart: 2 is a PRF, an INTEG or a KE', () => {
    expect(byId(2, 2, undefined)?.keyword).toBe('prfsha1');
    expect(byId(3, 2, undefined)?.keyword).toBe('sha1');
    expect(byId(4, 2, undefined)?.keyword).toBe('modp1024');
  });

  test('knows no transform types but 1 to 5', () => {
    for (const type of [0, 6, 12, 255]) expect(byId(type, 14, undefined)).toBeUndefined();
  });
});

test('byKeyword with a type finds no row of another', () => {
  expect(byKeyword<'PRF'>('sha256', 'PRF')).toBeUndefined();
  expect(byKeyword('sha256')?.type).toBe('INTEG');
  expect(byKeyword('md5')).toBeUndefined();
});

test('what the data plane carries has the numbers that it knows', () => {
  const carried = transforms.filter((row) => row.type === 'ENCR' && row.esp);
  const known = [
    constants.ESP_AES_CBC,
    constants.ESP_AES_GCM_16,
    constants.ESP_CHACHA20_POLY1305,
  ] as const;
  expect(new Set<number>(carried.map((row) => row.id))).toEqual(new Set(known));
  const integs = transforms.filter((row) => row.type === 'INTEG');
  expect(integs.map((row) => row.id)).toEqual([
    constants.ESP_HMAC_SHA1_96,
    constants.ESP_HMAC_SHA2_256_128,
    constants.ESP_HMAC_SHA2_384_192,
    constants.ESP_HMAC_SHA2_512_256,
  ]);
});
