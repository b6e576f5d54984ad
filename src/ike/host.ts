// What every SA of one core shares: the time of this turn, randomness, the effects collected so far, counters.
import { isZero } from '../base/bytes.ts';
import type { Ip } from '../base/ip.ts';
import type { Instant } from '../base/time.ts';
import { instant } from '../base/time.ts';
import type { Primitives, Rng } from '../crypto/primitives.ts';
import type { Policy } from '../policy/policy.ts';
import type { Effect, Ticket } from './core.ts';
import { Guesses } from './eap/guesses.ts';
import type { TraceEvent } from './events.ts';
import type { Redirected } from './extensions/redirect.ts';
import type { Run } from './run.ts';
import { Agenda } from './sa/agenda.ts';
import type { IkeSa } from './sa/ike-sa.ts';
import { Registry } from './sa/registry.ts';
import type { Timetable } from './sa/timers.ts';

/** Something with key bytes in it. */
interface Wipeable {
  wipe(): void;
}

export class Host {
  policy: Policy;
  /** Our own addresses; empty: we were not told, and nothing follows from it. */
  addresses: readonly Ip[] = [];
  /** Keys of IKE SAs are told, whatever the policy says. */
  isDisclosing = false;
  readonly primitives: Primitives;
  readonly registry: Registry;
  /** The timers of all SAs. */
  readonly agenda: Timetable = new Agenda();
  /** Exchanges that wait for the answer to a question. */
  readonly waiting = new Map<Ticket, { readonly sa: IkeSa; readonly run: Run }>();
  /** Redirects that were followed lately. */
  readonly redirects: Redirected[] = [];
  readonly counters = new Map<string, number>();
  /** Wrong passwords. */
  readonly guesses = new Guesses();
  /** Source and SPI of peers whose handshake came to a stop; bounded by who adds to it. */
  readonly stalled = new Set<string>();
  readonly #rng: Rng;
  #now = instant(0);
  #effects: Effect[] = [];
  #expired: Wipeable[] = [];
  #lastNumber = 0;

  constructor(policy: Policy, primitives: Primitives, rng: Rng) {
    this.policy = policy;
    this.primitives = primitives;
    this.registry = new Registry(primitives.sha256);
    this.#rng = rng;
  }

  get now(): Instant {
    return this.#now;
  }

  /** Begins a turn: effects are collected from here until `endTurn`. */
  beginTurn(now: Instant): void {
    this.#now = now;
    this.#effects = [];
    for (const secret of this.#expired) secret.wipe();
    this.#expired = [];
  }

  endTurn(): readonly Effect[] {
    return this.#effects;
  }

  random = (bytes: number): Uint8Array => this.#rng(bytes);

  /** A new SPI for an IKE SA: never zero, never one in use. */
  drawSpi(): Uint8Array {
    for (;;) {
      const spi = this.random(8);
      if (!isZero(spi) && !this.registry.bySpi(spi)) return spi;
    }
  }

  emit(effect: Effect): void {
    this.#effects.push(effect);
  }

  /** The next moment at which something is to be done; at once while key bytes wait to be wiped. */
  get deadline(): Instant | undefined {
    return this.#expired.length > 0 ? this.#now : this.agenda.next();
  }

  /** SAs that have something to begin, and no exchange that would come round to it. */
  readonly nudged: IkeSa[] = [];

  nudge(sa: IkeSa): void {
    this.nudged.push(sa);
  }

  /** Wipes at the beginning of the next turn: effects of this one may still carry the key. */
  expire(secret: Wipeable): void {
    this.#expired.push(secret);
  }

  report(event: TraceEvent): void {
    this.count(event.kind === 'dropped' ? `dropped.${event.reason}` : event.kind);
    this.emit({ kind: 'report', event });
  }

  count(name: string): void {
    this.counters.set(name, (this.counters.get(name) ?? 0) + 1);
  }

  /** Numbers for SAs, children and tickets: never used twice. */
  nextNumber(): number {
    return ++this.#lastNumber;
  }

  nextTicket(): Ticket {
    return this.nextNumber() as Ticket;
  }
}
