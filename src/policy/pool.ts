// A pool of inner addresses as the administrator wrote it, and which address of a range is the router's own.
import { type Ip, ipBytes, ipFromBytes, isIpv4, type Prefix, prefixRange } from '../base/ip.ts';

export interface PoolSettings {
  readonly name: string;
  /** Host bits, where there are any, name the router's own address. */
  readonly ranges: readonly Prefix[];
  readonly dns: readonly Ip[];
  /** Domains whose names the clients shall ask of `dns`. */
  readonly domains: readonly string[];
  /** A client gets the address again that it had. */
  readonly sticky: boolean;
}

/** The router's own address in a range: the one before the slash, or the first of the range. */
export function routerAddress(range: Prefix): Prefix {
  const { start } = prefixRange(range);
  if (range.ip !== start) return range;
  const first = ipBytes(start);
  // The first bit pattern is the network (RFC 950) or the routers' anycast address (RFC 4291 §2.6.1).
  first[first.length - 1] = (first[first.length - 1] as number) | 1;
  return { ip: ipFromBytes(first), bits: range.bits };
}

/** Why no pool can live in a range, if so. */
export function rangeFault(
  range: Prefix,
): 'too-small' | 'too-large' | 'router-is-broadcast' | undefined {
  const { shortest, longest } = isIpv4(range.ip) ? sizes.v4 : sizes.v6;
  if (range.bits > longest) return 'too-small';
  if (range.bits < shortest) return 'too-large';
  const isBroadcast = isIpv4(range.ip) && range.ip === prefixRange(range).end;
  return isBroadcast ? 'router-is-broadcast' : undefined;
}

/** Room for the network, the router, one client and (IPv4) the broadcast; and no more than anybody owns. */
const sizes = { v4: { shortest: 8, longest: 30 }, v6: { shortest: 16, longest: 126 } } as const;
