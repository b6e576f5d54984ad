// What devices with routing `home` reach: the networks at home, and the name servers that they are told. Profiles say it,
// and the gateway holds them to it.
import { formatRange, inRange, type Prefix, parsePrefix, prefixRange } from '../base/ip.ts';
import type { Account, Configuration } from '../config/configuration.ts';
import type { Connection } from '../policy/policy.ts';
import type { PoolSettings } from '../policy/pool.ts';
import { everything, type Selector } from '../policy/selectors.ts';

/** Empty: nobody said what is at home. */
export function homeReach(
  { home }: Pick<Configuration['service'], 'home'>,
  connection: Connection | undefined,
  pool: PoolSettings | undefined,
): readonly Prefix[] {
  const networks = home.networks.length > 0 ? home.networks : narrowNetworks(connection);
  if (networks.length === 0) return [];
  const isInside = (ip: Prefix['ip']): boolean =>
    networks.some((network) => inRange(ip, prefixRange(network)));
  const servers = (pool?.dns ?? []).filter((ip) => !isInside(ip));
  return [...networks, ...servers.map((ip) => ({ ip, bits: ip.includes(':') ? 128 : 32 }))];
}

/** What an account may reach, where its record says less than its connection; undefined: no less. */
export function reachOf(
  account: Account | undefined,
  { service, pools, policy }: Configuration,
  poolName: string,
): readonly Selector[] | undefined {
  if (account?.routing !== 'home') return undefined;
  const pool = pools.find(({ name }) => name === poolName);
  const connection = policy.connections.find((one) => one.pool === poolName);
  const networks = homeReach(service, connection, pool);
  return networks.map((network) => everything(prefixRange(network)));
}

/** Where a connection leads somewhere and not everywhere. */
function narrowNetworks(connection: Connection | undefined): readonly Prefix[] {
  const { localTs = 'dynamic' } = connection ?? {};
  if (localTs === 'dynamic') return [];
  const prefixes = localTs.flatMap(({ range }) => parsePrefix(formatRange(range)) ?? []);
  return prefixes.some(({ bits }) => bits === 0) ? [] : prefixes;
}
