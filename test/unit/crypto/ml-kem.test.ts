import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../../../src/base/bytes.ts';
import { Bug } from '../../../src/base/invariant.ts';
import { noble } from '../../../src/crypto/noble/index.ts';
import { BadPublicValue } from '../../../src/crypto/primitives.ts';
import { testAcvp } from './acvp.ts';
import { dealing, kems, seeded, testWycheproof, vectors, type WycheproofCase } from './vectors.ts';

interface OpensslCase {
  readonly set: (typeof kems)[number];
  readonly seed: string;
  readonly m: string;
  readonly ek: string;
  readonly c: string;
  readonly K: string;
}
interface KemCase extends WycheproofCase {
  readonly seed: string;
  readonly ek?: string;
  readonly c: string;
  readonly K: string;
}

test.each(vectors<OpensslCase>('openssl-ml-kem'))(
  'OpenSSL, and both sides here, come to the same with $set',
  ({ set, seed, m, ek, c, K }) => {
    const offer = noble[set].offer(dealing(fromHex(seed)));
    expect(toHex(offer.value)).toBe(ek);
    const { value, shared } = noble[set].answer(dealing(fromHex(m)), fromHex(ek));
    expect(toHex(value)).toBe(c);
    expect(toHex(shared.bytes)).toBe(K);
    expect(toHex(offer.finish(fromHex(c)).bytes)).toBe(K);
  },
);

interface AcvpCase {
  readonly tcId: number;
  readonly set: (typeof kems)[number];
  /** Key generation: its seed, and H(ek), which stands in their dk (FIPS 203 §7.1). */
  readonly d?: string;
  readonly z?: string;
  readonly hashOfKey?: string;
  /** Encapsulation: for whom, of what, and the two ends of the ciphertext. */
  readonly ek?: string;
  readonly m?: string;
  readonly firstOfC?: string;
  readonly lastOfC?: string;
  readonly k?: string;
}
const acvp = vectors<AcvpCase>('nist-acvp-ml-kem');

test.each(acvp.filter(({ d }) => d !== undefined))(
  'makes the key of NIST: $set, test $tcId',
  ({ set, d = '', z = '', hashOfKey }) => {
    const { value } = noble[set].offer(dealing(fromHex(d + z)));
    expect(createHash('sha3-256').update(value).digest('hex')).toBe(hashOfKey);
  },
);

test.each(acvp.filter(({ ek }) => ek !== undefined))(
  'answers a key of NIST as they do: $set, test $tcId',
  ({ set, ek = '', m = '', firstOfC = '', lastOfC = '', k }) => {
    const { value, shared } = noble[set].answer(dealing(fromHex(m)), fromHex(ek));
    expect(toHex(value).startsWith(firstOfC)).toBe(true);
    expect(toHex(value).endsWith(lastOfC)).toBe(true);
    expect(toHex(shared.bytes)).toBe(k);
  },
);

testAcvp();

for (const [file, set] of [
  ['mlkem_768', 'mlKem768'],
  ['mlkem_1024', 'mlKem1024'],
] as const) {
  testWycheproof<KemCase>(file, ({ seed, ek, c, K, result }) => {
    if (ek === undefined) return result; // a seed of a wrong length, which we never draw
    const offer = noble[set].offer(dealing(fromHex(seed)));
    expect(toHex(offer.value)).toBe(ek);
    try {
      return toHex(offer.finish(fromHex(c)).bytes) === K ? 'valid' : 'invalid';
    } catch (error) {
      expect(error).toBeInstanceOf(BadPublicValue);
      return 'invalid';
    }
  });
}

describe.each(kems)('%s', (name) => {
  const kem = noble[name];

  test('has the sizes that it says', () => {
    const { value } = kem.offer(seeded(1));
    expect(value).toHaveLength(kem.offerBytes);
    expect(kem.answer(seeded(2), value).value).toHaveLength(kem.answerBytes);
  });

  test('a changed ciphertext gives another secret, not an error (FIPS 203 §6.3)', () => {
    const { value, shared } = kem.answer(seeded(2), kem.offer(seeded(1)).value);
    value[7] = (value[7] as number) ^ 1;
    const rejected = kem.offer(seeded(1)).finish(value);
    expect(rejected.bytes).toHaveLength(32);
    expect(rejected.bytes).not.toEqual(shared.bytes);
  });

  test('refuses keys and ciphertexts of a wrong length before it computes', () => {
    for (const bytes of [0, 1, 32, kem.offerBytes - 1, kem.offerBytes + 1]) {
      const idle = dealing();
      expect(() => kem.answer(idle, new Uint8Array(bytes))).toThrow(BadPublicValue);
    }
    for (const bytes of [0, 1, kem.answerBytes - 1, kem.answerBytes + 1]) {
      const offer = kem.offer(seeded(1));
      expect(() => offer.finish(new Uint8Array(bytes))).toThrow(BadPublicValue);
    }
  });

  test('refuses a key with a coefficient that is not reduced (FIPS 203 §7.2)', () => {
    const { value } = kem.offer(seeded(1));
    value.fill(0xff, 0, 3); // two coefficients of 4095, where 3328 is the greatest
    expect(() => kem.answer(seeded(2), value)).toThrow(BadPublicValue);
  });

  test('wipes what it drew and the private half, which serves once', () => {
    const drawn: Uint8Array[] = [];
    const watched = (bytes: number) => {
      const draw = seeded(3)(bytes);
      drawn.push(draw);
      return draw;
    };
    const offer = kem.offer(watched);
    const { value } = kem.answer(watched, offer.value);
    expect(drawn.map((bytes) => bytes.length)).toEqual([64, 32]);
    expect(drawn.every((bytes) => bytes.every((byte) => byte === 0))).toBe(true);
    offer.finish(value);
    expect(() => offer.finish(value)).toThrow(Bug);
    const wiped = kem.offer(seeded(1));
    wiped.wipe();
    expect(() => wiped.finish(value)).toThrow(Bug);
  });
});
