// Changes an input in the ways that have found most, elsewhere.
import { concat, fromText } from '../../src/base/bytes.ts';

export class Mutator {
  readonly #longest: number;
  readonly #words: readonly Uint8Array[];
  readonly #changes: readonly ((bytes: Uint8Array) => Uint8Array)[] = [
    (bytes) => this.#poke(bytes, (byte) => byte ^ (1 << this.roll(8))),
    (bytes) => this.#poke(bytes, (byte) => byte + this.roll(33) - 16),
    (bytes) => this.#poke(bytes, () => this.roll(256)),
    (bytes) => this.#poke(bytes, () => this.#pick(odd)),
    (bytes) => this.#insert(bytes, Uint8Array.of(this.roll(256))),
    (bytes) => this.#insert(bytes, this.#piece(bytes)),
    (bytes) => this.#insert(bytes, new Uint8Array(1 + this.roll(40)).fill(this.#pick(odd))),
    (bytes) => this.#cut(bytes),
    (bytes) => this.#overwrite(bytes, this.#piece(bytes)),
    (bytes) => this.#insert(bytes, this.#pick(this.#words)),
    (bytes) => this.#overwrite(bytes, this.#pick(this.#words)),
  ];

  constructor(longest: number, words: readonly (string | Uint8Array)[]) {
    this.#longest = longest;
    const all = words.map((word) => (typeof word === 'string' ? fromText(word) : word));
    this.#words = all.length > 0 ? all : [Uint8Array.of(0, 0, 0, 0)];
  }

  /** A number below `n`. */
  roll(n: number): number {
    return Math.floor(Math.random() * n);
  }

  /** @param other another input, of which a piece may come in */
  mutate(bytes: Uint8Array, other: Uint8Array): Uint8Array {
    let changed = this.roll(8) === 0 ? this.#splice(bytes, other) : bytes;
    for (let i = 1 << this.roll(4); i > 0; i--) changed = this.#pick(this.#changes)(changed);
    return changed.slice(0, this.#longest);
  }

  #poke(bytes: Uint8Array, change: (byte: number) => number): Uint8Array {
    const poked = bytes.slice();
    const at = this.roll(bytes.length);
    poked[at] = change(poked[at] ?? 0);
    return poked;
  }

  #insert(bytes: Uint8Array, more: Uint8Array): Uint8Array {
    const at = this.roll(bytes.length + 1);
    return concat(bytes.subarray(0, at), more, bytes.subarray(at));
  }

  #overwrite(bytes: Uint8Array, more: Uint8Array): Uint8Array {
    const at = this.roll(bytes.length + 1);
    return concat(bytes.subarray(0, at), more, bytes.subarray(at + more.length));
  }

  #cut(bytes: Uint8Array): Uint8Array {
    const at = this.roll(bytes.length);
    return concat(bytes.subarray(0, at), bytes.subarray(at + 1 + this.roll(1 << this.roll(7))));
  }

  #splice(bytes: Uint8Array, other: Uint8Array): Uint8Array {
    return concat(
      bytes.subarray(0, this.roll(bytes.length + 1)),
      other.subarray(this.roll(other.length + 1)),
    );
  }

  #piece(bytes: Uint8Array): Uint8Array {
    const at = this.roll(bytes.length);
    return bytes.slice(at, at + 1 + this.roll(32));
  }

  #pick<T>(list: readonly T[]): T {
    return list[this.roll(list.length)] as T;
  }
}

/** Edges of what a byte, a length or a type can say. */
const odd = [0, 1, 2, 3, 4, 7, 8, 16, 32, 40, 41, 64, 127, 128, 129, 254, 255];
