// Two sides that are up, and whose datagrams lie in the post until a scenario lets each of them arrive, late, twice
// or never: what crosses is a matter of order, not of luck.
import { milliseconds, seconds } from '../../src/base/time.ts';
import type { ChildRef, Command } from '../../src/ike/core.ts';
import type { Connection } from '../../src/policy/policy.ts';
import { household, pool, talk } from './household.ts';
import { present } from './pick.ts';
import { connection, phone, policy, proposals } from './policies.ts';
import type { Packet, SimHost } from './world.ts';

export type Side = 'phone' | 'gateway';
export const sides: readonly Side[] = ['phone', 'gateway'];
export type Meeting = ReturnType<typeof meeting>;

/** @param acting the side that the scenario is about: who dialled, or who was dialled */
export function meeting(acting: Side, fields: Partial<Record<Side, Partial<Connection>>> = {}) {
  const esp = proposals('esp', 'aes256gcm16-x25519', 'aes256gcm16');
  const house = household({
    gateway: policy([connection({ esp, ...fields.gateway })]),
    phone: policy([phone({ esp, ...fields.phone })]),
    ports: pool(['10.3.0.2']),
  });
  const { world } = house;
  house.dial();
  world.run(seconds(1));
  const actor = house[acting];
  const peer = house[acting === 'phone' ? 'gateway' : 'phone'];

  const post: Packet[] = [];
  let isOpen = false;
  world.wire = (packet) => {
    if (isOpen) return [{ packet, delay: milliseconds(1) }];
    post.push(packet);
    return [];
  };

  /** Takes the oldest datagram of a side out of the post. */
  const take = (from: SimHost): Packet => {
    const at = post.findIndex((packet) => packet.from.ip === from.address);
    return present(post.splice(at, at < 0 ? 0 : 1)[0], `datagram of the ${from.name}`);
  };
  const deliver = (packet: Packet): void => {
    isOpen = true;
    world.inject(packet.from, packet.to, packet.bytes);
    isOpen = false;
    world.run(milliseconds(2));
  };
  const command = (host: SimHost, what: Command) =>
    world.input(host, { kind: 'command', command: what });

  return {
    world,
    actor,
    peer,
    take,
    deliver,
    /** The oldest datagram of a side arrives. */
    pass: (from: SimHost): void => deliver(take(from)),
    /** How many datagrams of a side have not arrived. */
    waiting: (from: SimHost): number =>
      post.filter((packet) => packet.from.ip === from.address).length,
    /** Everything arrives from here on, and `span` goes by. */
    settle: (span = seconds(200)): void => {
      isOpen = true;
      for (const { from, to, bytes } of post.splice(0)) world.inject(from, to, bytes);
      world.run(span);
    },
    rekeyChild: (host: SimHost): void =>
      command(host, { kind: 'rekey', sa: host.sa.id, child: childOf(host) }),
    rekeyIke: (host: SimHost): void =>
      command(host, { kind: 'rekey', sa: host.sa.id, child: undefined }),
    deleteChild: (host: SimHost, child = childOf(host)): void =>
      command(host, { kind: 'terminate', which: { child } }),
    deleteIke: (host: SimHost): void => command(host, { kind: 'terminate', which: 'all' }),
    limit: (host: SimHost, kind: 'soft-limit' | 'hard-limit', child = childOf(host)): void =>
      world.input(host, { kind: 'dataplane', event: { kind, child } }),
  };
}

/** The oldest CHILD_SA that a side has. */
function childOf(host: SimHost): ChildRef {
  return present(host.sa.children[0], `CHILD_SA of the ${host.name}`).ref;
}

/** What a side said last, as one line: exchange, request or response, payloads. */
export const lastSaid = (host: SimHost): string =>
  present(saidBy(host).at(-1), `message of the ${host.name}`);

/** All that a side said since it is up, without Message IDs. */
export const saidBy = (host: SimHost): string[] =>
  talk(host)
    .filter((line) => line.startsWith('out ') && !initial.test(line))
    .map((line) => line.slice(4).replace(/(request|response) \d+/, '$1'));

/** How often a side asked to delete something. */
export const deletesOf = (host: SimHost): number =>
  saidBy(host).filter((line) => line === 'INFORMATIONAL request [D]').length;

/** How often each CHILD_SA of a side was told to be closed. */
export function closings(host: SimHost): number[] {
  const told = host.eventsOf('child.closed').map(({ child }) => child);
  return [...new Set(told)].map((child) => told.filter((one) => one === child).length);
}

/** For CHILD_SAs each takes a method that the other names second, so that the first KE of both is in vain. */
export const unlike = {
  phone: { esp: proposals('esp', 'aes256gcm16-x25519-ecp256') },
  gateway: { esp: proposals('esp', 'aes256gcm16-ecp384-ecp256') },
};

const initial = /^out (IKE_SA_INIT|IKE_AUTH) /;
