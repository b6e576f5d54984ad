// Whether names and IPv6 of devices stay inside the tunnel, as far as can be told from here: the name servers of the pools,
// whether anybody answers there, and addresses of both families.
import { type Ip, ipBytes, isIpv4 } from '../base/ip.ts';
import { type PoolSettings, routerAddress } from '../policy/pool.ts';
import type { SelfCheck } from '../rpc/api.ts';
import type { HostTools } from './host.ts';
import { broken, doubtful, fine } from './self-check.ts';

export function checkNames(pools: readonly PoolSettings[], tools: HostTools): readonly SelfCheck[] {
  return pools.flatMap((pool) => [nameServers(pool, tools), families(pool)]);
}

function nameServers({ name: pool, dns, ranges }: PoolSettings, tools: HostTools): SelfCheck {
  const name = `names of ${pool}`;
  const [own = '10.3.0.1'] = ranges.map((range) => routerAddress(range).ip);
  if (dns.length === 0) {
    const says = 'devices get no name server: the network around them sees what they look up';
    return doubtful(name, says, `Add list dns '${own}' to the pool.`);
  }
  const router = ranges.map((range) => routerAddress(range).ip);
  const silent = dns.filter((ip) => router.includes(ip) && !isListening(ip, tools));
  const says = `devices ask ${dns.join(' and ')}`;
  if (silent.length === 0) return fine(name, says);
  return broken(
    name,
    `${says}, but nobody listens on port 53 of ${silent.join(' and ')}`,
    'Let dnsmasq listen there: it does on every interface, unless list interface or listen_address says otherwise.',
  );
}

/** A device that gets no address of a family sends what is for it past the tunnel. */
function families({ name: pool, ranges }: PoolSettings): SelfCheck {
  const name = `IPv6 of ${pool}`;
  if (ranges.some(({ ip }) => !isIpv4(ip))) {
    return fine(name, 'devices get an address of each family');
  }
  return doubtful(
    name,
    'devices get no IPv6 address: what they send by IPv6 goes past the tunnel',
    "Add a range of your own to the pool, such as list range 'fd3a:51c2:8e07:3::/64'.",
  );
}

/** By the kernel's list of UDP sockets: this address, or all of them. */
function isListening(ip: Ip, { read }: HostTools): boolean {
  const wanted = isIpv4(ip) ? [hexOf(ip), '00000000', zeros] : [hexOf(ip), zeros];
  const rows = ['/proc/net/udp', '/proc/net/udp6'].flatMap((file) =>
    (read(file) ?? '').split('\n'),
  );
  return rows.some((row) => {
    const [address = '', port] = (row.trim().split(/\s+/)[1] ?? '').split(':');
    return port === dnsPort && wanted.includes(address);
  });
}

/** Four octets at a time, as a little-endian kernel prints them. */
function hexOf(ip: Ip): string {
  const words = Buffer.from(ipBytes(ip)).toString('hex').match(/.{8}/g) ?? [];
  return words
    .map((word) => word.match(/../g)?.reverse().join('') ?? '')
    .join('')
    .toUpperCase();
}

const zeros = '0'.repeat(32);
const dnsPort = '0035';
