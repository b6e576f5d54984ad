// The 28-byte IKE header (RFC 7296 §3.1).
import { Reader, type Writer } from '../base/bytes.ts';
import { reading } from './codec.ts';

export interface Header {
  /** 8 bytes, chosen by the original initiator of the IKE SA. */
  readonly spiI: Uint8Array;
  /** 8 bytes; zero in the first request. */
  readonly spiR: Uint8Array;
  /** Type of the first payload. */
  readonly nextPayload: number;
  readonly majorVersion: number;
  /** Ignored on receipt (RFC 7296 §2.5). */
  readonly minorVersion: number;
  /** One of Exchange. */
  readonly exchange: number;
  /** Sent by the original initiator of this IKE SA, whoever began the exchange. */
  readonly isInitiator: boolean;
  readonly isResponse: boolean;
  readonly messageId: number;
  /** Of the whole message, this header included. */
  readonly length: number;
}

export const headerBytes = 28;

/**
 * Reads the header at the start of `bytes`; what follows is not looked at, and neither the version nor the
 * length is judged. Reserved flags and the Version flag are ignored (RFC 7296 §3.1).
 * @throws WireError when there are fewer than 28 bytes
 */
export function decodeHeader(bytes: Uint8Array): Header {
  return reading('IKE Header', () => {
    const r = new Reader(bytes);
    const spis = { spiI: r.bytes(8), spiR: r.bytes(8) };
    const nextPayload = r.u8();
    const version = r.u8();
    const exchange = r.u8();
    const flags = r.u8();
    return {
      ...spis,
      nextPayload,
      majorVersion: version >> 4,
      minorVersion: version & 0x0f,
      exchange,
      isInitiator: (flags & flagInitiator) !== 0,
      isResponse: (flags & flagResponse) !== 0,
      messageId: r.u32(),
      length: r.u32(),
    };
  });
}

export function encodeHeader(w: Writer, header: Header): void {
  w.bytes(header.spiI);
  w.bytes(header.spiR);
  w.u8(header.nextPayload);
  w.u8((header.majorVersion << 4) | header.minorVersion);
  w.u8(header.exchange);
  w.u8((header.isInitiator ? flagInitiator : 0) | (header.isResponse ? flagResponse : 0));
  w.u32(header.messageId);
  w.u32(header.length);
}

const flagInitiator = 0x08;
const flagResponse = 0x20;
