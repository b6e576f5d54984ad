// A look at what would keep packets of clients from flowing: a network of the same addresses elsewhere, and a
// host that does not forward.
import { formatPrefix, intersect, isIpv4, type Prefix, prefixRange } from '../base/ip.ts';
import type { PoolSettings } from '../policy/pool.ts';
import type { HostTools } from './host.ts';
import { existingRoutes, type TableRoute } from './ip-words.ts';

/** @returns warnings, each a line for the owner */
export async function routeWarnings(
  device: string,
  pools: readonly PoolSettings[],
  tools: HostTools,
): Promise<readonly string[]> {
  const table = await existingRoutes(tools.run, '-4', '-6');
  const routes = table.filter(({ prefix }) => prefix.bits > 0);
  return [
    ...pools.flatMap((pool) => collisions(pool, routes, device)),
    ...forwardingWarnings(pools, tools),
  ];
}

function collisions(
  pool: PoolSettings,
  routes: readonly TableRoute[],
  ownDevice: string,
): string[] {
  return pool.ranges.flatMap((range) =>
    routes
      .filter(({ prefix, device }) => device !== ownDevice && overlap(prefix, range))
      .map(
        ({ prefix, device }) =>
          `pool '${pool.name}': ${formatPrefix(range)} overlaps ${formatPrefix(prefix)}, which is reached ` +
          `through ${device}: clients and that network cannot reach each other. Take another range.`,
      ),
  );
}

const overlap = (a: Prefix, b: Prefix): boolean =>
  intersect(prefixRange(a), prefixRange(b)) !== undefined;

function forwardingWarnings(pools: readonly PoolSettings[], { read }: HostTools): string[] {
  const ranges = pools.flatMap((pool) => pool.ranges);
  return forwardingSwitches
    .filter(({ serves }) => ranges.some((range) => serves(range)))
    .filter(({ path }) => read(path)?.trim() === '0')
    .map(
      ({ name }) =>
        `this host does not forward: ${name} is 0, so clients reach nothing behind it. Switch it on with «sysctl -w ${name}=1».`,
    );
}

const forwardingSwitches = [
  {
    name: 'net.ipv4.ip_forward',
    path: '/proc/sys/net/ipv4/ip_forward',
    serves: ({ ip }: Prefix) => isIpv4(ip),
  },
  {
    name: 'net.ipv6.conf.all.forwarding',
    path: '/proc/sys/net/ipv6/conf/all/forwarding',
    serves: ({ ip }: Prefix) => !isIpv4(ip),
  },
] as const;
