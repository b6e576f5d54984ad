import { createDiffieHellman, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../../../src/base/bytes.ts';
import {
  drawExponent,
  generator,
  modp1024,
  modp2048,
  modp3072,
  modp4096,
} from '../../../src/crypto/modp.ts';
import { modpByClass } from '../../../src/crypto/node/modp.ts';
import { modpByKeys } from '../../../src/crypto/node/modp-keys.ts';
import { BadPublicValue } from '../../../src/crypto/primitives.ts';
import { dealing, engines, seeded } from './vectors.ts';

const groups = { modp1024, modp2048, modp3072, modp4096 };

/** RFC 2409 §6.2, RFC 3526 §3 to §5: p = 2^n - 2^(n-64) - 1 + 2^64 * ([2^(n-130) pi] + c). */
const definitions = [
  { name: 'modp1024', bits: 1024, c: 129093n },
  { name: 'modp2048', bits: 2048, c: 124476n },
  { name: 'modp3072', bits: 3072, c: 1690314n },
  { name: 'modp4096', bits: 4096, c: 240904n },
] as const;

describe.each(definitions)('the prime of $name', ({ name, bits, c }) => {
  test('is what its RFC defines it to be', () => {
    const n = BigInt(bits);
    const p = 2n ** n - 2n ** (n - 64n) - 1n + 2n ** 64n * (piTimesPowerOf2(bits - 130) + c);
    expect(toHex(groups[name].prime)).toBe(p.toString(16));
  });

  test('leaves exponents at least twice as long as the strength of the group', () => {
    const strength = { modp1024: 80, modp2048: 112, modp3072: 128, modp4096: 152 }[name];
    expect(8 * groups[name].exponentBytes).toBeGreaterThanOrEqual(2 * strength);
  });
});

test.each(definitions)('both ways to $name in Node give the same numbers', ({ name }) => {
  const [ofClass, ofKeys] = [modpByClass(groups[name]), modpByKeys(groups[name])];
  const peer = ofClass.offer(seeded(5));

  const answers = [ofClass, ofKeys].map((way) => way.answer(seeded(9), peer.value));

  const [one, other] = answers.map(({ value, shared }) => [toHex(value), toHex(shared.bytes)]);
  expect(other).toEqual(one);
  expect(toHex(peer.finish(answers[1]?.value ?? new Uint8Array()).bytes)).toBe(one?.[1]);
  expect(toHex(ofKeys.offer(seeded(5)).value)).toBe(toHex(peer.value));
});

// Node 22 goes by key objects, and OpenSSL then refuses a number that is no square: half of all numbers, and any stranger
// may send one. It has to be the stranger's fault, or each of them is a bug in our log.
test.each(definitions)(
  'by keys, a value outside the subgroup of $name is the fault of the peer',
  ({ name }) => {
    const { prime } = groups[name];
    const p = BigInt(`0x${toHex(prime)}`);
    const answer = (number: bigint) => () =>
      modpByKeys(groups[name]).answer(seeded(1), bytesOf(number, prime.length));
    expect(answer(4n)).not.toThrow();
    expect(faultOf(answer(p - 2n))).toBeOneOf([undefined, 'BadPublicValue']);
  },
);

describe.each(engines)('$engine', ({ engine, primitives }) => {
  describe.each(definitions)('$name', ({ name }) => {
    const exchange = primitives[name];
    const { prime } = groups[name];
    const size = prime.length;
    const p = BigInt(`0x${toHex(prime)}`);

    test('agrees with OpenSSL, whose exponents are its own', () => {
      const peer = createDiffieHellman(prime, generator);
      const offered = peer.generateKeys();
      const { value, shared } = exchange.answer(randomBytes, padded(offered, size));
      expect(toHex(shared.bytes)).toBe(toHex(padded(peer.computeSecret(value), size)));
    });

    test.each([
      ['0', 0n],
      ['1', 1n],
      ['p-1', p - 1n],
      ['p', p],
      ['p+1', p + 1n],
      ['the largest number of the length', 256n ** BigInt(size) - 1n],
    ])('takes no %s for a public value (RFC 6989 §2.1, pitfall 20)', (_, number) => {
      expect(() => exchange.answer(seeded(1), bytesOf(number, size))).toThrow(BadPublicValue);
      const offer = exchange.offer(seeded(1));
      expect(() => offer.finish(bytesOf(number, size))).toThrow(BadPublicValue);
    });

    test('takes 2 and p-2', () => {
      for (const number of [2n, p - 2n]) {
        const { shared } = exchange.answer(seeded(1), bytesOf(number, size));
        expect(shared).toHaveLength(size);
      }
    });

    test('pads values and secrets on the left to the length of the prime (pitfall 20)', () => {
      // With an exponent of ours known, a base is found whose power is small: y = s^(1/x) mod q in the subgroup.
      const exponent = drawExponent(seeded(3), groups[name]);
      const x = BigInt(`0x${toHex(exponent)}`);
      const q = (p - 1n) / 2n;
      const small = 4n; // a square, so that it lies in the subgroup of order q
      const base = power(small, inverse(x, q), p);
      const { shared } = exchange.answer(dealing(exponent.slice()), bytesOf(base, size));
      expect(shared.bytes).toEqual(bytesOf(small, size));
    });

    test('its exponent has a set top bit, so that its length is the same for everybody', () => {
      const zero = exchange.offer(dealing(new Uint8Array(groups[name].exponentBytes)));
      const exponent = 8n * BigInt(groups[name].exponentBytes) - 1n;
      expect(zero.value).toEqual(bytesOf(power(2n, 2n ** exponent, p), size));
    });
  });

  test('a value with a leading zero travels in full length (pitfall 20)', () => {
    const exponent = exponentOfShortValue();
    const { value } = primitives.modp2048.offer(dealing(exponent.slice()));
    expect(value).toHaveLength(256);
    expect(value[0]).toBe(0);
    const x = BigInt(`0x${toHex(exponent)}`);
    const p = BigInt(`0x${toHex(modp2048.prime)}`);
    expect(value).toEqual(bytesOf(power(2n, x, p), 256));
  });

  test(`${engine} says how long a value is when it is not`, () => {
    const short = new Uint8Array(255).fill(3);
    expect(() => primitives.modp2048.answer(seeded(1), short)).toThrow(/256 bytes, not 255/);
  });
});

function faultOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.name : 'unknown';
  }
}

/** One in 256 exponents has a power that is a byte shorter than the prime. */
function exponentOfShortValue(): Uint8Array {
  const native = createDiffieHellman(modp2048.prime, generator);
  for (let seed = 1; ; seed++) {
    const exponent = drawExponent(seeded(seed), modp2048);
    native.setPrivateKey(exponent);
    if (native.generateKeys().length < modp2048.prime.length) return exponent;
  }
}

const bytesOf = (number: bigint, size: number): Uint8Array =>
  fromHex(number.toString(16).padStart(2 * size, '0'));

function padded(bytes: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(size);
  out.set(bytes, size - bytes.length);
  return out;
}

/** Floor of 2^bits * pi, by Machin: pi = 16 arctan(1/5) - 4 arctan(1/239). */
function piTimesPowerOf2(bits: number): bigint {
  const guard = 64n;
  const one = 1n << (BigInt(bits) + guard);
  return (16n * arctanOfInverse(5n, one) - 4n * arctanOfInverse(239n, one)) >> guard;
}

function arctanOfInverse(x: bigint, one: bigint): bigint {
  let sum = 0n;
  let term = one / x;
  for (let k = 1n; term !== 0n; k += 2n) {
    sum += k % 4n === 1n ? term / k : -(term / k);
    term /= x * x;
  }
  return sum;
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  let square = base % modulus;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}

/** Of `a` modulo the prime `q`. */
function inverse(a: bigint, q: bigint): bigint {
  let [old, rest] = [a % q, q];
  let [x, next] = [1n, 0n];
  while (rest !== 0n) {
    const quotient = old / rest;
    [old, rest] = [rest, old - quotient * rest];
    [x, next] = [next, x - quotient * next];
  }
  return ((x % q) + q) % q;
}
