// The usual pair of a simulation: a gateway and a phone that dials it, with an address pool of two.
import { ip, type Prefix } from '../../src/base/ip.ts';
import { nameOf } from '../../src/iana/name.ts';
import { Notification } from '../../src/iana/notifies.ts';
import { PayloadType } from '../../src/iana/payloads.ts';
import type { Answer, Question } from '../../src/ike/core.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { Pools } from '../../src/pools/pool.ts';
import { summaryOf } from '../../src/trace/line.ts';
import { decodeMessage } from '../../src/wire/message.ts';
import { all } from '../../src/wire/payloads/index.ts';
import { connection, phone, policy } from './policies.ts';
import { between, type Packet, type Ports, type SimHost, World } from './world.ts';

export interface Household {
  readonly world: World;
  readonly gateway: SimHost;
  readonly phone: SimHost;
  dial(): void;
}

export function household(
  fields: { gateway?: Policy; phone?: Policy; ports?: Ports; seed?: number } = {},
): Household {
  const world = new World();
  const ports = fields.ports ?? pool(['10.3.0.2', '10.3.0.3']);
  const gateway = world.host(
    'gateway',
    '203.0.113.2',
    fields.gateway ?? policy([connection()]),
    ports,
    fields.seed,
  );
  const dialer = world.host(
    'phone',
    '198.51.100.10',
    fields.phone ?? policy([phone()]),
    ports,
    fields.seed,
  );
  const dial = () => {
    const path = between(dialer, gateway);
    const command = { kind: 'initiate', connection: 'home', path } as const;
    world.input(dialer, { kind: 'command', command });
  };
  return { world, gateway, phone: dialer, dial };
}

/** Everything that `host` dialled goes on from another address of it. */
export function roam(world: World, host: SimHost, to: string): void {
  host.address = to;
  for (const { id, path } of host.core.snapshot().sas) {
    const command = { kind: 'roam', sa: id, local: ip(to), remote: path.remote.ip } as const;
    world.input(host, { kind: 'command', command });
  }
}

/** Answers `lease` from a list of addresses until it is empty; nothing else. */
export function pool(addresses: readonly string[]): Ports {
  const free = [...addresses];
  return (question: Question): Answer => {
    if (question.kind !== 'lease') return undefined;
    const address = question.held?.[0] ?? free.shift();
    if (!address) return { ok: false, why: 'pool phones has no free IPv4 address' };
    const lease = { pool: question.pool, identity: question.identity, addresses: [ip(address)] };
    return { ok: true, lease, dns: [ip('10.1.0.1')], domains: [] };
  };
}

/** The pool of the daemon: whoever had an address gets it again. It outlives a restart, as its file does. */
export function realPool(host: SimHost, range: Prefix): Pools {
  const pools = new Pools([
    { name: 'phones', ranges: [range], dns: [], domains: [], sticky: true },
  ]);
  host.ports = (question) => (question.kind === 'lease' ? pools.lease(question) : undefined);
  host.onRelease = (lease) => pools.release(lease);
  return pools;
}

/** Names of the notifies in an IKE_SA_INIT message. */
export function notifiesOf({ bytes }: Packet): string[] {
  const { payloads } = decodeMessage(bytes);
  return all(payloads, PayloadType.NOTIFY).map(({ type }) => nameOf(Notification, type));
}

export const kinds = (host: SimHost): string[] =>
  host.events.map(({ kind }) => kind).filter((kind) => kind !== 'message');

/** What the host said and heard, one line a message. */
export const talk = (host: SimHost): string[] =>
  host.eventsOf('message').map(({ direction, message }) => `${direction} ${summaryOf(message)}`);
