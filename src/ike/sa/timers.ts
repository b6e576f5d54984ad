// Named timers of one SA, and the one deadline that follows from them. Nobody else keeps a time.
import type { Duration, Instant } from '../../base/time.ts';
import { later } from '../../base/time.ts';

export type TimerName =
  /** A responder's IKE SA that is not established in time is dropped. */
  | 'half-open'
  /** Our request has waited long enough for its response: send it again, or give up. */
  | 'retransmit'
  /** A closed SA stops repeating its last response. */
  | 'linger'
  /** The peer was silent for so long that it must be probed (RFC 7296 §2.4). */
  | 'liveness'
  /** The question that the peer's exchange waits for was not answered. */
  | 'ask-incoming'
  /** The question that our own exchange waits for was not answered. */
  | 'ask-outgoing';

export class Timers {
  readonly #at = new Map<TimerName, Instant>();

  /** (Re)starts a timer. */
  start(name: TimerName, now: Instant, after: Duration): void {
    this.#at.set(name, later(now, after));
  }

  stop(name: TimerName): void {
    this.#at.delete(name);
  }

  stopAll(): void {
    this.#at.clear();
  }

  /** The earliest of all, or undefined. */
  deadline(): Instant | undefined {
    let first: Instant | undefined;
    for (const at of this.#at.values()) if (first === undefined || at < first) first = at;
    return first;
  }

  /** Removes and returns the timers that are due, earliest first. */
  take(now: Instant): TimerName[] {
    const due = [...this.#at].filter(([, at]) => at <= now).sort(([, a], [, b]) => a - b);
    for (const [name] of due) this.#at.delete(name);
    return due.map(([name]) => name);
  }
}
