// Ends the tunnels of users and devices when their time is over, to the second that the configuration says.
import { type Duration, milliseconds, seconds } from '../base/time.ts';
import type { Account } from '../config/configuration.ts';
import type { SaRef, SaSnapshot } from '../ike/core.ts';
import type { TraceEvent } from '../ike/events.ts';
import { nextExpiry, whyOut } from './accounts.ts';

export interface Watching {
  /** @returns how to cancel */
  readonly after: (delay: Duration, run: () => void) => () => void;
  /** Wall clock, in milliseconds since 1970. */
  readonly now: () => number;
  readonly accounts: () => readonly Account[];
  readonly sas: () => readonly SaSnapshot[];
  readonly hangUp: (sa: SaRef, why: string) => void;
}

export class AccountWatch {
  readonly #watching: Watching;
  #cancel: () => void = () => {};

  constructor(watching: Watching) {
    this.#watching = watching;
    this.settle();
  }

  /** A login may have taken minutes, and its time ended while nobody knew yet whose it was. */
  heed(event: TraceEvent): void {
    if (event.kind !== 'sa.established' || event.sa === undefined) return;
    const { accounts, now, hangUp } = this.#watching;
    const why = whyOut(event, accounts(), accounts(), now());
    if (why !== undefined) hangUp(event.sa, why);
  }

  /** Looks at all, and again when the next one ends; to be called when accounts may have changed. */
  settle(): void {
    const { accounts: all, sas, now, hangUp, after } = this.#watching;
    this.#cancel();
    const accounts = all();
    const at = now();
    for (const sa of sas()) {
      const why = whyOut(sa, accounts, accounts, at);
      if (why !== undefined) hangUp(sa.id, why);
    }
    const next = nextExpiry(accounts, at);
    if (next === undefined) return;
    // The wall clock may be set meanwhile.
    const wait = Math.min(next - at + 1, longest);
    this.#cancel = after(milliseconds(wait), () => this.settle());
  }

  close(): void {
    this.#cancel();
  }
}

const longest = seconds(60);
