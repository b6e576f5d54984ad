// What can be told from inside about whether devices will get in: the clock, the way out, packet sizes, certificates,
// the configuration. Nothing is sent to anybody.
import { type Ip, inRange, isIpv4, parseIp, parsePrefix, prefixRange } from '../base/ip.ts';
import type { PoolSettings } from '../policy/pool.ts';
import type { CheckedConfiguration, HeldFacts, SelfCheck, ServiceFacts } from '../rpc/api.ts';
import type { HostTools } from './host.ts';
import { existingRoutes, readSource, type TableRoute } from './ip-words.ts';
import { broken, doubtful, fine, unknown } from './self-check.ts';
import { checkNames } from './selftest-names.ts';

export interface SelfTested {
  readonly tools: HostTools;
  readonly service: ServiceFacts;
  readonly held: readonly HeldFacts[];
  /** Seconds since 1970. */
  readonly wall: number;
  /** Of the tunnels' device. */
  readonly mtu: number;
  readonly configuration: CheckedConfiguration;
  /** Where peers are that dialled us and are connected at this moment. */
  readonly callers: readonly Ip[];
  readonly pools: readonly PoolSettings[];
}

export async function selfTest(tested: SelfTested): Promise<readonly SelfCheck[]> {
  const { tools, service } = tested;
  const outward = await wayOut(tools, service.device);
  return [
    clock(tested),
    ...tested.held.map((one) => certificate(one, tested.wall)),
    configuration(tested.configuration),
    ports(service, tested.callers),
    reachability(outward?.source),
    ipv6(tools.addresses(service.device)),
    packetSize(tested, outward && linkMtu(tools, outward.device)),
    ...checkNames(tested.pools, tools),
  ];
}

/** Before the first release nobody can have been told the time. */
function clock({ wall, held }: SelfTested): SelfCheck {
  const says = `it is ${new Date(wall * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  if (wall >= firstDay) return fine('clock', says);
  const because = held.length > 0 ? ', and no certificate is valid yet' : '';
  return broken(
    'clock',
    `${says}${because}`,
    'Wait for NTP, or set the time zone and servers in System.',
  );
}

function certificate({ kind, name, notAfter }: HeldFacts, wall: number): SelfCheck {
  const what = kind === 'authority' ? `authority ${name}` : `certificate ${name}`;
  const days = Math.floor((notAfter - wall) / 86_400);
  if (days < 0) return broken(what, 'it is over', 'Renew it: «ikectl cert renew».');
  if (days < 14) return doubtful(what, `${days} days are left`, 'Renew it: «ikectl cert renew».');
  return fine(what, `${days} days are left`);
}

function configuration({ isFine, summary, problems }: CheckedConfiguration): SelfCheck {
  const name = 'configuration';
  const cure = '«ikectl config_check» says what.';
  if (!isFine) return broken(name, `it cannot be used: ${summary}`, cure);
  return problems.length > 0 ? doubtful(name, summary, cure) : fine(name, summary);
}

/** Whether they are open from outside, nobody knows in here; but who came in from there proves it. */
function ports({ listen }: ServiceFacts, callers: readonly Ip[]): SelfCheck {
  const says = `listening on ${listen.join(' ')}`;
  const caller = callers.find((ip) => !isAmong(ip, [...inner, ...shared, ...nearby]));
  if (caller !== undefined) return fine('ports', `${says}; ${caller} reached them from outside`);
  return {
    ...unknown('ports', `${says}; whether the world reaches them is not to be seen from here`),
    cure: 'Dial in from a phone without Wi-Fi; «ikectl log --follow» shows the first packet.',
  };
}

function reachability(source: Ip | undefined): SelfCheck {
  const name = 'public address';
  if (source === undefined)
    return broken(name, 'there is no way out by IPv4', 'Look at the WAN interface.');
  if (isAmong(source, shared)) {
    const cure = 'Ask the provider for an address of your own, or let devices dial by IPv6.';
    return broken(
      name,
      `${source} is one that the provider shares (CGNAT): nobody can dial in by IPv4`,
      cure,
    );
  }
  if (isAmong(source, inner)) {
    const cure = 'Forward UDP 500 and 4500 there to this router.';
    return doubtful(name, `${source} is private: another router stands in front of this one`, cure);
  }
  return fine(name, `${source}`);
}

function ipv6(addresses: readonly Ip[]): SelfCheck {
  const own = addresses.filter((ip) => !isIpv4(ip) && isAmong(ip, global));
  if (own.length > 0) return fine('IPv6', own.slice(0, 2).join(' '));
  return unknown('IPv6', 'there is no address of the Internet: devices dial by IPv4');
}

function packetSize({ mtu }: SelfTested, link: number | undefined): SelfCheck {
  const name = 'packet size';
  if (link === undefined)
    return unknown(name, `${mtu} in the tunnels; that of the way out is not known`);
  const says = `${mtu} in the tunnels, ${link} on the way out`;
  const most = link - overhead;
  if (mtu <= most) return fine(name, says);
  return most >= leastIpv6
    ? fine(name, `${says}: senders are told of ${most}`)
    : doubtful(
        name,
        `${says}: full packets of IPv6 are cut in pieces`,
        'Ask the provider for a wider line.',
      );
}

async function wayOut(
  { run }: HostTools,
  tun: string,
): Promise<{ source: Ip; device: string } | undefined> {
  const routes: readonly TableRoute[] = await existingRoutes(run, '-4').catch(() => []);
  const [best] = routes
    .filter(({ prefix, device, isDead }) => prefix.bits === 0 && device !== tun && !isDead)
    .sort((a, b) => a.metric - b.metric);
  if (!best) return undefined;
  const question = ['-4', 'route', 'get', `${someHost}`, 'oif', best.device];
  const source = readSource(await run('ip', question).catch(() => ''));
  return source && { source, device: best.device };
}

function linkMtu({ read }: HostTools, device: string): number | undefined {
  const text = read(`/sys/class/net/${device}/mtu`)?.trim() ?? '';
  return /^\d{2,6}$/.test(text) ? Number(text) : undefined;
}

const rangesOf = (...texts: string[]) =>
  texts.flatMap((text) => {
    const prefix = parsePrefix(text);
    return prefix ? [prefixRange(prefix)] : [];
  });
const isAmong = (ip: Ip, ranges: ReturnType<typeof rangesOf>): boolean =>
  ranges.some((range) => isIpv4(range.start) === isIpv4(ip) && inRange(ip, range));
/** RFC 6598. */
const shared = rangesOf('100.64.0.0/10');
/** RFC 1918. */
const inner = rangesOf('10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16');
const global = rangesOf('2000::/3');
/** The host itself, its links, and networks at home (RFC 3927, RFC 4193). */
const nearby = rangesOf('127.0.0.0/8', '169.254.0.0/16', '::1/128', 'fe80::/10', 'fc00::/7');
/** Any address beyond the provider; it is asked for in the table of routes alone (RFC 5737). */
const someHost = parseIp('192.0.2.1');
/** IPv6 40, UDP 8, ESP header and IV 16, trailer and padding 5, ICV 16. */
const overhead = 85;
/** RFC 8200 §5. */
const leastIpv6 = 1280;
const firstDay = Date.UTC(2026, 0, 1) / 1000;
