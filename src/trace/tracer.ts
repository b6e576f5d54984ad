// Where every event of the core arrives: held back if its class is too frequent, then written to the log,
// kept in the ring, and told to whoever follows.
import type { Duration, Instant } from '../base/time.ts';
import { levelOf, type TraceEvent } from '../ike/events.ts';
import { Limit } from './limit.ts';
import type { Log } from './log.ts';
import type { Entry, Ring } from './ring.ts';

/** Both clocks and a timer, passed in so that tests own time. */
export interface TracerClock {
  monotonic(): Instant;
  /** Wall time in milliseconds since 1970. */
  wall(): number;
  after(delay: Duration, run: () => void): void;
}

/** Fans events out. */
export class Tracer {
  readonly #log: Log;
  readonly #ring: Ring;
  readonly #clock: TracerClock;
  readonly #limit = new Limit();
  readonly #followers = new Set<(entry: Entry) => void>();
  #isWaiting = false;

  constructor(log: Log, ring: Ring, clock: TracerClock) {
    this.#log = log;
    this.#ring = ring;
    this.#clock = clock;
  }

  report(event: TraceEvent): void {
    this.#summarize();
    const passes = this.#limit.allows(this.#clock.monotonic(), event);
    this.#awaitWindow();
    if (!passes) return;
    this.#log.event(levelOf[event.kind], event);
    const entry = this.#ring.add(this.#clock.wall(), event);
    for (const follower of this.#followers) follower(entry);
  }

  /** @returns how to stop following */
  follow(follower: (entry: Entry) => void): () => void {
    this.#followers.add(follower);
    return () => this.#followers.delete(follower);
  }

  #summarize(): void {
    for (const { sample, count } of this.#limit.collect(this.#clock.monotonic())) {
      this.#log.more(levelOf[sample.kind], sample, count);
    }
  }

  /** One timer at a time: without it, the summary of a flood would wait for the next event. */
  #awaitWindow(): void {
    const end = this.#limit.endsAt;
    if (this.#isWaiting || end === undefined) return;
    this.#isWaiting = true;
    this.#clock.after((end - this.#clock.monotonic()) as Duration, () => {
      this.#isWaiting = false;
      this.#summarize();
      this.#awaitWindow();
    });
  }
}
