// The next thing to do among the timers of all SAs: a heap, so that a datagram costs the same with one SA or ten
// thousand. An entry whose timer was stopped or started anew is stale, and is thrown away when it comes up.
import type { Instant } from '../../base/time.ts';

export interface Entry<T> {
  readonly at: Instant;
  readonly what: T;
  /** Whether it still stands. */
  isCurrent(): boolean;
}

export class Agenda<T> {
  #heap: Entry<T>[] = [];
  #compactAt = leastCompacted;

  /** How many entries it holds, those included that no longer stand. */
  get size(): number {
    return this.#heap.length;
  }

  add(entry: Entry<T>): void {
    if (this.#heap.length >= this.#compactAt) this.#compact();
    this.#heap.push(entry);
    this.#rise(this.#heap.length - 1);
  }

  /** When the first entry that still stands is due. */
  next(): Instant | undefined {
    while (this.#heap[0] && !this.#heap[0].isCurrent()) this.#pop();
    return this.#heap[0]?.at;
  }

  /** Removes and returns the first entry that is due. */
  take(now: Instant): T | undefined {
    const at = this.next();
    if (at === undefined || at > now) return undefined;
    return this.#pop()?.what;
  }

  /** Throws out what is stale, so that the heap never holds more than twice what stands. */
  #compact(): void {
    const standing = this.#heap.filter((entry) => entry.isCurrent()).sort((a, b) => a.at - b.at);
    this.#heap = standing; // sorted, and so a heap
    this.#compactAt = Math.max(leastCompacted, 2 * standing.length);
  }

  #pop(): Entry<T> | undefined {
    const first = this.#heap[0];
    const last = this.#heap.pop();
    if (last && this.#heap.length > 0) {
      this.#heap[0] = last;
      this.#sink();
    }
    return first;
  }

  #rise(index: number): void {
    let at = index;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(at, parent)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  #sink(): void {
    for (let at = 0; ; ) {
      let first = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < this.#heap.length && this.#isBefore(child, first)) first = child;
      }
      if (first === at) return;
      this.#swap(at, first);
      at = first;
    }
  }

  #isBefore(a: number, b: number): boolean {
    return (this.#heap[a]?.at ?? 0) < (this.#heap[b]?.at ?? 0);
  }

  #swap(a: number, b: number): void {
    const [x, y] = [this.#heap[a], this.#heap[b]];
    if (x && y) [this.#heap[a], this.#heap[b]] = [y, x];
  }
}

const leastCompacted = 64;
