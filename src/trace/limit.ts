// How often events of one class may be written: a stranger who sends nonsense all day must not fill the
// log or the memory (CVE-2026-78127). Pure: the clock is an argument.
import type { Instant } from '../base/time.ts';
import type { EventKind, TraceEvent } from '../ike/events.ts';

/** A class that was held back, and how often. */
export interface Suppressed {
  readonly sample: TraceEvent;
  readonly count: number;
}

/** The length of a window in milliseconds. */
export const limitWindow = 10_000;

/** Counts events by class in windows of ten seconds. Its memory is bounded by `mostClasses`. */
export class Limit {
  readonly #classes = new Map<string, { sample: TraceEvent; seen: number }>();
  #windowEnds = 0;

  /** @returns whether `event` may pass; those that may not are counted until `collect` */
  allows(now: Instant, event: TraceEvent): boolean {
    if (this.#windowEnds === 0) this.#windowEnds = now + limitWindow;
    const name = classOf(event);
    const entry = this.#classes.get(name) ?? { sample: event, seen: 0 };
    if (entry.seen === 0 && this.#classes.size >= mostClasses) return false;
    entry.seen++;
    this.#classes.set(name, entry);
    return entry.seen <= allowance(event.kind);
  }

  /** When the window ends, if anything was counted in it; else undefined. */
  get endsAt(): Instant | undefined {
    return this.#classes.size === 0 ? undefined : (this.#windowEnds as Instant);
  }

  /** Ends the window if it is over: what was held back in it. */
  collect(now: Instant): readonly Suppressed[] {
    if (this.#classes.size === 0 || now < this.#windowEnds) return [];
    const suppressed = [...this.#classes.values()]
      .map(({ sample, seen }) => ({ sample, count: seen - allowance(sample.kind) }))
      .filter(({ count }) => count > 0);
    this.#classes.clear();
    this.#windowEnds = 0;
    return suppressed;
  }
}

/** Classes are made of our own words only, so their number does not grow with what strangers send. */
function classOf(event: TraceEvent): string {
  switch (event.kind) {
    case 'dropped':
      return `dropped ${event.reason}`;
    case 'attempt.failed':
      return `attempt ${event.notify}`;
    case 'sa.closed':
      return `closed ${event.cause}`;
    default:
      return event.kind;
  }
}

const allowance = (kind: EventKind): number => allowances[kind] ?? 200;
/** What anybody can provoke without a key is rare; what takes a key may come from a hundred phones at once. */
const allowances: Partial<Record<EventKind, number>> = {
  dropped: 5,
  'attempt.failed': 10,
  bug: 20,
};
const mostClasses = 64;
