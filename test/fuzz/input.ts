// An input as a little program: numbers and bytes one after the other, which end in zeros.

export class Input {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isEmpty(): boolean {
    return this.#at >= this.#bytes.length;
  }

  u8(): number {
    return this.#bytes[this.#at++] ?? 0;
  }

  u16(): number {
    return this.u8() * 256 + this.u8();
  }

  /** So many bytes, or as many as there are. */
  bytes(count: number): Uint8Array {
    const start = this.#at;
    this.#at += count;
    return this.#bytes.slice(start, start + count);
  }

  rest(): Uint8Array {
    return this.bytes(this.#bytes.length);
  }

  pick<T>(list: readonly T[]): T {
    const one = list[this.u8() % list.length];
    if (one === undefined) throw new Error('nothing to pick from');
    return one;
  }
}

/** Runs something that may fail in these ways, and in no other. */
export function mayFail<T>(errors: readonly (new (...args: never) => Error)[], run: () => T) {
  try {
    return run();
  } catch (error) {
    if (errors.some((kind) => error instanceof kind)) return undefined;
    throw error;
  }
}
