// From which of our addresses to which of the peer's a connection is dialled: names are resolved here, and the
// kernel is asked for the route.
import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { type Ip, isIpv4, parseIp } from '../base/ip.ts';
import type { Path } from '../ike/core.ts';
import type { Connection } from '../policy/policy.ts';
import { Refused } from '../rpc/method.ts';

/**
 * @param names host names that stand for addresses of the connection
 * @param port where IKE is spoken on both sides
 * @throws Refused when there is nobody to dial, or no way there
 */
export async function pathTo(
  { name, role, remote }: Connection,
  names: readonly string[],
  port: number,
): Promise<Path> {
  if (role !== 'initiator')
    throw new Refused(`connection '${name}' only answers: its role is responder`);
  const known = remote.find(({ start, end }) => start === end)?.start;
  const peer = known ?? (await resolve(name, names));
  return { local: { ip: await sourceFor(peer), port }, remote: { ip: peer, port } };
}

async function resolve(connection: string, names: readonly string[]): Promise<Ip> {
  const [name] = names;
  if (name === undefined) throw new Refused(`connection '${connection}' does not say whom to dial`);
  try {
    const { address } = await lookup(name);
    const ip = parseIp(address);
    if (ip) return ip;
  } catch (error) {
    throw new Refused(
      `${name} cannot be resolved: ${error instanceof Error ? error.message : error}`,
    );
  }
  throw new Refused(`${name} has no address`);
}

/** Connecting a datagram socket sends nothing; it makes the kernel choose our address. */
function sourceFor(peer: Ip): Promise<Ip> {
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
