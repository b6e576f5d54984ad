// ESP packets without their cryptography (RFC 4303 §2): for the in-memory data plane and for captures.
import { concat, Reader } from '../base/bytes.ts';
import { reading, WireError } from './codec.ts';

export interface EspPacket {
  /** 256 or more: 0 is never on the wire, 1 to 255 are reserved (RFC 4303 §2.1). */
  readonly spi: number;
  /** The low 32 bits of the sequence number. */
  readonly sequence: number;
  /** IV, ciphertext and ICV. */
  readonly sealed: Uint8Array;
}

/** What is inside, once decrypted. */
export interface EspPayload {
  /** IP protocol of `inner`: 4 is IPv4, 41 is IPv6, 59 a dummy packet to be thrown away. */
  readonly nextHeader: number;
  readonly inner: Uint8Array;
}

export const espHeaderBytes = 8;
export const NextHeader = { IPV4: 4, IPV6: 41, NONE: 59 } as const;

/** @throws WireError */
export function decodeEsp(bytes: Uint8Array): EspPacket {
  return reading('ESP Header', () => {
    const r = new Reader(bytes);
    const spi = r.u32();
    if (spi < 256) throw new WireError('SPI', 0, `${spi} is reserved`);
    return { spi, sequence: r.u32(), sealed: r.rest() };
  });
}

export function encodeEsp({ spi, sequence, sealed }: EspPacket): Uint8Array {
  const header = new Uint8Array(espHeaderBytes);
  const view = new DataView(header.buffer);
  view.setUint32(0, spi);
  view.setUint32(4, sequence);
  return concat(header, sealed);
}

/**
 * Adds the ESP trailer: padding, Pad Length, Next Header.
 * @param blockBytes of the cipher; the result is a multiple of it and of 4 (RFC 4303 §2.4)
 */
export function encodeEspPayload(
  { nextHeader, inner }: EspPayload,
  blockBytes: number,
): Uint8Array {
  const align = Math.max(4, blockBytes);
  const padBytes = (align - ((inner.length + trailerBytes) % align)) % align;
  const padding = Uint8Array.from({ length: padBytes }, (_, i) => i + 1);
  return concat(inner, padding, Uint8Array.of(padBytes, nextHeader));
}

/**
 * Takes the ESP trailer off, and what traffic flow confidentiality put behind the inner IP packet
 * (RFC 4303 §2.7).
 * @throws WireError on padding that is not 1, 2, 3 …, or an inner packet that claims more than there is
 */
export function decodeEspPayload(plaintext: Uint8Array): EspPayload {
  if (plaintext.length < trailerBytes) {
    throw new WireError('ESP Trailer', 0, `only ${plaintext.length} bytes`);
  }
  const at = plaintext.length - trailerBytes;
  const [padBytes = 0, nextHeader = 0] = plaintext.subarray(at);
  if (padBytes > at)
    throw new WireError('Pad Length', at, `${padBytes}, but ${at} bytes stand before`);
  const payload = plaintext.subarray(0, at - padBytes);
  const padding = plaintext.subarray(at - padBytes, at);
  if (!padding.every((byte, i) => byte === i + 1)) {
    throw new WireError('Padding', at - padBytes, 'not 1, 2, 3 …');
  }
  return { nextHeader, inner: payload.subarray(0, innerBytes(nextHeader, payload)) };
}

/** The length that the inner packet claims for itself; all there is for what is no IP packet. */
function innerBytes(nextHeader: number, payload: Uint8Array): number {
  const expected = ipHeaders[nextHeader];
  if (!expected) return payload.length;
  return reading('inner packet', () => {
    const r = new Reader(payload);
    const version = r.u8() >> 4;
    if (version !== expected.version) {
      throw new WireError('inner packet', 0, `IP version ${version}, not ${expected.version}`);
    }
    r.bytes(expected.lengthAt - 1);
    const length = r.u16() + expected.besides;
    if (length < expected.bytes || length > payload.length) {
      throw new WireError('inner packet', 0, `claims ${length} of ${payload.length} bytes`);
    }
    return length;
  });
}

/** IPv4 states its total length, IPv6 what follows its header. */
const ipHeaders: Readonly<
  Record<number, { version: number; bytes: number; lengthAt: number; besides: number }>
> = {
  [NextHeader.IPV4]: { version: 4, bytes: 20, lengthAt: 2, besides: 0 },
  [NextHeader.IPV6]: { version: 6, bytes: 40, lengthAt: 4, besides: 40 },
};
const trailerBytes = 2;
