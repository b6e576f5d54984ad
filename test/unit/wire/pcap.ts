// Reads IKE and ESP packets out of a pcap file: Ethernet and raw IP, UDP 500 and 4500, IP protocol 50.
import { isZero, Reader } from '../../../src/base/bytes.ts';

export interface Captured {
  readonly kind: 'ike' | 'esp';
  /** Counted from 1, as Wireshark does. */
  readonly frame: number;
  /** Without the non-ESP marker. */
  readonly bytes: Uint8Array;
}

export function readPcap(file: Uint8Array): Captured[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const isLittle = view.getUint32(0, true) === pcapMagic;
  const linkType = view.getUint32(20, isLittle);
  const captured: Captured[] = [];
  for (let at = 24, frame = 1; at < file.length; frame++) {
    const length = view.getUint32(at + 8, isLittle);
    const packet = file.subarray(at + 16, at + 16 + length);
    const found = ofIp(ipPacket(packet, linkType));
    if (found) captured.push({ ...found, frame });
    at += 16 + length;
  }
  return captured;
}

type Found = Omit<Captured, 'frame'>;

function ipPacket(packet: Uint8Array, linkType: number): Uint8Array {
  if (linkType === linkRaw) return packet;
  if (linkType !== linkEthernet) throw new Error(`link type ${linkType}`);
  return packet.subarray(14);
}

function ofIp(packet: Uint8Array): Found | undefined {
  const version = (packet[0] ?? 0) >> 4;
  if (version === 4) {
    const r = new Reader(packet);
    const headerBytes = (r.u8() & 0x0f) * 4;
    r.u8();
    const length = r.u16();
    r.bytes(5);
    return ofTransport(r.u8(), packet.subarray(headerBytes, length));
  }
  if (version !== 6) return undefined;
  const r = new Reader(packet.subarray(4));
  const length = r.u16();
  return ofTransport(r.u8(), packet.subarray(40, 40 + length));
}

function ofTransport(protocol: number, payload: Uint8Array): Found | undefined {
  if (protocol === 50) return { kind: 'esp', bytes: payload };
  if (protocol !== 17) return undefined;
  const r = new Reader(payload);
  const ports = [r.u16(), r.u16()];
  const length = r.u16();
  const bytes = payload.subarray(8, length);
  if (ports.includes(4500)) return ofNatTraversal(bytes);
  return ports.includes(500) ? { kind: 'ike', bytes } : undefined;
}

/** RFC 3948 §2: four zero bytes before IKE, 0xff alone is a keepalive. */
function ofNatTraversal(bytes: Uint8Array): Found | undefined {
  if (bytes.length < 4) return undefined;
  if (isZero(bytes.subarray(0, 4))) return { kind: 'ike', bytes: bytes.subarray(4) };
  return { kind: 'esp', bytes };
}

const pcapMagic = 0xa1b2c3d4;
const linkEthernet = 1;
const linkRaw = 101;
