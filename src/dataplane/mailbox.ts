// The mailbox's frames (native/include/esp_frame.h): IKE messages both ways, events from the C module. Pure: bytes in,
// values out, however the stream is cut.
import { OutOfBytes, Reader, Writer } from '../base/bytes.ts';
import { ipBytes, ipFromBytes, isIpv4, type SocketAddress } from '../base/ip.ts';
import type { ChildRef, DataPlaneEvent, Path, WaitingPacket } from '../ike/core.ts';
import { anyPort, type Selector } from '../policy/selectors.ts';
import { constants } from './abi.ts';
import type { TappedPacket, TrapRef } from './dataplane.ts';

export type Frame =
  | {
      readonly kind: 'datagram';
      readonly path: Path;
      readonly bytes: Uint8Array;
      /** IKE_SA_INIT with a cookie that the C module asked for, and that fits. */
      readonly isProven: boolean;
    }
  | { readonly kind: 'event'; readonly event: DataPlaneEvent }
  | { readonly kind: 'trapped'; readonly trap: TrapRef; readonly packet: WaitingPacket }
  | { readonly kind: 'tapped'; readonly packet: TappedPacket }
  | { readonly kind: 'network' }
  | { readonly kind: 'failed'; readonly why: string };

/** The other end does not keep to the framing; nothing behind it can be trusted. */
export class MailboxError extends Error {
  override readonly name = 'MailboxError';
}

/** One IKE message to send, as a frame. @throws RangeError when it is longer than a datagram can be */
export function encodeDatagram(path: Path, bytes: Uint8Array): Uint8Array {
  return encodeFrame(constants.ESP_FRAME_DATAGRAM, path, bytes);
}

/** A NAT keepalive to send. */
export const encodeKeepalive = (path: Path): Uint8Array =>
  encodeFrame(constants.ESP_FRAME_KEEPALIVE, path, new Uint8Array(0));

/** The data plane is to keep what comes for this SPI, until `encodeSettle`. */
export const encodeExpect = (spi: number): Uint8Array => encodeSpi(constants.ESP_FRAME_EXPECT, spi);

/** The child with this inbound SPI is installed. */
export const encodeSettle = (spi: number): Uint8Array => encodeSpi(constants.ESP_FRAME_SETTLE, spi);

/** Messages for this IKE SPI of ours pass the door. */
export function encodeAdmit(spi: Uint8Array): Uint8Array {
  const w = new Writer();
  w.u32(1 + spi.length);
  w.u8(constants.ESP_FRAME_ADMIT);
  w.bytes(spi);
  return w.finish();
}

function encodeSpi(kind: number, spi: number): Uint8Array {
  const w = new Writer();
  w.u32(5);
  w.u8(kind);
  w.u32(spi);
  return w.finish();
}

function encodeFrame(kind: number, path: Path, bytes: Uint8Array): Uint8Array {
  const w = new Writer();
  w.u32(0);
  w.u8(kind);
  writeAddress(w, path.local);
  writeAddress(w, path.remote);
  w.bytes(bytes);
  const length = w.length - lengthBytes;
  if (length > constants.ESP_MAX_FRAME) throw new RangeError(`a frame of ${length} bytes`);
  w.patchU32(0, length);
  return w.finish();
}

/** Cuts a stream into frames. */
export class FrameReader {
  #kept: Uint8Array = new Uint8Array(0);

  /**
   * Takes the next bytes of the stream.
   * @returns the frames that they complete; their bytes are copies
   * @throws MailboxError
   */
  take(chunk: Uint8Array): readonly Frame[] {
    // What Node hands over is a Buffer, whose slice() would be a view.
    const plain = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);
    const stream = this.#kept.length === 0 ? plain : joined(this.#kept, plain);
    const frames: Frame[] = [];
    let at = 0;
    for (;;) {
      const length = frameLength(stream, at);
      if (length === undefined || stream.length - at - lengthBytes < length) break;
      const body = at + lengthBytes;
      frames.push(decode(stream.subarray(body, body + length)));
      at = body + length;
    }
    this.#kept = stream.slice(at);
    return frames;
  }
}

/** Undefined: not all of it has come. */
function frameLength(stream: Uint8Array, at: number): number | undefined {
  if (stream.length - at < lengthBytes) return undefined;
  const length = new Reader(stream.subarray(at, at + lengthBytes)).u32();
  if (length === 0 || length > constants.ESP_MAX_FRAME) {
    throw new MailboxError(`a frame of ${length} bytes`);
  }
  return length;
}

function decode(body: Uint8Array): Frame {
  try {
    return decodeBody(new Reader(body));
  } catch (error) {
    if (error instanceof OutOfBytes) throw new MailboxError(`a frame ends early: ${error.message}`);
    throw error;
  }
}

function decodeBody(r: Reader): Frame {
  const kind = r.u8();
  switch (kind) {
    case constants.ESP_FRAME_DATAGRAM:
    case constants.ESP_FRAME_PROVEN: {
      const isProven = kind === constants.ESP_FRAME_PROVEN;
      return { kind: 'datagram', path: readPath(r), bytes: r.rest().slice(), isProven };
    }
    case constants.ESP_FRAME_MOVED: {
      const child = readChild(r);
      return { kind: 'event', event: { kind: 'moved', child, path: readPath(r) } };
    }
    case constants.ESP_FRAME_SOFT_LIMIT:
      return { kind: 'event', event: { kind: 'soft-limit', child: readChild(r) } };
    case constants.ESP_FRAME_HARD_LIMIT:
      return { kind: 'event', event: { kind: 'hard-limit', child: readChild(r) } };
    case constants.ESP_FRAME_USED:
      return { kind: 'event', event: { kind: 'used', child: readChild(r) } };
    case constants.ESP_FRAME_EARLY:
      return { kind: 'event', event: { kind: 'early', spi: r.u32() } };
    case constants.ESP_FRAME_TRAPPED:
      return { kind: 'trapped', trap: r.u32() as TrapRef, packet: readPacket(r) };
    case constants.ESP_FRAME_TAPPED:
      return { kind: 'tapped', packet: readTapped(r) };
    case constants.ESP_FRAME_NETWORK:
      return { kind: 'network' };
    case constants.ESP_FRAME_FAILED:
      return { kind: 'failed', why: new TextDecoder().decode(r.rest()) };
    default:
      throw new MailboxError(`a frame of kind ${kind}`);
  }
}

const readChild = (r: Reader): ChildRef => r.u32() as ChildRef;

function readPacket(r: Reader): WaitingPacket {
  const protocol = r.u8();
  // The answer to an ICMP message is of another type, and must pass the same tunnel.
  const hasPorts = r.u8() === 1 && protocol !== icmp && protocol !== icmpv6;
  const select = ({ ip, port }: SocketAddress): Selector => ({
    range: { start: ip, end: ip },
    protocol,
    ports: hasPorts ? { start: port, end: port } : anyPort,
  });
  const local = select(readAddress(r));
  return { local, remote: select(readAddress(r)) };
}

function readTapped(r: Reader): TappedPacket {
  const leaves = r.u8() === 1;
  const encap = r.u8() === constants.ESP_ENCAP_RAW ? 'raw' : 'udp';
  const tos = r.u8();
  const atUs = r.u32() * 2 ** 32 + r.u32();
  const length = r.u32();
  return { leaves, encap, tos, atUs, length, path: readPath(r), bytes: r.rest().slice() };
}

function readPath(r: Reader): Path {
  const local = readAddress(r);
  return { local, remote: readAddress(r) };
}

function readAddress(r: Reader): SocketAddress {
  const family = r.u8();
  if (family !== 4 && family !== 6) throw new MailboxError(`an address of family ${family}`);
  const port = r.u16();
  return { ip: ipFromBytes(r.bytes(family === 4 ? 4 : 16)), port };
}

function writeAddress(w: Writer, { ip, port }: SocketAddress): void {
  w.u8(isIpv4(ip) ? 4 : 6);
  w.u16(port);
  w.bytes(ipBytes(ip));
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const out = new Uint8Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}

const lengthBytes = 4;
const icmp = 1;
const icmpv6 = 58;
