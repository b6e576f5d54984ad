import { describe, expect, test } from 'vitest';
import { fromHex, fromText, toHex } from '../../../src/base/bytes.ts';
import { engines, testWycheproof, vectors, type WycheproofCase } from './vectors.ts';

interface Sha1Case {
  readonly key: string;
  readonly data: string;
  readonly mac: string;
}
interface Sha2Case {
  readonly key: string;
  readonly data: string;
  readonly sha256: string;
  readonly sha384: string;
  readonly sha512: string;
}
interface MacCase extends WycheproofCase {
  readonly key: string;
  readonly msg: string;
  readonly tag: string;
}

describe.each(engines)('$engine', ({ primitives }) => {
  test('hashes «abc» as FIPS 180-4 does', () => {
    const abc = fromText('abc');
    expect(toHex(primitives.sha1.digest(abc))).toBe('a9993e364706816aba3e25717850c26c9cd0d89d');
    expect(toHex(primitives.sha256.digest(abc))).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
    expect(toHex(primitives.sha384.digest(abc))).toMatch(
      /^cb00753f45a35e8bb5a03d699ac65007272c32ab/,
    );
    expect(toHex(primitives.sha512.digest(abc))).toMatch(
      /^ddaf35a193617abacc417349ae20413112e6fa4e/,
    );
  });

  test('hashes parts as it hashes the whole', () => {
    const [a, b, c] = [fromText('IKE'), new Uint8Array(0), fromText('v2')];
    for (const name of ['sha1', 'sha256', 'sha384', 'sha512'] as const) {
      const whole = primitives[name].digest(fromText('IKEv2'));
      expect(primitives[name].digest(a, b, c)).toEqual(whole);
      expect(whole).toHaveLength(primitives[name].outBytes);
    }
  });

  test.each(vectors<Sha1Case>('rfc2202-hmac-sha1'))('HMAC-SHA-1 of RFC 2202: $mac', (vector) => {
    const mac = primitives.hmacSha1.compute(fromHex(vector.key), fromHex(vector.data));
    expect(toHex(mac)).toBe(vector.mac);
  });

  test.each(vectors<Sha2Case>('rfc4231-hmac-sha2'))('HMAC-SHA-2 of RFC 4231: $sha256', (vector) => {
    const [key, data] = [fromHex(vector.key), fromHex(vector.data)];
    expect(toHex(primitives.hmacSha256.compute(key, data))).toBe(vector.sha256);
    expect(toHex(primitives.hmacSha384.compute(key, data))).toBe(vector.sha384);
    expect(toHex(primitives.hmacSha512.compute(key, data))).toBe(vector.sha512);
  });

  test('a MAC over parts is the MAC over the whole', () => {
    const key = fromText('Jefe');
    const whole = primitives.hmacSha256.compute(key, fromText('what do ya want'));
    expect(primitives.hmacSha256.compute(key, fromText('what do '), fromText('ya want'))).toEqual(
      whole,
    );
  });

  for (const [name, file, tagSize] of [
    ['hmacSha1', 'hmac_sha1', 160],
    ['hmacSha256', 'hmac_sha256', 256],
    ['hmacSha384', 'hmac_sha384', 384],
    ['hmacSha512', 'hmac_sha512', 512],
  ] as const) {
    const judge = ({ key, msg, tag }: MacCase) =>
      toHex(primitives[name].compute(fromHex(key), fromHex(msg))) === tag ? 'valid' : 'invalid';
    testWycheproof(file, judge, (group) => group.tagSize === tagSize);
  }
});
