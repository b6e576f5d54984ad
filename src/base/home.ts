// Addresses of one's own network: this machine, and the private ranges (RFC 1918, RFC 4193) and links that no provider
// hands out. Shared addresses (RFC 6598) are a provider's.
import { type Ip, inRange, isIpv4, parseIp, parsePrefix, prefixRange, sameFamily } from './ip.ts';

export function isHomeAddress(ip: Ip): boolean {
  return ranges.some((range) => sameFamily(ip, range.start) && inRange(ip, range));
}

/** One that a provider shares among its customers behind a NAT of its own (RFC 6598). */
export const isProviderAddress = (ip: Ip): boolean =>
  isIpv4(ip) && shared !== undefined && inRange(ip, shared);

/** An address as a socket tells it: an IPv4 address may stand inside an IPv6 one, and a link behind it. */
export function addressOfSocket(text: string): Ip | undefined {
  return parseIp(text.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, ''));
}

const sharedPrefix = parsePrefix('100.64.0.0/10');
const shared = sharedPrefix && prefixRange(sharedPrefix);
const ranges = [
  ...['127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16'],
  ...['::1/128', 'fc00::/7', 'fe80::/10'],
].flatMap((text) => {
  const prefix = parsePrefix(text);
  return prefix ? [prefixRange(prefix)] : [];
});
