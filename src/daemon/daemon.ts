// The one loop: an input arrives, the core handles it, its effects are performed in order, and one timer
// waits for its deadline. Nothing else drives the core.
import { type Duration, type Instant, instant, since } from '../base/time.ts';
import type { Core, Effect, Input } from '../ike/core.ts';

/** The monotonic clock and a timer, passed in so that tests own time. */
export interface Clock {
  now(): Instant;
  /** @returns how to cancel */
  after(delay: Duration, run: () => void): () => void;
}

/** Carries out one effect; what it answers at once comes back through `Daemon.give`. */
export type Perform = (effect: Effect) => void;

/** Feeds the core. Inputs that arise while one is handled wait in a queue: there is no recursion. */
export class Daemon {
  readonly #core: Core;
  readonly #clock: Clock;
  readonly #queue: Input[] = [];
  readonly #settled = new Set<() => void>();
  #perform: Perform = () => {};
  #isRunning = false;
  #isStopped = false;
  #deadline: Instant | undefined;
  #cancelTimer: (() => void) | undefined;

  constructor(core: Core, clock: Clock) {
    this.#core = core;
    this.#clock = clock;
  }

  /** Says who carries out effects; before any input. */
  performWith(perform: Perform): void {
    this.#perform = perform;
  }

  /** Handles `input` and all that follows from it at once. What the core throws is a bug and goes through. */
  give(input: Input): void {
    if (this.#isStopped) return;
    this.#queue.push(input);
    if (this.#isRunning) return;
    this.#isRunning = true;
    try {
      this.#drain();
    } finally {
      this.#isRunning = false;
    }
  }

  /** Waits until `condition` holds after some input, or for `atMost`. @returns whether it held */
  until(condition: () => boolean, atMost: Duration): Promise<boolean> {
    return new Promise((done) => {
      const finish = (held: boolean): void => {
        this.#settled.delete(check);
        cancel();
        done(held);
      };
      const check = (): void => {
        if (condition()) finish(true);
      };
      const cancel = this.#clock.after(atMost, () => finish(false));
      this.#settled.add(check);
      check();
    });
  }

  /** Forgets the deadline; inputs are handled no more. */
  stop(): void {
    this.#isStopped = true;
    this.#setTimer(undefined);
  }

  #drain(): void {
    let deadline = this.#deadline;
    for (let input = this.#queue.shift(); input; input = this.#queue.shift()) {
      const output = this.#core.handle(this.#clock.now(), input);
      for (const effect of output.effects) this.#perform(effect);
      deadline = output.deadline;
    }
    this.#setTimer(deadline);
    for (const check of [...this.#settled]) check();
  }

  #setTimer(deadline: Instant | undefined): void {
    if (deadline === this.#deadline) return;
    this.#cancelTimer?.();
    this.#deadline = deadline;
    this.#cancelTimer = deadline === undefined ? undefined : this.#wakeAt(deadline);
  }

  #wakeAt(deadline: Instant): () => void {
    const wait = Math.min(Math.max(0, since(this.#clock.now(), deadline)), longestTimer);
    return this.#clock.after(wait as Duration, () => {
      this.#deadline = undefined;
      this.give({ kind: 'wake' });
    });
  }
}

/** Node's own clock. */
export const systemClock: Clock = {
  now: () => instant(performance.now()),
  after(delay, run) {
    const timer = setTimeout(run, delay);
    return () => clearTimeout(timer);
  },
};

/** setTimeout takes 31 bits of milliseconds; a wake before the deadline does no harm. */
const longestTimer = 2 ** 31 - 1;
