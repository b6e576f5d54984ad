// How many attempts led nowhere, by what was refused. Unlike the log it counts those that are held back, too.
import type { TraceEvent } from '../ike/events.ts';

/** What a peer answers may have any name: its memory is bounded by `mostNames`. */
export class Tally {
  readonly #refusals = new Map<string, number>();

  note(event: TraceEvent): void {
    if (event.kind !== 'attempt.failed') return;
    const isNew = !this.#refusals.has(event.notify);
    const name = isNew && this.#refusals.size >= mostNames ? otherNames : event.notify;
    this.#refusals.set(name, (this.#refusals.get(name) ?? 0) + 1);
  }

  get refusals(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#refusals);
  }
}

const mostNames = 32;
const otherNames = 'other';
