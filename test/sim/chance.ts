// Chance that repeats itself: everything random in a simulation follows from its seed.
import type { KeyExchange, Primitives, Rng } from '../../src/crypto/primitives.ts';

/** Random bytes from a seed: mulberry32, for tests only. */
export function seeded(seed: number): Rng {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 24;
  };
  return (bytes) => Uint8Array.from({ length: bytes }, next);
}

/** Numbers from 0 to 1. */
export function chanceOf(seed: number): () => number {
  const rng = seeded(seed);
  return () => (((rng(1)[0] as number) << 8) | (rng(1)[0] as number)) / 0x10000;
}

/** The same primitives, but private keys are drawn from `rng`, so that of 32 bytes the core draws nothing but nonces. */
export function keysFrom(rng: Rng, primitives: Primitives): Primitives {
  const drawing = (one: KeyExchange): KeyExchange => ({
    offerBytes: one.offerBytes,
    answerBytes: one.answerBytes,
    offer: () => one.offer(rng),
    answer: (_, offered) => one.answer(rng, offered),
  });
  const all = Object.entries(primitives).map(([name, one]) => [
    name,
    'offerBytes' in one ? drawing(one) : one,
  ]);
  return Object.fromEntries(all);
}
