// A gateway alone, and strangers at its door: what a scenario with scripted peers begins with.

import { Exchange } from '../../src/iana/exchanges.ts';
import { nameOf } from '../../src/iana/name.ts';
import { Notification } from '../../src/iana/notifies.ts';
import { PayloadType } from '../../src/iana/payloads.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { decodeMessage } from '../../src/wire/message.ts';
import { all, type Payload, unknownType } from '../../src/wire/payloads/index.ts';
import { pool } from './household.ts';
import { type Login, login, replaced, without } from './payloads.ts';
import { Peer, type Whereabouts } from './peer.ts';
import { first } from './pick.ts';
import { connection, policy } from './policies.ts';
import { type Ports, type SimHost, World } from './world.ts';

export const gatewayAddress = '203.0.113.2';

export interface Doorstep {
  readonly world: World;
  readonly gateway: SimHost;
  /** Somebody who has not said anything yet. */
  stranger(fields?: Whereabouts): Peer;
  /** A peer that is through IKE_SA_INIT. */
  halfOpen(fields?: Whereabouts): Peer;
  /** A peer that is logged in. */
  guest(fields?: Whereabouts & Login): Peer;
}

export function doorstep(
  fields: { policy?: Policy; ports?: Ports; address?: string } = {},
): Doorstep {
  const world = new World();
  const { address: to = gatewayAddress, ports = pool(someAddresses) } = fields;
  const gateway = world.host('gateway', to, fields.policy ?? policy([connection()]), ports);
  const stranger: Doorstep['stranger'] = (who = {}) => new Peer(world, { to, ...who });
  const halfOpen: Doorstep['halfOpen'] = (who = {}) => stranger(who).connect();
  const guest: Doorstep['guest'] = (who = {}) => {
    const peer = halfOpen(who);
    peer.ask(Exchange.IKE_AUTH, login(peer, who));
    return peer;
  };
  return { world, gateway, stranger, halfOpen, guest };
}

/** What comes of an IKE_AUTH in which `odd` payloads stand for the usual ones of their types. */
export function logsIn(...odd: readonly Payload[]) {
  const { gateway, halfOpen } = doorstep();
  const peer = halfOpen();
  const answer = peer.ask(Exchange.IKE_AUTH, odd.reduce(replaced, login(peer)));
  return { gateway, peer, answer, refusals: notifies(answer) };
}

/** The same with a body of raw bytes, which no encoder would write. */
export function logsInRaw(type: number, body: Uint8Array) {
  const { gateway, halfOpen } = doorstep();
  const peer = halfOpen();
  const raw: Payload = { type: unknownType, number: type, critical: false, body };
  peer.ask(Exchange.IKE_AUTH, [...without(login(peer), type), raw]);
  return { gateway, refusals: notifies(peer.lastHeard().payloads) };
}

/** Names of the notifies among payloads. */
export const notifies = (payloads: readonly Payload[] | undefined): string[] =>
  all(payloads ?? [], PayloadType.NOTIFY).map(({ type }) => nameOf(Notification, type));

/** Names of the notifies in an unprotected message. */
export const openNotifies = (bytes: Uint8Array): string[] =>
  notifies(decodeMessage(bytes).payloads);

/** The one CHILD_SA of a host. */
export const onlyChild = ({ children }: SimHost) => first(children.values(), 'CHILD_SA');

const someAddresses = Array.from({ length: 8 }, (_, i) => `10.3.0.${i + 2}`);
