// Reads DER element by element, for what is too long to be made a tree of: a CRL may have ten thousand entries, each of
// which the library takes 10 µs for. Strict as der.ts is: tags of one byte, lengths definite, the shortest and true.
import { NotDer } from './der.ts';

export interface Tlv {
  readonly tag: number;
  /** Content octets. */
  readonly body: Uint8Array;
  /** Tag, length and content. */
  readonly der: Uint8Array;
}

/** The elements that follow each other in `bytes`. @throws NotDer, when it comes to it */
export function* walk(bytes: Uint8Array): Generator<Tlv, undefined> {
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at] ?? 0;
    const first = bytes[at + 1] ?? 0x80;
    const more = first < 0x80 ? 0 : first & 0x7f;
    let length = first < 0x80 ? first : 0;
    for (let i = 0; i < more; i++) length = length * 256 + (bytes[at + 2 + i] ?? 0);
    const start = at + 2 + more;
    const end = start + length;
    const isShortest = more === 0 || (length >= 0x80 && length >= 256 ** (more - 1));
    const isOdd = first === 0x80 || more > 4 || !isShortest || (tag & 0x1f) === 0x1f;
    if (isOdd || end > bytes.length) throw new NotDer('a tag or length is not DER');
    yield { tag, body: bytes.subarray(start, end), der: bytes.subarray(at, end) };
    at = end;
  }
}

/** The one element that `bytes` is. @throws NotDer */
export function single(bytes: Uint8Array, tag: number): Tlv {
  const [element, ...more] = walk(bytes);
  if (!element || more.length > 0 || element.tag !== tag) throw new NotDer('it is something else');
  return element;
}

/** Takes elements from a sequence in their order. */
export class Fields {
  readonly #rest: Generator<Tlv, undefined>;
  #next: Tlv | undefined;

  constructor(body: Uint8Array) {
    this.#rest = walk(body);
    this.#next = this.#rest.next().value;
  }

  /** The next element, if it has that tag. */
  optional(...tags: readonly number[]): Tlv | undefined {
    const found = this.#next;
    if (!found || !tags.includes(found.tag)) return undefined;
    this.#next = this.#rest.next().value;
    return found;
  }

  /** @throws NotDer when something else comes, or nothing */
  take(...tags: readonly number[]): Tlv {
    const found = this.optional(...tags);
    if (!found) throw new NotDer('a field is missing or out of place');
    return found;
  }

  /** @throws NotDer when anything is left */
  end(): void {
    if (this.#next) throw new NotDer('a field is too many');
  }
}

/** The octets of a BIT STRING that uses all its bits, as signatures do. @throws NotDer */
export function wholeBits({ body }: Tlv): Uint8Array {
  if (body[0] !== 0) throw new NotDer('a bit string of no whole octets');
  return body.subarray(1);
}

/** UTCTime or GeneralizedTime in whole seconds of UTC (RFC 5280 §4.1.2.5). @throws NotDer */
export function readTime({ tag, body }: Tlv): Date {
  const text = Buffer.from(body).toString('latin1');
  const digits = tag === Tag.UTC_TIME ? century(text) : text;
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(digits) ?? [];
  const [year = 0, month = 0, ...rest] = parts.map(Number);
  const time = new Date(0);
  const [day = 0, hour = 0, minute = 0, second = 0] = rest;
  time.setUTCFullYear(year, month - 1, day);
  time.setUTCHours(hour, minute, second);
  const written = time.toISOString().replace(/\.\d+|[-:T]/g, '');
  if (written !== digits) throw new NotDer('a time is odd');
  return time;
}

const century = (text: string): string => `${Number(text.slice(0, 2)) < 50 ? '20' : '19'}${text}`;

export const Tag = {
  INTEGER: 0x02,
  BIT_STRING: 0x03,
  OCTET_STRING: 0x04,
  OID: 0x06,
  ENUMERATED: 0x0a,
  UTC_TIME: 0x17,
  GENERALIZED_TIME: 0x18,
  SEQUENCE: 0x30,
} as const;
