// Bounds-checked, big-endian access to bytes. Nothing here clamps: a read past the end is an error.

/** A read went past the end of its window. Codecs turn it into a `WireError` with the field's name. */
export class OutOfBytes extends Error {
  override readonly name = 'OutOfBytes';
  /** Where the read began, counted from the start of the outermost buffer. */
  readonly offset: number;
  constructor(offset: number, wanted: number, left: number) {
    super(`wanted ${wanted} bytes at offset ${offset}, ${left} left`);
    this.offset = offset;
  }
}

/** Reads forward through a window of bytes. Returned arrays are views, not copies. */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #base: number;
  #at = 0;

  /** @param base offset of `bytes` in the outermost buffer, so that errors name the true place */
  constructor(bytes: Uint8Array, base = 0) {
    this.#bytes = bytes;
    this.#base = base;
  }

  /** Bytes not read yet. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** Offset of the next byte in the outermost buffer. */
  get offset(): number {
    return this.#base + this.#at;
  }

  u8(): number {
    return this.#take(1)[0] as number;
  }

  u16(): number {
    const b = this.#take(2);
    return ((b[0] as number) << 8) | (b[1] as number);
  }

  u24(): number {
    const b = this.#take(3);
    return ((b[0] as number) << 16) | ((b[1] as number) << 8) | (b[2] as number);
  }

  u32(): number {
    const b = this.#take(4);
    return (
      (b[0] as number) * 0x1000000 +
      (((b[1] as number) << 16) | ((b[2] as number) << 8) | (b[3] as number))
    );
  }

  bytes(length: number): Uint8Array {
    return this.#take(length);
  }

  rest(): Uint8Array {
    return this.#take(this.left);
  }

  /** A reader over the next `length` bytes; this one moves behind them. */
  sub(length: number): Reader {
    const base = this.offset;
    return new Reader(this.#take(length), base);
  }

  #take(length: number): Uint8Array {
    if (length < 0 || length > this.left) throw new OutOfBytes(this.offset, length, this.left);
    const view = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return view;
  }
}

/** Appends bytes to a buffer that grows. Values that do not fit their field are a programming error. */
export class Writer {
  #bytes = new Uint8Array(256);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  u8(value: number): void {
    this.#put(value, 1);
  }

  u16(value: number): void {
    this.#put(value, 2);
  }

  u24(value: number): void {
    this.#put(value, 3);
  }

  u32(value: number): void {
    this.#put(value, 4);
  }

  bytes(value: Uint8Array): void {
    this.#room(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  /** Overwrites one byte written earlier. */
  patchU8(at: number, value: number): void {
    this.#patch(at, value, 1);
  }

  /** Overwrites two bytes written earlier: lengths that are known only afterwards. */
  patchU16(at: number, value: number): void {
    this.#patch(at, value, 2);
  }

  /** Overwrites four bytes written earlier. */
  patchU32(at: number, value: number): void {
    this.#patch(at, value, 4);
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #put(value: number, length: number): void {
    this.#room(length);
    this.#store(this.#length, value, length);
    this.#length += length;
  }

  #patch(at: number, value: number, length: number): void {
    if (at < 0 || at + length > this.#length) throw new RangeError(`nothing written at ${at}`);
    this.#store(at, value, length);
  }

  #store(at: number, value: number, length: number): void {
    if (!Number.isInteger(value) || value < 0 || value >= 2 ** (8 * length)) {
      throw new RangeError(`${value} does not fit ${length} bytes`);
    }
    for (let i = length - 1, rest = value; i >= 0; i--, rest = Math.floor(rest / 256)) {
      this.#bytes[at + i] = rest % 256;
    }
  }

  #room(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Compares without revealing where the first difference is; lengths are public. */
export function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= (a[i] as number) ^ (b[i] as number);
  return difference === 0;
}

export function isZero(bytes: Uint8Array): boolean {
  let seen = 0;
  for (const byte of bytes) seen |= byte;
  return seen === 0;
}

/** Orders octet by octet; where one ends, it is the lower: as RFC 7296 §2.8.1 compares nonces. */
export function compare(a: Uint8Array, b: Uint8Array): number {
  const length = Math.max(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = (a[i] ?? -1) - (b[i] ?? -1);
    if (difference !== 0) return Math.sign(difference);
  }
  return 0;
}

export function toHex(bytes: Uint8Array): string {
  let out = '';
  for (const byte of bytes) out += (byte < 16 ? '0' : '') + byte.toString(16);
  return out;
}

/** @throws RangeError unless `text` is an even number of hexadecimal digits; spaces are allowed between bytes */
export function fromHex(text: string): Uint8Array {
  const digits = text.replace(/\s+/g, '');
  if (!/^([0-9a-fA-F]{2})*$/.test(digits)) throw new RangeError('not hexadecimal');
  const out = new Uint8Array(digits.length / 2);
  for (let i = 0; i < out.length; i++) out[i] = Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16);
  return out;
}

/** Bytes of a string of ASCII or UTF-8. */
export function fromText(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/**
 * UTF-8 text for a person or a table. Invalid sequences become U+FFFD and control characters `\xNN`,
 * so that nothing from the wire can break a log line.
 */
export function toText(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes);
  let out = '';
  for (const char of text) {
    const code = char.codePointAt(0) as number;
    const isControl = code < 0x20 || (code >= 0x7f && code < 0xa0);
    out += isControl ? `\\x${code.toString(16).padStart(2, '0')}` : char;
  }
  return out;
}
