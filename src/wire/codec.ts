// What a codec is, and the one way in which it fails.
import { OutOfBytes, type Reader, type Writer } from '../base/bytes.ts';

/** Bytes ↔ value. `decode` reads everything up to the end of its reader or throws. */
export interface Codec<T> {
  decode(r: Reader): T;
  encode(w: Writer, value: T): void;
}

/** A codec that also sees the Next Payload field of its payload: in SK and SKF it names what is inside. */
export interface PayloadCodec<T> {
  decode(r: Reader, next: number): T;
  encode(w: Writer, value: T): void;
}

/** Bytes that do not parse. Before keys: drop and count; after: INVALID_SYNTAX (RFC 7296 §2.21). */
export class WireError extends Error {
  override readonly name = 'WireError';
  /** The payload or field, in the RFC's words. */
  readonly field: string;
  /** Offset in the message. */
  readonly offset: number;
  constructor(field: string, offset: number, why: string) {
    super(`${field} at offset ${offset}: ${why}`);
    this.field = field;
    this.offset = offset;
  }
}

/** Runs a decoder over a whole window: a short read and a trailing byte are both WireErrors that name `field`. */
export function decodeWhole<T>(field: string, r: Reader, decode: (r: Reader) => T): T {
  const value = reading(field, () => decode(r));
  if (r.left > 0) throw new WireError(field, r.offset, `${r.left} trailing bytes`);
  return value;
}

/** Turns a read past the end into a WireError that names `field`. */
export function reading<T>(field: string, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (error instanceof OutOfBytes) throw new WireError(field, error.offset, error.message);
    throw error;
  }
}
