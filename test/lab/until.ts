// Waiting for the real world: look again and again until it is so, and say what was missing if it never was.
import { setTimeout as pause } from 'node:timers/promises';

/**
 * Returns the first value of `look` that is neither undefined nor false.
 * @throws Error naming `what` when `limit` milliseconds passed
 */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  limit = 10_000,
): Promise<T> {
  const end = performance.now() + limit;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    if (performance.now() > end) throw new Error(`waited ${limit / 1000} s in vain: ${what}`);
    await pause(LOOK_EVERY);
  }
}

const LOOK_EVERY = 20;
