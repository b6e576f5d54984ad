import { describe, expect, test } from 'vitest';
import { instant, later, minutes, seconds } from '../../../../src/base/time.ts';
import { Guesses } from '../../../../src/ike/eap/guesses.ts';

const now = instant(1000);
const anna = { user: 'anna', source: '198.51.100.1' };

/** So many wrong guesses, all at once. */
function guess(guesses: Guesses, times: number, which: (i: number) => typeof anna): void {
  for (let i = 0; i < times; i++) guesses.wrong(which(i), now);
}

describe('wrong guesses', () => {
  test('of one user from one source are ten, then one each half minute', () => {
    const guesses = new Guesses();
    guess(guesses, 9, () => anna);
    expect(guesses.mayTry(anna, now)).toBe(true);
    guess(guesses, 1, () => anna);
    expect(guesses.mayTry(anna, now)).toBe(false);

    const soon = later(now, seconds(31));
    expect(guesses.mayTry(anna, soon)).toBe(true);
    guesses.wrong(anna, soon);
    expect(guesses.mayTry(anna, soon)).toBe(false);
    expect(guesses.mayTry(anna, later(now, minutes(10)))).toBe(true);
  });

  test('stop nobody at another source', () => {
    const guesses = new Guesses();
    guess(guesses, 50, () => anna);

    expect(guesses.mayTry({ ...anna, source: '198.51.100.2' }, now)).toBe(true);
  });

  test('of many users from one source stop the source', () => {
    const guesses = new Guesses();
    guess(guesses, 40, (i) => ({ ...anna, user: `user ${i}` }));

    expect(guesses.mayTry(anna, now)).toBe(false);
    expect(guesses.mayTry({ ...anna, source: '198.51.100.2' }, now)).toBe(true);
  });

  test('of one user from everywhere stop new sources, and none that it came in from before', () => {
    const guesses = new Guesses();
    guesses.right(anna);
    guess(guesses, 100, (i) => ({ ...anna, source: `198.51.101.${i}` }));

    expect(guesses.mayTry({ ...anna, source: '198.51.102.1' }, now)).toBe(false);
    expect(guesses.mayTry(anna, now)).toBe(true);
    expect(guesses.mayTry({ ...anna, user: 'bob' }, now)).toBe(true);
  });

  test('from where the owner came in before are slowed down to one a second', () => {
    const guesses = new Guesses();
    guesses.right(anna);
    guess(guesses, 30, () => anna);

    expect(guesses.mayTry(anna, now)).toBe(false);
    expect(guesses.mayTry(anna, later(now, seconds(1)))).toBe(true);
  });

  test('of a hundred thousand invented users fill no memory: the oldest are forgotten', () => {
    const guesses = new Guesses();
    guess(guesses, 10, () => anna);
    guess(guesses, 100_000, (i) => ({ user: `user ${i}`, source: `source ${i % 20_000}` }));

    expect(guesses.mayTry({ user: 'anna', source: anna.source }, now)).toBe(true);
  });
});
