// What travels inside the tunnel: a ping, and how its answer is known (RFC 792, RFC 4443); a datagram of UDP (RFC 768).
import { concat } from '../../src/base/bytes.ts';
import { type Ip, ipBytes, isIpv4 } from '../../src/base/ip.ts';

/** An echo request with a few bytes of content. */
export function echoRequest(from: Ip, to: Ip, sequence: number): Uint8Array {
  return isIpv4(to) ? echo4(from, to, sequence) : echo6(from, to, sequence);
}

/** The sequence number, if it is the answer to a ping. */
export function echoReply(packet: Uint8Array): number | undefined {
  const isV4 = (packet[0] ?? 0) >> 4 === 4;
  const headerBytes = isV4 ? 4 * ((packet[0] ?? 0) & 0x0f) : 40;
  const icmp = packet.subarray(headerBytes);
  const isReply = isV4 ? packet[9] === 1 && icmp[0] === 0 : packet[6] === 58 && icmp[0] === 129;
  return isReply ? word(icmp, 6) : undefined;
}

export interface Datagram {
  readonly from: Ip;
  readonly to: Ip;
  readonly fromPort: number;
  readonly toPort: number;
  readonly content: Uint8Array;
}

export function datagram({ from, to, fromPort, toPort, content: body }: Datagram): Uint8Array {
  const bytes = 8 + body.length;
  const ports = [fromPort >> 8, fromPort & 0xff, toPort >> 8, toPort & 0xff];
  const udp = concat(Uint8Array.from([...ports, bytes >> 8, bytes & 0xff, 0, 0]), body);
  const ends = concat(ipBytes(from), ipBytes(to));
  const pseudo = concat(ends, Uint8Array.of(0, 17, bytes >> 8, bytes & 0xff));
  const summed = withChecksum(udp, 6, pseudo);
  if (!isIpv4(to)) {
    const head = Uint8Array.of(0x60, 0, 0, 0, bytes >> 8, bytes & 0xff, 17, 64);
    return concat(head, ends, summed);
  }
  const total = 20 + bytes;
  const header = [0x45, 0, total >> 8, total & 0xff, 0, 0, 0x40, 0, 64, 17, 0, 0];
  return concat(withChecksum(concat(Uint8Array.from(header), ends), 10, none), summed);
}

/** What a datagram of UDP carries, whatever its ends; undefined: it is none. */
export function contentOf(packet: Uint8Array): Uint8Array | undefined {
  const isV4 = (packet[0] ?? 0) >> 4 === 4;
  const headerBytes = isV4 ? 4 * ((packet[0] ?? 0) & 0x0f) : 40;
  const isUdp = (isV4 ? packet[9] : packet[6]) === 17;
  return isUdp ? packet.subarray(headerBytes + 8) : undefined;
}

function echo4(from: Ip, to: Ip, sequence: number): Uint8Array {
  const icmp = withChecksum(message(8, sequence), 2, none);
  const total = 20 + icmp.length;
  const head = [0x45, 0, total >> 8, total & 0xff, 0, sequence & 0xff, 0x40, 0, 64, 1, 0, 0];
  const header = concat(Uint8Array.from(head), ipBytes(from), ipBytes(to));
  return concat(withChecksum(header, 10, none), icmp);
}

function echo6(from: Ip, to: Ip, sequence: number): Uint8Array {
  const plain = message(128, sequence);
  const ends = concat(ipBytes(from), ipBytes(to));
  const pseudo = concat(ends, Uint8Array.of(0, 0, 0, plain.length, 0, 0, 0, 58));
  const head = Uint8Array.of(0x60, 0, 0, 0, 0, plain.length, 58, 64);
  return concat(head, ends, withChecksum(plain, 2, pseudo));
}

const message = (type: number, sequence: number): Uint8Array =>
  Uint8Array.from([type, 0, 0, 0, 0x67, 0x68, sequence >> 8, sequence & 0xff, ...content]);

/** The Internet checksum over `besides` and `bytes`, written at `at` (RFC 1071). */
function withChecksum(bytes: Uint8Array, at: number, besides: Uint8Array): Uint8Array {
  const even = bytes.length % 2 === 0 ? none : Uint8Array.of(0);
  const all = concat(besides, bytes, even);
  let sum = 0;
  for (let i = 0; i < all.length; i += 2) sum += word(all, i);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  const out = bytes.slice();
  out[at] = (~sum >> 8) & 0xff;
  out[at + 1] = ~sum & 0xff;
  return out;
}

const word = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
const none = new Uint8Array(0);
const content = new TextEncoder().encode('boo!');
