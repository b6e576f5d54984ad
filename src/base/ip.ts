// IP addresses as canonical text: comparable with ===, printable, usable as a map key.
import { compare } from './bytes.ts';
import { Bug } from './invariant.ts';

/** An IPv4 or IPv6 address in canonical text (RFC 5952). IPv4-mapped IPv6 never occurs: it is IPv4. */
export type Ip = string & { readonly __brand: 'ip' };
export interface SocketAddress {
  readonly ip: Ip;
  readonly port: number;
}
/**
 * An inclusive range; both ends of one family. The wire can state an IPv6 range that ends within ::ffff:0:0/96,
 * which is IPv4 here: such a range contains nothing and intersects with nothing.
 */
export interface IpRange {
  readonly start: Ip;
  readonly end: Ip;
}
export interface Prefix {
  readonly ip: Ip;
  readonly bits: number;
}

export const isIpv4 = (ip: Ip): boolean => !ip.includes(':');
export const sameFamily = (a: Ip, b: Ip): boolean => isIpv4(a) === isIpv4(b);

export function parseIp(text: string): Ip | undefined {
  const bytes = text.includes(':') ? parseV6(text) : parseV4(text);
  return bytes && ipFromBytes(bytes);
}

/** For literals in our own code. @throws Bug on nonsense */
export function ip(text: string): Ip {
  const parsed = parseIp(text);
  if (!parsed) throw new Bug(`not an IP address: ${text}`);
  return parsed;
}

/** @param bytes 4 or 16 bytes. @throws Bug on another length */
export function ipFromBytes(bytes: Uint8Array): Ip {
  if (bytes.length === 4) return bytes.join('.') as Ip;
  if (bytes.length !== 16) throw new Bug(`an IP address has 4 or 16 bytes, not ${bytes.length}`);
  if (isMapped(bytes)) return bytes.subarray(12).join('.') as Ip;
  return formatV6(bytes) as Ip;
}

/** @returns 4 or 16 bytes */
export function ipBytes(ip: Ip): Uint8Array {
  const bytes = isIpv4(ip) ? parseV4(ip) : parseV6(ip);
  if (!bytes) throw new Bug(`not an IP address: ${ip}`);
  return bytes;
}

export function compareIp(a: Ip, b: Ip): number {
  return sameFamily(a, b) ? compare(ipBytes(a), ipBytes(b)) : isIpv4(a) ? -1 : 1;
}

export function inRange(ip: Ip, range: IpRange): boolean {
  if (!sameFamily(ip, range.start) || !sameFamily(ip, range.end)) return false;
  return compareIp(range.start, ip) <= 0 && compareIp(ip, range.end) <= 0;
}

/** An address of one host: not unspecified, multicast or broadcast. */
export function isUnicast(ip: Ip): boolean {
  const [first = 0, ...rest] = ipBytes(ip);
  if (isIpv4(ip)) return first !== 0 && first < 224;
  return first !== 0xff && (first !== 0 || rest.some((byte) => byte !== 0));
}

/** The part that both ranges have, or undefined. */
export function intersect(a: IpRange, b: IpRange): IpRange | undefined {
  const ends = [a.end, b.start, b.end];
  if (!ends.every((end) => sameFamily(a.start, end))) return undefined;
  const start = compareIp(a.start, b.start) >= 0 ? a.start : b.start;
  const end = compareIp(a.end, b.end) <= 0 ? a.end : b.end;
  return compareIp(start, end) <= 0 ? { start, end } : undefined;
}

/** Parses `10.3.0.0/24`, `fd00::/64` or a bare address (all bits). The host bits are kept in `ip`. */
export function parsePrefix(text: string): Prefix | undefined {
  const [address = '', length, more] = text.split('/');
  const ip = parseIp(address);
  if (!ip || more !== undefined) return undefined;
  const width = isIpv4(ip) ? 32 : 128;
  if (length === undefined) return { ip, bits: width };
  if (!/^\d{1,3}$/.test(length) || Number(length) > width) return undefined;
  return { ip, bits: Number(length) };
}

/** First and last address of a prefix; host bits are ignored. */
export function prefixRange({ ip, bits }: Prefix): IpRange {
  const start = ipBytes(ip);
  const end = start.slice();
  for (let i = 0; i < start.length; i++) {
    const hostBits = Math.min(8, Math.max(0, 8 * (i + 1) - bits));
    const mask = (1 << hostBits) - 1;
    start[i] = (start[i] as number) & ~mask;
    end[i] = (end[i] as number) | mask;
  }
  return { start: ipFromBytes(start), end: ipFromBytes(end) };
}

export const formatPrefix = ({ ip, bits }: Prefix): string => `${ip}/${bits}`;

/** `10.3.0.0/24` where the range is a prefix, else `start-end`. */
export function formatRange(range: IpRange): string {
  const width = isIpv4(range.start) ? 32 : 128;
  for (let bits = width; bits >= 0; bits--) {
    const candidate = prefixRange({ ip: range.start, bits });
    if (candidate.start !== range.start) break;
    if (candidate.end === range.end) return `${range.start}/${bits}`;
  }
  return `${range.start}-${range.end}`;
}

export function formatSocket({ ip, port }: SocketAddress): string {
  return isIpv4(ip) ? `${ip}:${port}` : `[${ip}]:${port}`;
}

export const sameSocket = (a: SocketAddress, b: SocketAddress): boolean =>
  a.ip === b.ip && a.port === b.port;

/** No leading zeros: half the world reads them as octal (RFC 6943 §3.1.1). */
function parseV4(text: string): Uint8Array | undefined {
  if (!/^(0|[1-9]\d{0,2})(\.(0|[1-9]\d{0,2})){3}$/.test(text)) return undefined;
  const parts = text.split('.').map(Number);
  return parts.every((part) => part < 256) ? Uint8Array.from(parts) : undefined;
}

function parseV6(text: string): Uint8Array | undefined {
  const halves = text.split('::');
  if (halves.length > 2 || /\..*:/.test(text)) return undefined; // IPv4 stands at the very end only
  const [head, tail] = halves.map(parseGroups);
  if (!head || (halves.length === 2 && !tail)) return undefined;
  const missing = 16 - head.length - (tail?.length ?? 0);
  if (halves.length === 1 ? missing !== 0 : missing < 2) return undefined;
  return Uint8Array.from([...head, ...new Array<number>(missing).fill(0), ...(tail ?? [])]);
}

/** Bytes of `a:b:c` or `a:b:1.2.3.4`; empty for empty text. */
function parseGroups(text: string): number[] | undefined {
  if (text === '') return [];
  const groups = text.split(':');
  const bytes: number[] = [];
  for (const [i, group] of groups.entries()) {
    const v4 = i === groups.length - 1 && group.includes('.') ? parseV4(group) : undefined;
    if (v4) bytes.push(...v4);
    else if (/^[0-9a-fA-F]{1,4}$/.test(group)) {
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
    } else return undefined;
  }
  return bytes.length <= 16 ? bytes : undefined;
}

function isMapped(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 10).every((b) => b === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
}

function formatV6(bytes: Uint8Array): string {
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2)
    groups.push(((bytes[i] as number) << 8) | (bytes[i + 1] as number));
  const gap = longestZeroRun(groups);
  const hex = (part: number[]) => part.map((group) => group.toString(16)).join(':');
  if (!gap) return hex(groups);
  return `${hex(groups.slice(0, gap.at))}::${hex(groups.slice(gap.at + gap.length))}`;
}

/** The first longest run of at least two zero groups (RFC 5952 §4.2). */
function longestZeroRun(groups: readonly number[]): { at: number; length: number } | undefined {
  let best: { at: number; length: number } | undefined;
  for (let at = 0; at < groups.length; at++) {
    let length = 0;
    while (groups[at + length] === 0) length++;
    if (length >= 2 && length > (best?.length ?? 0)) best = { at, length };
  }
  return best;
}
