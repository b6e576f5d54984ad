import { describe, expect, test } from 'vitest';
import { Bug } from '../../../src/base/invariant.ts';
import { BadPublicValue, type Rng } from '../../../src/crypto/primitives.ts';
import { engines, exchanges, seeded } from './vectors.ts';

/** A generator that lets us look at what it gave away. */
function watched(seed: number): { readonly rng: Rng; readonly drawn: Uint8Array[] } {
  const drawn: Uint8Array[] = [];
  const source = seeded(seed);
  const rng: Rng = (length) => {
    const bytes = source(length);
    drawn.push(bytes);
    return bytes;
  };
  return { rng, drawn };
}
const allZero = (drawn: readonly Uint8Array[]): boolean =>
  drawn.length > 0 && drawn.every((bytes) => bytes.every((byte) => byte === 0));

describe.each(engines)('$engine', ({ engine, primitives }) => {
  describe.each(exchanges)('%s', (name) => {
    const exchange = primitives[name];
    // Node's key object has a copy of its own, and the drawn bytes go at once.
    const holdsKeyObject = engine === 'node' && name === 'modp1024';

    test('both sides come to one secret', () => {
      const offer = exchange.offer(seeded(1));
      const { value, shared } = exchange.answer(seeded(2), offer.value);
      expect(offer.value).toHaveLength(exchange.offerBytes);
      expect(value).toHaveLength(exchange.answerBytes);
      expect(offer.finish(value).bytes).toEqual(shared.bytes);
    });

    test('values are plain arrays, not Buffers that share memory when sliced', () => {
      const offer = exchange.offer(seeded(1));
      const { value, shared } = exchange.answer(seeded(2), offer.value);
      for (const bytes of [offer.value, value, shared.bytes]) {
        expect(bytes.constructor).toBe(Uint8Array);
      }
    });

    test('the private half is wiped by finish, and serves once', () => {
      const { rng, drawn } = watched(1);
      const offer = exchange.offer(rng);
      const { value } = exchange.answer(seeded(2), offer.value);
      if (!holdsKeyObject) expect(allZero(drawn)).toBe(false);
      offer.finish(value);
      expect(allZero(drawn)).toBe(true);
      expect(() => offer.finish(value)).toThrow(Bug);
    });

    test('the private half is wiped when the answer is bad', () => {
      const { rng, drawn } = watched(1);
      const offer = exchange.offer(rng);
      expect(() => offer.finish(new Uint8Array(exchange.answerBytes))).toThrow(BadPublicValue);
      expect(allZero(drawn)).toBe(true);
      expect(() => offer.finish(offer.value)).toThrow(Bug);
    });

    test('the private half is wiped by wipe, after which finish is an error', () => {
      const { rng, drawn } = watched(1);
      const offer = exchange.offer(rng);
      const { value } = exchange.answer(seeded(2), offer.value);
      offer.wipe();
      offer.wipe();
      expect(allZero(drawn)).toBe(true);
      expect(() => offer.finish(value)).toThrow(Bug);
    });

    test('answering leaves no private half, whether it succeeds or not', () => {
      const good = watched(1);
      exchange.answer(good.rng, exchange.offer(seeded(2)).value);
      expect(allZero(good.drawn)).toBe(true);
      const bad = watched(1);
      const zero = new Uint8Array(exchange.offerBytes);
      expect(() => exchange.answer(bad.rng, zero)).toThrow(BadPublicValue);
      expect(allZero(bad.drawn)).toBe(true);
    });

    test('the shared secret is a Secret that can be wiped and does not print', () => {
      const { shared } = exchange.answer(seeded(1), exchange.offer(seeded(2)).value);
      expect(`${shared}`).toBe(`«secret ${shared.length}B»`);
      const view = shared.bytes;
      shared.wipe();
      expect(view.every((byte) => byte === 0)).toBe(true);
    });

    test('a value of any other length is refused, and so is none', () => {
      const { value } = exchange.offer(seeded(1));
      for (const length of [0, 1, value.length - 1]) {
        expect(() => exchange.answer(seeded(2), value.subarray(0, length))).toThrow(BadPublicValue);
      }
      const long = new Uint8Array(value.length + 1);
      long.set(value, 1);
      expect(() => exchange.answer(seeded(2), long)).toThrow(BadPublicValue);
    });
  });
});
