import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../../../src/base/bytes.ts';
import { BadPublicValue } from '../../../src/crypto/primitives.ts';
import {
  dealing,
  engines,
  seeded,
  testWycheproof,
  vectors,
  type WycheproofCase,
} from './vectors.ts';

interface XdhCase extends WycheproofCase {
  readonly public: string;
  readonly private: string;
  readonly shared: string;
}
interface Rfc7748Case {
  readonly private: string;
  readonly public: string;
  readonly shared: string;
  readonly own?: string;
}

const zero = '00'.repeat(32);

describe.each(engines)('$engine', ({ primitives: { x25519 } }) => {
  test.each(vectors<Rfc7748Case>('rfc7748-x25519'))('RFC 7748: $shared', (vector) => {
    const { value, shared } = x25519.answer(
      dealing(fromHex(vector.private)),
      fromHex(vector.public),
    );
    expect(toHex(shared.bytes)).toBe(vector.shared);
    if (vector.own) expect(toHex(value)).toBe(vector.own);
  });

  // Where Wycheproof leaves it open, RFC 8031 §5 does not: an all-zero secret ends the exchange, all else is taken.
  testWycheproof<XdhCase>('x25519', (vector) => {
    const compute = () => x25519.answer(dealing(fromHex(vector.private)), fromHex(vector.public));
    if (vector.shared === zero) {
      expect(compute).toThrow(BadPublicValue);
      return vector.result;
    }
    return toHex(compute().shared.bytes) === vector.shared ? 'valid' : 'invalid';
  });

  test.each([
    ['0', zero],
    ['1', `01${'00'.repeat(31)}`],
    ['a point of order 8', 'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800'],
    [
      'another point of order 8',
      '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
    ],
    ['p-1', `ec${'ff'.repeat(30)}7f`],
    ['p', `ed${'ff'.repeat(30)}7f`],
    ['p+1', `ee${'ff'.repeat(30)}7f`],
  ])('takes no %s for a public value (RFC 8031 §5, pitfall 20)', (_, point) => {
    expect(() => x25519.answer(seeded(1), fromHex(point))).toThrow(BadPublicValue);
    expect(() => x25519.offer(seeded(1)).finish(fromHex(point))).toThrow(BadPublicValue);
  });

  test('takes values of 32 bytes only', () => {
    for (const length of [0, 31, 33]) {
      expect(() => x25519.answer(seeded(1), new Uint8Array(length).fill(9))).toThrow(
        BadPublicValue,
      );
    }
  });
});
