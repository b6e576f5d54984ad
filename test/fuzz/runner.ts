// What the simulation wants of vitest, for a program without it: the fuzzer bundles this in its place.
import { deepStrictEqual } from 'node:assert';

const hooks: (() => void)[] = [];

export function afterEach(hook: () => void): void {
  hooks.push(hook);
}

/** To be called where a test would end. */
export function endTest(): void {
  for (const hook of hooks) hook();
}

export const expect = (actual: unknown) => ({
  toEqual: (expected: unknown): void => deepStrictEqual(actual, expected),
});
