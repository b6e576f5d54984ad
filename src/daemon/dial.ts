// From which of our addresses to which of the peer's a connection is dialled: names are resolved here, anew each
// time, and the kernel is asked for the route.
import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { type Ip, isIpv4, parseIp } from '../base/ip.ts';
import type { CoreSnapshot, Path } from '../ike/core.ts';
import type { Connection } from '../policy/policy.ts';
import { Refused } from '../rpc/method.ts';
import type { Gathered } from './gather.ts';
import type { Standing } from './redial.ts';

/**
 * Every way to the peer of a connection of the configuration.
 * @param inUse what a reload may replace while names are looked up: then what holds is asked again
 * @throws Refused when there is none
 */
export async function waysTo(
  name: string,
  inUse: { readonly gathered: Pick<Gathered, 'policy' | 'configuration'> },
): Promise<readonly Path[]> {
  for (;;) {
    const { gathered } = inUse;
    const { policy, configuration } = gathered;
    const connection = policy.connections.find((one) => one.name === name);
    if (!connection) throw new Refused(`there is no connection '${name}'`);
    const names = configuration.remotes.get(name) ?? [];
    const ways = await pathsTo(connection, names, configuration.service.port);
    if (gathered === inUse.gathered) return ways;
  }
}

/** The best way to a gateway that another one sends us to. @throws Refused when there is none */
export async function wayToGateway(gateway: string, port: number): Promise<Path> {
  const address = parseIp(gateway);
  const peers = address ? [address] : await resolve(gateway);
  const { found, refusals } = await gather(peers.map((peer) => pathTo(peer, port)));
  if (found[0]) return found[0];
  throw new Refused(refusals.join('; ') || `${gateway} has no address`);
}

/** The connections that there is something of. An IKE SA that was rekeyed only waits for its DELETE: its successor counts. */
export function standingsOf({ sas }: CoreSnapshot): ReadonlyMap<string, Standing> {
  const standings = new Map<string, Standing>();
  for (const { connection, establishedAt, phase } of sas) {
    if (connection === undefined || phase === 'rekeying') continue;
    if (establishedAt !== undefined) standings.set(connection, 'established');
    else if (!standings.has(connection)) standings.set(connection, 'handshake');
  }
  return standings;
}

/**
 * Every way there is, of either family, in the order of the configuration and then of the resolver.
 * @param names host names that stand for addresses of the connection
 * @param port where IKE is spoken on both sides
 * @throws Refused when there is nobody to dial, or no way there
 */
export async function pathsTo(
  { name, role, remote }: Connection,
  names: readonly string[],
  port: number,
): Promise<readonly Path[]> {
  if (role === 'responder')
    throw new Refused(`connection '${name}' only answers: its role is responder`);
  const known = remote.flatMap(({ start, end }) => (start === end ? [start] : []));
  const { found, refusals } = await gather(names.map(resolve));
  const peers = [...new Set([...known, ...found.flat()])];
  if (peers.length === 0 && refusals.length === 0)
    throw new Refused(`connection '${name}' does not say whom to dial`);
  const ways = await gather(peers.map((peer) => pathTo(peer, port)));
  if (ways.found.length > 0) return ways.found;
  throw new Refused([...refusals, ...ways.refusals].join('; '));
}

async function pathTo(peer: Ip, port: number): Promise<Path> {
  return { local: { ip: await sourceFor(peer), port }, remote: { ip: peer, port } };
}

async function resolve(name: string): Promise<readonly Ip[]> {
  try {
    const found = await lookup(name, { all: true, verbatim: true });
    return found.flatMap(({ address }) => parseIp(address) ?? []);
  } catch (error) {
    const why = error instanceof Error ? error.message : error;
    throw new Refused(`${name} cannot be resolved: ${why}`);
  }
}

/**
 * Connecting a datagram socket sends nothing; it makes the kernel choose our address.
 * @throws Refused when there is no way
 */
export function sourceFor(peer: Ip): Promise<Ip> {
  return new Promise((found, failed) => {
    const socket = createSocket(isIpv4(peer) ? 'udp4' : 'udp6');
    const fail = (why: string): void => {
      socket.close();
      failed(new Refused(`there is no way to ${peer}: ${why}`));
    };
    socket.on('error', ({ message }) => fail(message));
    socket.on('connect', () => {
      const ip = parseIp(socket.address().address);
      if (!ip) return fail('the route has no source address');
      socket.close();
      found(ip);
    });
    socket.connect(1, peer);
  });
}

/** What came of it, and why the rest did not. @throws what is no refusal */
async function gather<T>(
  asked: readonly Promise<T>[],
): Promise<{ readonly found: readonly T[]; readonly refusals: readonly string[] }> {
  const results = await Promise.allSettled(asked);
  const found = results.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const reasons = results.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
  const strange: unknown = reasons.find((reason) => !(reason instanceof Refused));
  if (strange !== undefined) throw strange;
  return { found, refusals: reasons.map((reason: Refused) => reason.message) };
}
