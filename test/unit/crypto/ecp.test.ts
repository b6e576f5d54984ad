import { describe, expect, test } from 'vitest';
import { concat, fromHex, toHex } from '../../../src/base/bytes.ts';
import { Bug } from '../../../src/base/invariant.ts';
import { ecp256, ecp384 } from '../../../src/crypto/ecp.ts';
import { BadPublicValue, type KeyExchange } from '../../../src/crypto/primitives.ts';
import {
  dealing,
  engines,
  seeded,
  testWycheproof,
  vectors,
  type WycheproofCase,
} from './vectors.ts';

interface Rfc5903Case {
  readonly engine: 'p256' | 'p384';
  readonly i: string;
  readonly gi: string;
  readonly r: string;
  readonly gr: string;
  readonly gir: string;
}
interface EcdhCase extends WycheproofCase {
  readonly public: string;
  readonly private: string;
  readonly shared: string;
}

const groups = { p256: ecp256, p384: ecp384 };

describe.each(engines)('$engine', ({ primitives }) => {
  test.each(vectors<Rfc5903Case>('rfc5903-ecp'))('$engine of RFC 5903 section 8', (vector) => {
    const exchange = primitives[vector.engine];
    const offer = exchange.offer(dealing(fromHex(vector.i)));
    expect(offer.value).toEqual(fromHex(vector.gi));
    const { value, shared } = exchange.answer(dealing(fromHex(vector.r)), offer.value);
    expect(value).toEqual(fromHex(vector.gr));
    expect(shared.bytes).toEqual(fromHex(vector.gir));
    expect(offer.finish(value).bytes).toEqual(fromHex(vector.gir));
  });

  for (const [name, file] of [
    ['p256', 'ecdh_secp256r1_ecpoint'],
    ['p384', 'ecdh_secp384r1_ecpoint'],
  ] as const) {
    testWycheproof<EcdhCase>(file, (vector) =>
      judge(primitives[name], groups[name].fieldBytes, vector),
    );
  }

  describe.each(['p256', 'p384'] as const)('%s', (name) => {
    const exchange = primitives[name];
    const { fieldBytes, order } = groups[name];

    test('takes no point off the curve, and not 0 (RFC 6989 §2.3, pitfall 20)', () => {
      const point = exchange.offer(seeded(1)).value;
      const off = point.slice();
      off[2 * fieldBytes - 1] = (off.at(-1) as number) ^ 1;
      const tooLarge = new Uint8Array(2 * fieldBytes).fill(0xff);
      for (const bad of [off, tooLarge, new Uint8Array(2 * fieldBytes)]) {
        expect(() => exchange.answer(seeded(2), bad)).toThrow(BadPublicValue);
        expect(() => exchange.offer(seeded(2)).finish(bad)).toThrow(BadPublicValue);
      }
    });

    test('takes no other form of a point: the leading 4 does not travel (RFC 5903 §7, pitfall 20)', () => {
      const point = exchange.offer(seeded(1)).value;
      const uncompressed = concat(Uint8Array.of(4), point);
      const compressed = concat(Uint8Array.of(2), point.subarray(0, fieldBytes));
      for (const bad of [uncompressed, compressed, point.subarray(1), new Uint8Array(0)]) {
        expect(() => exchange.answer(seeded(2), bad)).toThrow(BadPublicValue);
      }
    });

    test('takes the negative of its own point, whose secret is the same: x alone counts (pitfall 20)', () => {
      const theirs = exchange.offer(seeded(1)).value;
      const p = name === 'p256' ? p256Prime : p384Prime;
      const y = p - BigInt(`0x${toHex(theirs.subarray(fieldBytes))}`);
      const mirrored = concat(
        theirs.subarray(0, fieldBytes),
        fromHex(y.toString(16).padStart(2 * fieldBytes, '0')),
      );
      const secret = exchange.answer(seeded(2), theirs).shared;
      expect(secret).toHaveLength(fieldBytes);
      expect(exchange.answer(seeded(2), mirrored).shared.bytes).toEqual(secret.bytes);
    });

    test('draws again where a draw is no private key', () => {
      const tooLarge = new Uint8Array(fieldBytes).fill(0xff);
      const good = seeded(3)(fieldBytes);
      const draws = [new Uint8Array(fieldBytes), order.slice(), tooLarge, good.slice()];
      expect(exchange.offer(dealing(...draws)).value).toEqual(exchange.offer(dealing(good)).value);
    });

    test('does not wait forever for a broken generator', () => {
      expect(() => exchange.offer((length) => new Uint8Array(length))).toThrow(Bug);
    });

    test('uses every private key up to the order', () => {
      const last = order.slice();
      last[fieldBytes - 1] = (last.at(-1) as number) - 1;
      const one = new Uint8Array(fieldBytes);
      one[fieldBytes - 1] = 1;
      const [base, negative] = [exchange.offer(dealing(one)), exchange.offer(dealing(last))];
      expect(negative.value.subarray(0, fieldBytes)).toEqual(base.value.subarray(0, fieldBytes));
      expect(negative.value).not.toEqual(base.value);
    });
  });
});

/** Wycheproof's points are SEC 1: what does not begin with 4 cannot be said in IKEv2. */
function judge(
  exchange: KeyExchange,
  fieldBytes: number,
  vector: EcdhCase,
): WycheproofCase['result'] {
  if (vector.public !== '' && !vector.public.startsWith('04')) return vector.result;
  const scalar = fromHex(vector.private.slice(-2 * fieldBytes).padStart(2 * fieldBytes, '0'));
  try {
    const { shared } = exchange.answer(dealing(scalar), fromHex(vector.public).slice(1));
    return toHex(shared.bytes) === vector.shared ? 'valid' : 'invalid';
  } catch (failure) {
    expect(failure).toBeInstanceOf(BadPublicValue);
    return 'invalid';
  }
}

/** RFC 5903 §3.1 and §3.2. */
const p256Prime = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
const p384Prime = 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n;
