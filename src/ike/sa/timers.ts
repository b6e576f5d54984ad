// Named timers of one IKE SA or CHILD_SA. Nobody else keeps a time; the agenda of the core knows which is first.
import type { Duration, Instant } from '../../base/time.ts';
import { later } from '../../base/time.ts';
import type { Agenda } from './agenda.ts';
import type { ChildSa } from './child-sa.ts';
import type { IkeSa } from './ike-sa.ts';

export type TimerName =
  /** A responder's IKE SA that is not established in time is dropped. */
  | 'half-open'
  /** Our request has waited long enough for its response: send it again, or give up. */
  | 'retransmit'
  /** A closed SA stops repeating its last response. */
  | 'linger'
  /** The peer was silent for so long that it must be probed (RFC 7296 §2.4). */
  | 'liveness'
  /** The NAT in front of us may forget us soon (RFC 3948 §4). */
  | 'keepalive'
  /** The question that the peer's exchange waits for was not answered. */
  | 'ask-incoming'
  /** The question that our own exchange waits for was not answered. */
  | 'ask-outgoing'
  /** The keys are old: ask for new ones (RFC 7296 §2.8). */
  | 'rekey'
  /** The keys are too old, and nobody made new ones. */
  | 'worn-out'
  /** The authentication is old: make a new SA beside this one (RFC 4478). */
  | 'reauthenticate'
  /** The authentication is too old, and there is no new SA. */
  | 'unauthenticated'
  /** The peer made this SA beside another, and did not use it yet: has it got it at all? */
  | 'unproven'
  /** The peer made another SA in the place of this one, and did not delete this one. */
  | 'outlived'
  /** Did the tunnel carry anything lately? */
  | 'inactive'
  /** The peer could not make a CHILD_SA, or deleted it: ask again. */
  | 'new-child'
  /** A rekeyed IKE SA that its peer never deleted goes. */
  | 'abandoned'
  /** The peer did not go on with the further key exchanges of what it asked for. */
  | 'follow-up'
  /** No late packet will come in on a deleted CHILD_SA any more. */
  | 'drained';

/** Whose timer it is. */
export type Timed = { readonly sa: IkeSa } | { readonly child: ChildSa };
export type Timetable = Agenda<{ readonly owner: Timed; readonly timer: TimerName }>;

export class Timers<T extends Timed> {
  readonly #agenda: Timetable;
  readonly #owner: T;
  readonly #running = new Map<TimerName, Instant>();

  constructor(agenda: Timetable, owner: T) {
    this.#agenda = agenda;
    this.#owner = owner;
  }

  /** (Re)starts a timer. */
  start(timer: TimerName, now: Instant, after: Duration): void {
    this.#startAt(timer, later(now, after));
  }

  /** If it runs, it runs for another owner from here on, and no longer than it would have. */
  pass(timer: TimerName, other: Timers<T>): void {
    const at = this.#running.get(timer);
    this.stop(timer);
    if (at !== undefined) other.#startAt(timer, at);
  }

  /** When it ends, if it runs. */
  endOf(timer: TimerName): Instant | undefined {
    return this.#running.get(timer);
  }

  stop(timer: TimerName): void {
    this.#running.delete(timer);
  }

  stopAll(): void {
    this.#running.clear();
  }

  #startAt(timer: TimerName, at: Instant): void {
    this.#running.set(timer, at);
    const isCurrent = () => this.#running.get(timer) === at;
    this.#agenda.add({ at, what: { owner: this.#owner, timer }, isCurrent });
  }
}
