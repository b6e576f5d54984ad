// An IKE message: the header and the chain of payloads behind it (RFC 7296 §3.1, §3.2).
import { Reader, Writer } from '../base/bytes.ts';
import { invariant } from '../base/invariant.ts';
import { PayloadType } from '../iana/payloads.ts';
import { reading, WireError } from './codec.ts';
import { decodeHeader, encodeHeader, type Header, headerBytes } from './header.ts';
import { decodeBody, encodeBody, numberOf, type Payload } from './payloads/index.ts';

export interface Message {
  readonly header: Header;
  /** In their order; SK or SKF, where there is one, is the last. */
  readonly payloads: readonly Payload[];
}

/**
 * Payloads in one chain. The longest honest message known, an IKE_AUTH with a certificate chain, address
 * notifies and vendor IDs, stays below 40; a datagram of empty payloads would hold 16,000.
 */
export const maxPayloads = 128;

/**
 * Decodes one whole datagram without the non-ESP marker; what SK and SKF seal stays sealed. Byte arrays in the
 * result are views of `bytes`.
 *
 * Decoding and encoding again gives the same bytes but for what a receiver ignores: reserved bits and bytes,
 * the Version flag, selectors of an unknown type; transforms with unknown attributes cannot be encoded.
 * @throws WireError and nothing else
 */
export function decodeMessage(bytes: Uint8Array): Message {
  const header = decodeHeader(bytes);
  if (header.length !== bytes.length) {
    throw new WireError('Length', 24, `${header.length} in a datagram of ${bytes.length} bytes`);
  }
  const chain = new Reader(bytes.subarray(headerBytes), headerBytes);
  return { header, payloads: decodeChain(header.nextPayload, chain) };
}

/** Next Payload fields and lengths follow from `payloads`; SK or SKF must be the last of them. */
export function encodeMessage(
  header: Omit<Header, 'nextPayload' | 'length'>,
  payloads: readonly Payload[],
): Uint8Array {
  const { first, bytes } = encodePayloads(payloads);
  const w = new Writer();
  encodeHeader(w, { ...header, nextPayload: first, length: headerBytes + bytes.length });
  w.bytes(bytes);
  return w.finish();
}

/**
 * Decodes the chain inside SK, which ends where `r` ends.
 * @param first the type of its first payload; 0 when there is none
 * @throws WireError
 */
export function decodePayloads(first: number, r: Reader): Payload[] {
  const at = r.offset;
  const payloads = decodeChain(first, r);
  const last = payloads.at(-1);
  if (last && isSealed(last)) throw new WireError('SK', at, 'an SK payload inside another');
  return payloads;
}

/** Encodes a chain; `first` is what the Next Payload field before it must say. */
export function encodePayloads(payloads: readonly Payload[]): {
  readonly first: number;
  readonly bytes: Uint8Array;
} {
  const w = new Writer();
  for (const [i, one] of payloads.entries()) encodePayload(w, one, payloads[i + 1]);
  return { first: nextField(payloads[0]), bytes: w.finish() };
}

function decodeChain(first: number, r: Reader): Payload[] {
  const payloads: Payload[] = [];
  let type = first;
  while (type !== PayloadType.NONE) {
    if (payloads.length === maxPayloads) {
      throw new WireError('Next Payload', r.offset, `more than ${maxPayloads} payloads`);
    }
    const { decoded, next } = reading('Generic Payload Header', () => decodePayload(type, r));
    payloads.push(decoded);
    type = isSealed(decoded) ? PayloadType.NONE : next;
  }
  if (r.left > 0) {
    throw new WireError('Next Payload', r.offset, `${r.left} bytes behind the last payload`);
  }
  return payloads;
}

function decodePayload(type: number, r: Reader): { decoded: Payload; next: number } {
  const next = r.u8();
  const critical = (r.u8() & flagCritical) !== 0; // the other bits are RESERVED
  const at = r.offset;
  const length = r.u16();
  if (length < genericBytes) throw new WireError('Payload Length', at, `${length} is less than 4`);
  return { decoded: decodeBody({ type, next, critical }, r.sub(length - genericBytes)), next };
}

function encodePayload(w: Writer, one: Payload, following: Payload | undefined): void {
  invariant(!(following && isSealed(one)), 'SK and SKF are the last payload');
  const start = w.length;
  w.u8(isSealed(one) ? one.body.first : nextField(following));
  w.u8(one.critical ? flagCritical : 0);
  w.u16(0);
  encodeBody(w, one);
  w.patchU16(start + 2, w.length - start);
}

const nextField = (one: Payload | undefined): number => (one ? numberOf(one) : PayloadType.NONE);

type Sealed = Extract<Payload, { type: typeof PayloadType.SK | typeof PayloadType.SKF }>;
const isSealed = (one: Payload): one is Sealed =>
  one.type === PayloadType.SK || one.type === PayloadType.SKF;

const flagCritical = 0x80;
const genericBytes = 4;
