// The recent past, for `ikectl log` and the web page: the last events of all, of each SA, and the last
// failed attempts. Bounded however long it runs and whatever arrives.
import type { SaRef } from '../ike/core.ts';
import { levelOf, type TraceEvent } from '../ike/events.ts';

export type Level = 'error' | 'warn' | 'info' | 'debug';

export interface Entry {
  /** Counts up by one per entry since the start of the service. */
  readonly id: number;
  /** Wall time in milliseconds since 1970. */
  readonly at: number;
  readonly level: Level;
  readonly event: TraceEvent;
}

/** So many entries are not there any more. */
export interface Gap {
  /** The entry that they stood behind. */
  readonly after: number;
  readonly forgotten: number;
}

export interface RingSizes {
  readonly all: number;
  /** Of an SA its beginning, which is its handshake, and what happened last. */
  readonly firstOfSa: number;
  readonly lastOfSa: number;
  readonly attempts: number;
  /** Entries of all SAs together; the SA that was quiet longest is forgotten first. */
  readonly ofSas: number;
}
const ringSizes: RingSizes = {
  all: 1000,
  firstOfSa: 60,
  lastOfSa: 140,
  attempts: 100,
  ofSas: 10_000,
};

/** Keeps entries and finds them again. */
export class Ring {
  readonly #sizes: RingSizes;
  readonly #all: Last<Entry>;
  readonly #attempts: Last<Entry>;
  /** In order of their last entry. */
  readonly #bySa = new Map<SaRef, Life>();
  #ofSas = 0;
  #nextId = 1;

  constructor(sizes: RingSizes = ringSizes) {
    this.#sizes = sizes;
    this.#all = new Last(sizes.all);
    this.#attempts = new Last(sizes.attempts);
  }

  add(at: number, event: TraceEvent): Entry {
    const entry = { id: this.#nextId++, at, level: levelOf[event.kind], event };
    this.#all.push(entry);
    if (event.kind === 'attempt.failed') this.#attempts.push(entry);
    if (event.sa !== undefined) this.#addToSa(event.sa, entry);
    return entry;
  }

  /** The newest `limit` entries after entry `since`, oldest first. */
  events(since: number, limit: number): readonly Entry[] {
    return newest(this.#all.toArray(), since, limit);
  }

  ofSa(sa: SaRef, since: number, limit: number): readonly Entry[] {
    return newest(this.#bySa.get(sa)?.entries() ?? [], since, limit);
  }

  /** What was forgotten of an SA that lived long, between its beginning and what happened last. */
  gapOf(sa: SaRef): Gap | undefined {
    return this.#bySa.get(sa)?.gap;
  }

  attempts(since: number, limit: number): readonly Entry[] {
    return newest(this.#attempts.toArray(), since, limit);
  }

  #addToSa(sa: SaRef, entry: Entry): void {
    const life = this.#bySa.get(sa) ?? new Life(this.#sizes);
    const before = life.size;
    life.push(entry);
    this.#ofSas += life.size - before;
    this.#bySa.delete(sa);
    this.#bySa.set(sa, life);
    for (const [quietest, entries] of this.#bySa) {
      if (this.#ofSas <= this.#sizes.ofSas || quietest === sa) break;
      this.#bySa.delete(quietest);
      this.#ofSas -= entries.size;
    }
  }
}

/** What is kept of one SA. */
class Life {
  readonly #first: Entry[] = [];
  readonly #mostFirst: number;
  readonly #last: Last<Entry>;
  #count = 0;

  constructor({ firstOfSa, lastOfSa }: RingSizes) {
    this.#mostFirst = firstOfSa;
    this.#last = new Last(lastOfSa);
  }

  get size(): number {
    return this.#first.length + this.#last.size;
  }

  get gap(): Gap | undefined {
    const after = this.#first.at(-1)?.id ?? 0;
    const forgotten = this.#count - this.size;
    return forgotten === 0 ? undefined : { after, forgotten };
  }

  push(entry: Entry): void {
    this.#count++;
    if (this.#first.length < this.#mostFirst) this.#first.push(entry);
    else this.#last.push(entry);
  }

  entries(): readonly Entry[] {
    return [...this.#first, ...this.#last.toArray()];
  }
}

/** The last `capacity` values that were pushed. */
class Last<T> {
  readonly #capacity: number;
  readonly #values: T[] = [];
  #oldest = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#values.length;
  }

  push(value: T): void {
    if (this.#values.length < this.#capacity) {
      this.#values.push(value);
      return;
    }
    this.#values[this.#oldest] = value;
    this.#oldest = (this.#oldest + 1) % this.#capacity;
  }

  toArray(): readonly T[] {
    return [...this.#values.slice(this.#oldest), ...this.#values.slice(0, this.#oldest)];
  }
}

function newest(entries: readonly Entry[], since: number, limit: number): readonly Entry[] {
  const later = entries.filter(({ id }) => id > since);
  return later.slice(Math.max(0, later.length - limit));
}
