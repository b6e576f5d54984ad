import { invariant } from './invariant.ts';

/**
 * Key bytes with an owner and an end. Prints as «secret 32B» wherever it is printed, and is zeroed by
 * `wipe()`. What JavaScript cannot promise: copies made by the engine's garbage collector.
 */
export class Secret {
  #bytes: Uint8Array;
  #wiped = false;

  /** Takes ownership of `bytes`: the caller keeps no other use of them. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The key itself: a view for immediate use, never to be stored. */
  get bytes(): Uint8Array {
    invariant(!this.#wiped, 'a wiped secret was used');
    return this.#bytes;
  }

  get length(): number {
    return this.#bytes.length;
  }

  get isWiped(): boolean {
    return this.#wiped;
  }

  wipe(): void {
    this.#bytes.fill(0);
    this.#wiped = true;
  }

  toString(): string {
    return `«secret ${this.#bytes.length}B»`;
  }

  toJSON(): string {
    return this.toString();
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}
