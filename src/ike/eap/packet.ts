// EAP packets (RFC 3748 §4): code, identifier, length, and in requests and responses a type with its data.
import { Reader, Writer } from '../../base/bytes.ts';
import { EapCode } from '../../iana/eap.ts';
import { reading, WireError } from '../../wire/codec.ts';

export type EapPacket = EapTalk | EapResult;

/** A request or a response. */
export interface EapTalk {
  readonly code: 'request' | 'response';
  readonly identifier: number;
  /** One of EapType, or a number that nobody here knows. */
  readonly type: number;
  /** What follows the Type octet; empty is legal. */
  readonly data: Uint8Array;
}
/** How a conversation ended, in the words of the server. It proves nothing: anybody could have written it. */
export interface EapResult {
  readonly code: 'success' | 'failure';
  readonly identifier: number;
}

/**
 * Reads one packet. Its own length may be shorter than the bytes around it, which are then no part of it; it may
 * not be longer (RFC 3748 §4).
 * @throws WireError
 */
export function decodeEap(bytes: Uint8Array): EapPacket {
  const r = new Reader(bytes);
  return reading('EAP packet', () => {
    const code = codeOf(r.u8());
    const identifier = r.u8();
    const length = r.u16();
    if (length < headerBytes)
      throw new WireError('EAP Length', 2, `${length} bytes, header included`);
    const body = r.sub(length - headerBytes);
    if (code === 'request' || code === 'response') {
      return { code, identifier, type: body.u8(), data: body.rest() };
    }
    if (body.left > 0) throw new WireError('EAP Length', 2, `${length} bytes of a result`);
    return { code, identifier };
  });
}

/** The inverse of `decodeEap`. */
export function encodeEap(packet: EapPacket): Uint8Array {
  const w = new Writer();
  w.u8(codes[packet.code]);
  w.u8(packet.identifier);
  w.u16(0);
  if ('type' in packet) {
    w.u8(packet.type);
    w.bytes(packet.data);
  }
  w.patchU16(2, w.length);
  return w.finish();
}

function codeOf(octet: number): EapPacket['code'] {
  for (const code of ['request', 'response', 'success', 'failure'] as const) {
    if (codes[code] === octet) return code;
  }
  throw new WireError('EAP Code', 0, `unknown code ${octet}`);
}

const codes = {
  request: EapCode.REQUEST,
  response: EapCode.RESPONSE,
  success: EapCode.SUCCESS,
  failure: EapCode.FAILURE,
} as const;
const headerBytes = 4;
