// A packet as it was outside: the IP and UDP headers that the kernel kept to itself, made again around what they carried.
// Addresses, ports, TOS and lengths are as they were; the TTL and the identification nobody knows.
import { concat, Writer } from '../base/bytes.ts';
import { ipBytes, isIpv4 } from '../base/ip.ts';
import type { Path } from '../ike/core.ts';

/** A packet that was seen on its way, without its IP and UDP headers. */
export interface Sighting {
  /** Microseconds since 1970. */
  readonly atUs: number;
  readonly leaves: boolean;
  readonly path: Path;
  readonly tos: number;
  /** What UDP carries, from the non-ESP marker on where there is one (RFC 3948); or ESP as IP protocol 50. */
  readonly carrier: 'udp' | 'esp';
  /** In bytes, of which `bytes` are the first. */
  readonly length: number;
  readonly bytes: Uint8Array;
}

/** @returns an IP packet, cut short as far as the sighting was */
export function outerPacket({ leaves, path, tos, carrier, length, bytes }: Sighting): Uint8Array {
  const [from, to] = leaves ? [path.local, path.remote] : [path.remote, path.local];
  const [source, destination] = [ipBytes(from.ip), ipBytes(to.ip)];
  const udp = carrier === 'udp' ? udpHeader(from.port, to.port, length) : new Uint8Array(0);
  const protocol = carrier === 'udp' ? protocols.udp : protocols.esp;
  if (carrier === 'udp' && bytes.length === length) {
    const pseudo = pseudoHeader(source, destination, udp.length + length);
    // A sum of zero would say that there is none (RFC 768).
    put16(udp, 6, checksum(concat(pseudo, udp, bytes)) || 0xffff);
  }
  const total = udp.length + length;
  const head = isIpv4(from.ip)
    ? ipv4Header({ tos, protocol, source, destination, total })
    : ipv6Header({ tos, protocol, source, destination, total });
  return concat(head, udp, bytes);
}

/** How long the whole of it was. */
export const outerLength = ({ path, carrier, length }: Sighting): number =>
  (isIpv4(path.local.ip) ? ipv4Bytes : ipv6Bytes) + (carrier === 'udp' ? udpBytes : 0) + length;

interface IpFields {
  readonly tos: number;
  readonly protocol: number;
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  /** Of what it carries. */
  readonly total: number;
}

function ipv4Header({ tos, protocol, source, destination, total }: IpFields): Uint8Array {
  const w = new Writer();
  w.u8(0x45);
  w.u8(tos);
  w.u16(lengthField(ipv4Bytes + total));
  w.u32(0);
  w.u8(ttl);
  w.u8(protocol);
  w.u16(0);
  w.bytes(source);
  w.bytes(destination);
  const head = w.finish();
  put16(head, 10, checksum(head));
  return head;
}

function ipv6Header({ tos, protocol, source, destination, total }: IpFields): Uint8Array {
  const w = new Writer();
  w.u32(((6 << 28) | (tos << 20)) >>> 0);
  w.u16(lengthField(total));
  w.u8(protocol);
  w.u8(ttl);
  w.bytes(source);
  w.bytes(destination);
  return w.finish();
}

/** Its checksum is zero until somebody counts it. */
function udpHeader(from: number, to: number, length: number): Uint8Array {
  const w = new Writer();
  w.u16(from);
  w.u16(to);
  w.u16(lengthField(udpBytes + length));
  w.u16(0);
  return w.finish();
}

/** The sum is the same for both versions: the fields of IPv6's are wider by zeros (RFC 8200 §8.1). */
function pseudoHeader(source: Uint8Array, destination: Uint8Array, total: number): Uint8Array {
  const w = new Writer();
  w.bytes(source);
  w.bytes(destination);
  w.u16(protocols.udp);
  w.u16(lengthField(total));
  return w.finish();
}

/** RFC 1071. */
function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) {
    sum += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0);
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

function put16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value & 0xff;
}

const lengthField = (length: number): number => Math.min(length, 0xffff);
const protocols = { udp: 17, esp: 50 } as const;
const [ipv4Bytes, ipv6Bytes, udpBytes, ttl] = [20, 40, 8, 64];
