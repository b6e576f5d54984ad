// How often lines of one class may be written: a stranger who sends nonsense all day must not fill the log or
// the memory (CVE-2026-78127). Pure: the clock is an argument.
import type { Instant } from '../base/time.ts';

/** Tells how many of a class were held back. */
export type Summarize = (count: number) => void;

interface Counted {
  readonly most: number;
  readonly summarize: Summarize;
  seen: number;
}

/** Counts by class in windows of ten seconds. Its memory is bounded by `mostClasses`. */
export class Limit {
  readonly #classes = new Map<string, Counted>();
  #windowEnds = 0;

  /**
   * @param name of the class; made of our own words, so that strangers cannot make more of them
   * @param most how many may pass in one window
   * @param summarize is kept from the first of a window
   * @returns whether this one may pass; those that may not are counted until `collect`
   */
  allows(now: Instant, name: string, most: number, summarize: Summarize): boolean {
    if (this.#windowEnds === 0) this.#windowEnds = now + windowMs;
    const counted = this.#classes.get(name) ?? { most, summarize, seen: 0 };
    if (counted.seen === 0 && this.#classes.size >= mostClasses) return false;
    counted.seen++;
    this.#classes.set(name, counted);
    return counted.seen <= most;
  }

  /** When the window ends, if anything was counted in it; else undefined. */
  get endsAt(): Instant | undefined {
    return this.#classes.size === 0 ? undefined : (this.#windowEnds as Instant);
  }

  /** Ends the window if it is over, with a summary of each class that was held back in it. */
  collect(now: Instant): void {
    if (this.#classes.size === 0 || now < this.#windowEnds) return;
    const classes = [...this.#classes.values()];
    this.#classes.clear();
    this.#windowEnds = 0;
    for (const { seen, most, summarize } of classes) if (seen > most) summarize(seen - most);
  }
}

const windowMs = 10_000;
/** Kinds of events, reasons and causes are fewer. */
const mostClasses = 128;
