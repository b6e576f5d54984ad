// Strict DER (X.690 §10): definite, shortest lengths, one-byte tags, nothing left over. BER is refused: a
// certificate that two readers read differently is an attack.
import { toHex } from '../base/bytes.ts';

/** The bytes are not DER, or not what was expected there; the message is for people. */
export class NotDer extends Error {
  override readonly name = 'NotDer';
}

export interface Element {
  readonly tag: number;
  /** Content octets. */
  readonly body: Uint8Array;
  /** Tag, length and content: a view of the outer buffer. */
  readonly der: Uint8Array;
}

export const Tag = {
  BOOLEAN: 0x01,
  INTEGER: 0x02,
  BIT_STRING: 0x03,
  OCTET_STRING: 0x04,
  OID: 0x06,
  UTF8_STRING: 0x0c,
  PRINTABLE_STRING: 0x13,
  T61_STRING: 0x14,
  IA5_STRING: 0x16,
  UTC_TIME: 0x17,
  GENERALIZED_TIME: 0x18,
  BMP_STRING: 0x1e,
  SEQUENCE: 0x30,
  SET: 0x31,
} as const;

/** All elements that lie in `body`. @throws NotDer */
export function elements(body: Uint8Array): readonly Element[] {
  const found: Element[] = [];
  for (let at = 0; at < body.length; ) {
    const element = elementAt(body, at);
    found.push(element);
    at += element.der.length;
  }
  return found;
}

/** The one element that `der` is. @throws NotDer on another tag, or on bytes behind it */
export function single(der: Uint8Array, tag: number, what: string): Element {
  const fields = new Fields(der, what);
  const element = fields.take(tag);
  fields.end();
  return element;
}

/** The fields of a SEQUENCE, taken in their order. */
export class Fields {
  readonly #elements: readonly Element[];
  readonly #what: string;
  #at = 0;

  /** @param what names the structure in errors. @throws NotDer */
  constructor(body: Uint8Array, what: string) {
    this.#elements = elements(body);
    this.#what = what;
  }

  /** @throws NotDer unless the next field has this tag */
  take(tag: number): Element {
    const element = this.takeIf(tag);
    if (!element) throw new NotDer(`${this.#what}: a field is missing or out of place`);
    return element;
  }

  takeIf(...tags: readonly number[]): Element | undefined {
    const element = this.#elements[this.#at];
    if (!element || !tags.includes(element.tag)) return undefined;
    this.#at++;
    return element;
  }

  /** @throws NotDer when fields are left */
  end(): void {
    if (this.#at < this.#elements.length) throw new NotDer(`${this.#what}: unexpected field`);
  }
}

/** The content octets of an OBJECT IDENTIFIER in hexadecimal: what our tables of OIDs are keyed by. */
export function oidKey({ body }: Element): string {
  if (body.length === 0) throw new NotDer('an empty object identifier');
  return toHex(body);
}

/** DER has 0xff alone for TRUE. FALSE written out, where it is the default, is common and harmless. */
export function readBoolean({ body }: Element): boolean {
  const [value] = body;
  if (body.length !== 1 || (value !== 0 && value !== 0xff)) throw new NotDer('not a boolean');
  return value === 0xff;
}

/** A non-negative INTEGER of at most four bytes. */
export function readSmallInteger({ body }: Element): number {
  const bytes = unsignedInteger(body);
  if (bytes.length > 4) throw new NotDer('an integer is too large');
  return bytes.reduce((value, byte) => value * 256 + byte, 0);
}

/** The magnitude of a non-negative INTEGER without leading zeros; empty for zero. */
export function unsignedInteger(body: Uint8Array): Uint8Array {
  const [first, second] = body;
  if (first === undefined || first >= 0x80) throw new NotDer('an integer is missing or negative');
  if (first !== 0) return body;
  if (second !== undefined && second < 0x80) throw new NotDer('an integer is not the shortest');
  return body.subarray(1);
}

/** The bits of a BIT STRING that is a whole number of bytes. */
export function readBitBytes({ body }: Element): Uint8Array {
  if (body[0] !== 0) throw new NotDer('a bit string with unused bits');
  return body.subarray(1);
}

/** UTCTime or GeneralizedTime with seconds and in UTC, as RFC 5280 §4.1.2.5 wants both. */
export function readTime({ tag, body }: Element): Date {
  const text = String.fromCharCode(...body.subarray(0, 16));
  const isShort = tag === Tag.UTC_TIME;
  if (body.length > 15 || !(isShort ? /^\d{12}Z$/ : /^\d{14}Z$/).test(text)) {
    throw new NotDer('a time is not written as RFC 5280 has it');
  }
  const century = Number(text.slice(0, 2)) >= 50 ? '19' : '20';
  const digits = isShort ? century + text : text;
  const [year = '', month, day, hour, minute, second] = digits.match(/^\d{4}|\d\d/g) ?? [];
  const date = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  // Date rolls 30 February over into March.
  if (Number.isNaN(date.getTime()) || date.getUTCDate() !== Number(day)) {
    throw new NotDer('a time that no calendar has');
  }
  return date;
}

/** `1.3.6.1.5.5.7.3.1` of the content octets in hexadecimal. */
export function formatOid(key: string): string {
  const arcs: bigint[] = [];
  let arc = 0n;
  for (const pair of key.match(/../g) ?? []) {
    const byte = Number.parseInt(pair, 16);
    arc = arc * 128n + BigInt(byte & 0x7f);
    if (byte >= 0x80) continue;
    arcs.push(arc);
    arc = 0n;
  }
  const [first = 0n, ...rest] = arcs;
  const root = first < 80n ? first / 40n : 2n;
  return [root, first - root * 40n, ...rest].join('.');
}

function elementAt(bytes: Uint8Array, at: number): Element {
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (tag === undefined || first === undefined) throw new NotDer('it ends inside an element');
  if ((tag & 0x1f) === 0x1f) throw new NotDer('a tag of more than one byte');
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  if (first === 0x80 || lengthBytes > 3) throw new NotDer('an indefinite or enormous length');
  const start = at + 2 + lengthBytes;
  const length = lengthBytes === 0 ? first : longLength(bytes.subarray(at + 2, start));
  if (start + length > bytes.length) throw new NotDer('an element runs past its end');
  return {
    tag,
    body: bytes.subarray(start, start + length),
    der: bytes.subarray(at, start + length),
  };
}

function longLength(bytes: Uint8Array): number {
  const length = bytes.reduce((value, byte) => value * 256 + byte, 0);
  const isShortest = bytes[0] !== 0 && length >= 0x80;
  if (!isShortest) throw new NotDer('a length is not the shortest');
  return length;
}
