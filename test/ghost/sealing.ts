// SK and SKF as a client seals and opens them (RFC 7296 §3.14, RFC 5282, RFC 7383 §2.5).
import { concat, equal, Writer } from '../../src/base/bytes.ts';
import type { Rng } from '../../src/crypto/primitives.ts';
import { PayloadType } from '../../src/iana/payloads.ts';
import { encodeHeader, type Header } from '../../src/wire/header.ts';
import type { DirectionKeys } from './keys.ts';
import { cipherOf, type Suite } from './suite.ts';

export type HeaderFields = Omit<Header, 'nextPayload' | 'length'>;
/** Which fragment of how many. */
export interface Piece {
  readonly number: number;
  readonly total: number;
}

/** Bytes around `length` bytes of payloads, from the IKE header to the checksum. */
export function overhead(suite: Suite, isFragment: boolean): number {
  const { encr, integ } = suite;
  const most = encr.ivBytes + encr.blockBytes + (integ?.icvBytes ?? tagBytes);
  return 28 + 4 + (isFragment ? 4 : 0) + most;
}

export function seal(
  { suite, keys, rng }: { suite: Suite; keys: DirectionKeys; rng: Rng },
  header: HeaderFields,
  { first, inner, piece }: { first: number; inner: Uint8Array; piece?: Piece | undefined },
): Uint8Array {
  const { encr, integ } = suite;
  const block = encr.blockBytes;
  const padBytes = (block - ((inner.length + 1) % block)) % block;
  const plain = concat(inner, rng(padBytes), Uint8Array.of(padBytes));
  const icvBytes = integ?.icvBytes ?? tagBytes;
  const sealedBytes = encr.ivBytes + plain.length + icvBytes;
  const head = headOf(header, { first, piece, sealedBytes });
  const iv = rng(encr.ivBytes);
  if (encr.engine === 'aesCbc') {
    const body = concat(head, iv, cipherOf(encr.engine).encrypt(keys.e, iv, plain));
    return concat(body, integ?.mac.compute(keys.a, body).slice(0, icvBytes) ?? new Uint8Array(0));
  }
  const { key, salt } = withoutSalt(keys.e, encr.saltBytes);
  return concat(head, iv, cipherOf(encr.engine).seal(key, concat(salt, iv), head, plain));
}

/** @returns the payloads, or undefined when the message is not authentic */
export function open(
  suite: Suite,
  keys: DirectionKeys,
  { bytes, sealed }: { bytes: Uint8Array; sealed: Uint8Array },
): Uint8Array | undefined {
  const plain = decrypt(suite, keys, { bytes, sealed });
  const padBytes = plain?.at(-1);
  return plain && padBytes !== undefined && plain.length > padBytes
    ? plain.subarray(0, plain.length - 1 - padBytes)
    : undefined;
}

function decrypt(
  { encr, integ }: Suite,
  keys: DirectionKeys,
  { bytes, sealed }: { bytes: Uint8Array; sealed: Uint8Array },
): Uint8Array | undefined {
  const iv = sealed.subarray(0, encr.ivBytes);
  if (encr.engine === 'aesCbc') {
    const icvBytes = integ?.icvBytes ?? 0;
    const end = bytes.length - icvBytes;
    const expected = integ?.mac.compute(keys.a, bytes.subarray(0, end)).slice(0, icvBytes);
    if (!expected || !equal(expected, bytes.subarray(end))) return undefined;
    const content = sealed.subarray(encr.ivBytes, sealed.length - icvBytes);
    return cipherOf(encr.engine).decrypt(keys.e, iv, content);
  }
  const head = bytes.subarray(0, bytes.length - sealed.length);
  const { key, salt } = withoutSalt(keys.e, encr.saltBytes);
  const content = sealed.subarray(encr.ivBytes);
  return cipherOf(encr.engine).open(key, concat(salt, iv), head, content);
}

function headOf(
  header: HeaderFields,
  { first, piece, sealedBytes }: { first: number; piece: Piece | undefined; sealedBytes: number },
): Uint8Array {
  const payloadBytes = 4 + (piece ? 4 : 0) + sealedBytes;
  const w = new Writer();
  const nextPayload = piece ? PayloadType.SKF : PayloadType.SK;
  encodeHeader(w, { ...header, nextPayload, length: 28 + payloadBytes });
  w.u8(first);
  w.u8(0);
  w.u16(payloadBytes);
  if (piece) {
    w.u16(piece.number);
    w.u16(piece.total);
  }
  return w.finish();
}

const withoutSalt = (bytes: Uint8Array, saltBytes: number) => ({
  key: bytes.subarray(0, bytes.length - saltBytes),
  salt: bytes.subarray(bytes.length - saltBytes),
});
const tagBytes = 16;
