// Lines out of a stream of bytes: newline-delimited JSON, with a limit on the length of a line.

/** A line grew longer than allowed. */
export class LineTooLong extends Error {
  override readonly name = 'LineTooLong';
}

/** Collects bytes until there is a line. Its memory is bounded by the longest line and one chunk. */
export class LineSplitter {
  readonly #longest: number;
  #parts: Uint8Array[] = [];
  #length = 0;

  /** @param longest bytes of a line, without its newline */
  constructor(longest: number) {
    this.#longest = longest;
  }

  /** Whether a line has begun and not ended. */
  get isInside(): boolean {
    return this.#length > 0;
  }

  /** Yields the lines that `chunk` completes, empty ones left out. @throws LineTooLong */
  *push(chunk: Uint8Array): Generator<string> {
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      this.#keep(chunk.subarray(start, end));
      start = end + 1;
      const line = this.#take();
      if (line !== '') yield line;
    }
    this.#keep(chunk.slice(start));
  }

  #keep(part: Uint8Array): void {
    this.#length += part.length;
    if (this.#length > this.#longest)
      throw new LineTooLong(`a line has at most ${this.#longest} bytes`);
    if (part.length > 0) this.#parts.push(part);
  }

  #take(): string {
    const text = Buffer.concat(this.#parts).toString('utf8').trim();
    this.#parts = [];
    this.#length = 0;
    return text;
  }
}

const newline = 0x0a;
