// Wrong passwords, counted: nobody guesses on and on, and nobody can lock the owner of an account out by guessing.
// Three bounded tables of tokens: one of each pair of user and source, one of each source, one of each user. A wrong
// guess takes a token of each, time gives them back, and where none is left even the right password fails. A pair
// that has logged in before has tokens of its own, which nobody elsewhere can take.
import { type Duration, type Instant, seconds, since } from '../../base/time.ts';

export interface Guess {
  /** The account, in small letters. */
  readonly user: string;
  /** Where it came from; a whole IPv6 prefix is one source. */
  readonly source: string;
}

export class Guesses {
  readonly #pairs = new Tokens(10, seconds(30));
  readonly #sources = new Tokens(40, seconds(3));
  readonly #users = new Tokens(100, seconds(6));
  readonly #trusted = new Tokens(30, seconds(1));
  readonly #known = new Set<string>();

  /** Whether this guess may count if it is right. */
  mayTry(guess: Guess, now: Instant): boolean {
    return this.#tokensOf(guess).every(([tokens, key]) => tokens.has(key, now));
  }

  wrong(guess: Guess, now: Instant): void {
    for (const [tokens, key] of this.#tokensOf(guess)) tokens.take(key, now);
  }

  right(guess: Guess): void {
    const pair = pairOf(guess);
    this.#known.delete(pair);
    this.#known.add(pair);
    trim(this.#known);
  }

  #tokensOf(guess: Guess): readonly (readonly [Tokens, string])[] {
    const pair = pairOf(guess);
    if (this.#known.has(pair)) return [[this.#trusted, pair]];
    return [
      [this.#pairs, pair],
      [this.#sources, guess.source],
      [this.#users, guess.user],
    ];
  }
}

/** So many at first, and one more after each `refill`. */
class Tokens {
  readonly #most: number;
  readonly #refill: Duration;
  readonly #spent = new Map<string, { readonly spent: number; readonly at: Instant }>();

  constructor(most: number, refill: Duration) {
    this.#most = most;
    this.#refill = refill;
  }

  has(key: string, now: Instant): boolean {
    return this.#spentOf(key, now) <= this.#most - 1;
  }

  take(key: string, now: Instant): void {
    const spent = Math.min(this.#most, this.#spentOf(key, now) + 1);
    this.#spent.delete(key);
    this.#spent.set(key, { spent, at: now });
    trim(this.#spent);
  }

  #spentOf(key: string, now: Instant): number {
    const { spent = 0, at = now } = this.#spent.get(key) ?? {};
    return Math.max(0, spent - since(at, now) / this.#refill);
  }
}

const pairOf = ({ user, source }: Guess): string => `${source} ${user}`;

/** What was not touched for the longest goes. */
function trim(table: Map<string, unknown> | Set<string>): void {
  for (const key of table.keys()) {
    if (table.size <= mostEntries) return;
    table.delete(key);
  }
}

const mostEntries = 4096;
