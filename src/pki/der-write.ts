// Writes DER (X.690 §10): what issue.ts and pkcs12.ts are made of. Values in, one element with tag and length out.
import { concat, fromText } from '../base/bytes.ts';
import { invariant } from '../base/invariant.ts';

type Bytes = Uint8Array;

/** Any element: its identifier octet and its content, in parts. */
export function tagged(tag: number, ...parts: readonly Bytes[]): Bytes {
  const body = concat(...parts);
  return concat(Uint8Array.of(tag, ...lengthOctets(body.length)), body);
}

export const sequence = (...parts: readonly Bytes[]): Bytes => tagged(0x30, ...parts);
/** A SET OF: DER wants its elements in order. */
export const setOf = (...parts: readonly Bytes[]): Bytes =>
  tagged(0x31, ...parts.toSorted(Buffer.compare));
export const octets = (value: Bytes): Bytes => tagged(0x04, value);
/** @param unused bits at the end that do not count */
export const bits = (value: Bytes, unused = 0): Bytes => tagged(0x03, Uint8Array.of(unused), value);
export const truth = (): Bytes => tagged(0x01, Uint8Array.of(0xff));
export const nothing = (): Bytes => tagged(0x05);
export const utf8 = (text: string): Bytes => tagged(0x0c, fromText(text));
/** `[n]` around an element. */
export const explicit = (n: number, element: Bytes): Bytes => tagged(0xa0 + n, element);
/** `[n]` in the place of the tag of a primitive value. */
export const implicit = (n: number, value: Bytes): Bytes => tagged(0x80 + n, value);

/** A whole number that is not negative, or its octets, big-endian. */
export function integer(value: number | Bytes): Bytes {
  const octetsOf = typeof value === 'number' ? bigEndian(value) : value;
  const start = octetsOf.findIndex((octet) => octet !== 0);
  const short = start < 0 ? Uint8Array.of(0) : octetsOf.subarray(start);
  return tagged(0x02, (short[0] ?? 0) < 0x80 ? short : concat(Uint8Array.of(0), short));
}

/** `1.2.840.113549.1.1.11` */
export function oid(dotted: string): Bytes {
  const [first = 0, second = 0, ...arcs] = dotted.split('.').map(Number);
  return tagged(0x06, Uint8Array.from([40 * first + second, ...arcs].flatMap(base128)));
}

/** UTCTime up to 2049, GeneralizedTime from 2050 on (RFC 5280 §4.1.2.5); whole seconds. */
export function time(at: Date): Bytes {
  const digits = at
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace(/[-:T]/g, '');
  return at.getUTCFullYear() < 2050
    ? tagged(0x17, fromText(digits.slice(2)))
    : tagged(0x18, fromText(digits));
}

function lengthOctets(length: number): readonly number[] {
  if (length < 0x80) return [length];
  const octetsOf = bigEndian(length);
  return [0x80 + octetsOf.length, ...octetsOf];
}

/** The fewest octets that hold the number. */
function bigEndian(value: number): Uint8Array {
  invariant(Number.isSafeInteger(value) && value >= 0, 'a whole number that is not negative');
  const octetsOf: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) octetsOf.unshift(rest % 256);
  return Uint8Array.from(octetsOf);
}

function base128(arc: number): number[] {
  const septets = [arc % 128];
  for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) {
    septets.unshift(0x80 + (rest % 128));
  }
  return septets;
}
