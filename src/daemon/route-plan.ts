// What tunnels need of the kernel's tables: addresses on the TUN device, networks behind it, and which peers
// must keep the way they have because a route would lead the tunnel's own packets into the tunnel. Pure.
import {
  formatPrefix,
  type Ip,
  type IpRange,
  inRange,
  ipBytes,
  ipFromBytes,
  isIpv4,
  type Prefix,
  prefixRange,
  sameFamily,
} from '../base/ip.ts';
import type { Path } from '../ike/core.ts';
import type { PoolSettings } from '../policy/pool.ts';
import type { Entry } from './ip-words.ts';

/** A CHILD_SA as routing sees it. */
export interface Tunnel {
  /** Where its own packets go. */
  readonly path: Path;
  /** Addresses that the peer gave us. */
  readonly addresses: readonly Ip[];
  /** Inner addresses of both sides. */
  readonly local: readonly IpRange[];
  readonly remote: readonly IpRange[];
}

/** A path, perhaps before it is known from where. */
export interface PathToBe {
  readonly local?: { readonly ip: Ip };
  readonly remote: { readonly ip: Ip };
}

export type Route = Entry & { readonly kind: 'route' };
export type Address = Entry & { readonly kind: 'address' };
/** What one tunnel needs by itself. */
export interface Needs {
  readonly addresses: readonly Address[];
  readonly routes: readonly Route[];
}

/** Whether the router's own address in a pool brings the route to all of `ranges` along. */
export function arePooled(ranges: readonly IpRange[], pools: readonly PoolSettings[]): boolean {
  const pooled = pools.flatMap((pool) => pool.ranges.map(prefixRange));
  return ranges.every((range) => pooled.some((pool) => isWithin(range, pool)));
}

/** @param own addresses of the host, of which one that may use the tunnel becomes the source of what it sends */
export function needsOf(
  { addresses, local, remote }: Omit<Tunnel, 'path'>,
  pools: readonly PoolSettings[],
  own: readonly Ip[],
): Needs {
  const sources = [...addresses, ...own.filter((ip) => local.some((range) => inRange(ip, range)))];
  const routed = remote.filter((range) => !arePooled([range], pools)).flatMap(prefixesOf);
  return {
    addresses: addresses.map((ip) => ({ kind: 'address', prefix: { ip, bits: widthOf(ip) } })),
    routes: routed.map((prefix) => {
      const source = sources.find((ip) => sameFamily(ip, prefix.ip));
      return { kind: 'route', prefix, source };
    }),
  };
}

/** Of several routes to one network the last, which is that of the newest tunnel. */
export function newest(routes: readonly Route[]): readonly Route[] {
  return [...new Map(routes.map((route) => [formatPrefix(route.prefix), route])).values()];
}

/** Paths to peers that some of the routes would lead into a tunnel; each peer once. */
export function swallowed<P extends PathToBe>(
  paths: readonly P[],
  routes: readonly Route[],
): readonly P[] {
  const networks = new Map<number, Set<Ip>>();
  for (const { prefix } of routes) {
    const starts = networks.get(prefix.bits) ?? new Set();
    networks.set(prefix.bits, starts.add(prefixRange(prefix).start));
  }
  const peers = new Map(paths.map((path) => [path.remote.ip, path]));
  return [...peers.values()].filter(({ remote: { ip } }) =>
    [...networks].some(([bits, starts]) => starts.has(prefixRange({ ip, bits }).start)),
  );
}

export const leadsTo = ({ prefix }: Route, peer: Ip): boolean => inRange(peer, prefixRange(prefix));

/** Whether a route and the way to a peer would be one entry of the table: then no bypass can help. */
export const isJust = ({ prefix }: Route, peer: Ip): boolean =>
  prefix.ip === peer && prefix.bits === widthOf(peer);

/**
 * The fewest prefixes that make up a range. All there is becomes two halves, which leave the default route in its
 * place and win over it.
 */
export function prefixesOf({ start, end }: IpRange): readonly Prefix[] {
  if (!sameFamily(start, end)) return [];
  const width = widthOf(start);
  const last = toNumber(end);
  const prefixes: Prefix[] = [];
  for (let at = toNumber(start); at <= last; ) {
    let bits = width;
    while (bits > 1 && fits(at, width - bits + 1, last)) bits--;
    prefixes.push({ ip: toIp(at, width), bits });
    at += 1n << BigInt(width - bits);
  }
  // A piece of IPv6 that is IPv4 in disguise (::ffff:0:0/96) is no destination.
  return prefixes.filter(({ ip }) => sameFamily(ip, start));
}

/** Whether a block of 2^`hostBits` addresses begins at `at` and ends in time. */
function fits(at: bigint, hostBits: number, last: bigint): boolean {
  const size = 1n << BigInt(hostBits);
  return at % size === 0n && at + size - 1n <= last;
}

function toNumber(ip: Ip): bigint {
  return ipBytes(ip).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

function toIp(value: bigint, width: number): Ip {
  const bytes = new Uint8Array(width / 8);
  for (let i = bytes.length - 1, rest = value; rest > 0n; i--, rest >>= 8n) {
    bytes[i] = Number(rest & 0xffn);
  }
  return ipFromBytes(bytes);
}

const isWithin = ({ start, end }: IpRange, range: IpRange): boolean =>
  inRange(start, range) && inRange(end, range);
const widthOf = (ip: Ip): number => (isIpv4(ip) ? 32 : 128);
