// Where every event of the core and every trouble of a port arrives: held back if its class is too frequent,
// else written to the log, and events also kept in the ring and told to whoever follows.
import type { Duration, Instant } from '../base/time.ts';
import { type EventKind, levelOf, type TraceEvent } from '../ike/events.ts';
import { Limit } from './limit.ts';
import type { Log } from './log.ts';
import type { Entry, Ring } from './ring.ts';
import { Tally } from './tally.ts';

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
  /** Of all that was reported. */
  readonly tally = new Tally();
  readonly #followers = new Set<(entry: Entry) => void>();
  #isWaiting = false;

  constructor(log: Log, ring: Ring, clock: TracerClock) {
    this.#log = log;
    this.#ring = ring;
    this.#clock = clock;
  }

  report(event: TraceEvent): void {
    this.tally.note(event);
    const level = levelOf[event.kind];
    const most = allowances[event.kind] ?? usualAllowance;
    if (!this.#allows(classOf(event), most, (n) => this.#log.more(level, event, n))) return;
    this.#log.event(level, event);
    const entry = this.#ring.add(this.#clock.wall(), event);
    for (const follower of this.#followers) follower(entry);
  }

  /** A port failed. @param what it was doing, in our own words: `could not … : why` */
  trouble(what: string, why: string): void {
    const text = `could not ${what}: ${why}`;
    const more = (count: number): void => this.#log.error(`… ${count} more like this: ${text}`);
    if (this.#allows(`trouble ${what}`, troubleAllowance, more)) this.#log.error(text);
  }

  /** @returns how to stop following */
  follow(follower: (entry: Entry) => void): () => void {
    this.#followers.add(follower);
    return () => this.#followers.delete(follower);
  }

  #allows(name: string, most: number, summarize: (count: number) => void): boolean {
    const now = this.#clock.monotonic();
    this.#limit.collect(now);
    const passes = this.#limit.allows(now, name, most, summarize);
    this.#awaitWindow();
    return passes;
  }

  /** One timer at a time: without it, the summary of a flood would wait for the next event. */
  #awaitWindow(): void {
    const end = this.#limit.endsAt;
    if (this.#isWaiting || end === undefined) return;
    this.#isWaiting = true;
    this.#clock.after((end - this.#clock.monotonic()) as Duration, () => {
      this.#isWaiting = false;
      this.#limit.collect(this.#clock.monotonic());
      this.#awaitWindow();
    });
  }
}

/** Classes are made of our own words only, so their number does not grow with what strangers send. */
function classOf(event: TraceEvent): string {
  switch (event.kind) {
    case 'dropped':
      return `dropped ${event.reason}`;
    case 'attempt.failed':
      return `attempt ${event.cause}`;
    case 'sa.closed':
      return `closed ${event.cause}`;
    default:
      return event.kind;
  }
}

/** What anybody can provoke without a key is rare; what takes a key may come from a hundred phones at once. */
const allowances: Partial<Record<EventKind, number>> = {
  dropped: 5,
  'attempt.failed': 10,
  bug: 20,
  repeated: 20,
};
const usualAllowance = 200;
const troubleAllowance = 5;
