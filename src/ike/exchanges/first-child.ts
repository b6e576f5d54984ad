// The CHILD_SA that rides in IKE_AUTH: addresses, selectors, algorithms, keys, installation
// (RFC 7296 §1.2, §2.9, §2.17, §2.19). A refusal here leaves the IKE SA standing.
import { invariant } from '../../base/invariant.ts';
import { type Ip, prefixRange, sameFamily } from '../../base/ip.ts';
import { PayloadType } from '../../iana/payloads.ts';
import type { Connection } from '../../policy/policy.ts';
import { everything, type Selector } from '../../policy/selectors.ts';
import type { WaitingPacket } from '../core.ts';
import { IkeError } from '../error.ts';
import { mayBeChildless } from '../extensions/childless.ts';
import {
  configReply,
  configRequest,
  isUnspecified,
  readConfigReply,
  wishOf,
} from '../extensions/config-mode.ts';
import { encapsulationOf } from '../extensions/nat-detection.ts';
import type { Draft, Received } from '../message.ts';
import { noCommonTunnel } from '../negotiate/mismatch.ts';
import { choose, offer } from '../negotiate/proposals.ts';
import { fromWire, resolve, toWire, withFirst, within } from '../negotiate/selectors.ts';
import type { IkeSa } from '../sa/ike-sa.ts';
import { readSpi, writeSpi } from '../sa/spi.ts';
import { ask, type Steps } from '../steps.ts';
import { announceSpi, drawSpi, installChild, narrowed } from './child.ts';
import { required } from './required.ts';
import { makeRoom } from './uniqueness.ts';

/** Answers SA, TSi, TSr and CP of an IKE_AUTH request in `draft`. @throws IkeError with a refusal of the child alone */
export function* answerFirstChild(sa: IkeSa, asked: Received, draft: Draft): Steps<void> {
  const { connection } = sa;
  invariant(connection, 'a child before its connection is known');
  const hasChild = asked.find(PayloadType.SA) !== undefined;
  if (mayBeChildless(connection, hasChild) && !hasChild) {
    yield* leaseAddresses(sa, asked, draft);
    return;
  }
  const theirs = required(asked, PayloadType.SA);
  const choice = choose(connection.esp, theirs, { protocol: 'esp', ke: 'ignored' });
  if (!choice) throw noCommonTunnel(connection.esp, theirs);
  // ESP in UDP needs the port where both are told apart (RFC 3948 §2.2).
  const isOnNattPort = sa.path.local.port === sa.host.policy.nattPort;
  if (encapsulationOf(sa) === 'udp' && !isOnNattPort) throw withoutEncapsulation();
  const addresses = yield* leaseAddresses(sa, asked, draft);
  const outer = addresses.length > 0 ? addresses : [sa.origin];
  const selectors = {
    remote: narrowed('TSi', resolve(connection.remoteTs, outer), asked),
    local: narrowed(
      'TSr',
      within(resolve(connection.localTs, [sa.path.local.ip]), sa.lease?.reach),
      asked,
    ),
  };
  const spiIn = drawSpi(sa);
  const spis = { spiIn, spiOut: readSpi(choice.spi) };
  installChild(sa, { chosen: choice.chosen, ...spis, selectors, ...firstExchange(sa) });
  draft
    .add(PayloadType.SA, choice.answer(writeSpi(spiIn)))
    .add(PayloadType.TSI, toWire(selectors.remote))
    .add(PayloadType.TSR, toWire(selectors.local));
}

export interface OfferedChild {
  readonly spiIn: number;
}

/** Adds SA, TSi, TSr and CP to our IKE_AUTH request; `packet` is what wants the tunnel. */
export function offerFirstChild(
  sa: IkeSa,
  draft: Draft,
  packet: WaitingPacket | undefined,
): OfferedChild {
  const { connection } = sa;
  invariant(connection, 'a child before its connection is known');
  const spiIn = announceSpi(sa);
  const { localTs, remoteTs } = connection;
  const virtualIps = wantedAddresses(sa, connection);
  const asksAddress = virtualIps.length > 0;
  if (asksAddress) draft.add(PayloadType.CP, configRequest(virtualIps));
  const mine = asksAddress
    ? virtualIps.map(wholeFamily)
    : withFirst(packet?.local, resolve(localTs, [sa.path.local.ip]));
  const theirs = withFirst(packet?.remote, resolve(remoteTs, [sa.path.remote.ip]));
  draft
    .add(PayloadType.SA, offer(connection.esp, writeSpi(spiIn), false))
    .add(PayloadType.TSI, toWire(mine))
    .add(PayloadType.TSR, toWire(theirs));
  return { spiIn };
}

/** Asks for addresses alone: the CHILD_SA comes later (RFC 6023). */
export function askAddresses(sa: IkeSa, connection: Connection, draft: Draft): void {
  const wanted = wantedAddresses(sa, connection);
  if (wanted.length > 0) draft.add(PayloadType.CP, configRequest(wanted));
}

/** @throws IkeError when we asked for an address and have none */
export function acceptAddresses(sa: IkeSa, { virtualIps }: Connection, response: Received): void {
  sa.virtualIps = virtualIps.length > 0 ? readConfigReply(response, virtualIps) : [];
  if (sa.virtualIps.length < Math.min(virtualIps.length, 1)) {
    throw new IkeError('FAILED_CP_REQUIRED', 'the peer assigned no virtual address');
  }
}

/** What we have already goes before what the connection leaves open. */
function wantedAddresses({ former }: IkeSa, { virtualIps }: Connection): readonly Ip[] {
  const had = former?.virtualIps ?? [];
  return virtualIps.map((wanted) =>
    isUnspecified(wanted) ? (had.find((one) => sameFamily(one, wanted)) ?? wanted) : wanted,
  );
}

/** Takes what the responder made of our offer. @throws IkeError when it is more than we offered */
export function acceptFirstChild(sa: IkeSa, asked: Draft, response: Received, spiIn: number): void {
  const { connection } = sa;
  invariant(connection, 'a child before its connection is known');
  const theirs = required(response, PayloadType.SA);
  const choice = choose(connection.esp, theirs, { protocol: 'esp', ke: 'ignored' });
  if (!choice || theirs.proposals.length !== 1) {
    throw new IkeError('NO_PROPOSAL_CHOSEN', 'the peer chose what was not offered');
  }
  acceptAddresses(sa, connection, response);
  const wished = (type: typeof PayloadType.TSI | typeof PayloadType.TSR) =>
    fromWire(asked.find(type) ?? { selectors: [] });
  const mine =
    sa.virtualIps.length > 0 ? resolve('dynamic', sa.virtualIps) : wished(PayloadType.TSI);
  const selectors = {
    local: narrowed('TSi', mine, response),
    remote: narrowed('TSr', wished(PayloadType.TSR), response),
  };
  const spis = { spiIn, spiOut: readSpi(choice.spi) };
  installChild(sa, { chosen: choice.chosen, ...spis, selectors, ...firstExchange(sa) });
}

/** A virtual address for a peer that must have one (RFC 7296 §2.19, §3.15.4). */
function* leaseAddresses(sa: IkeSa, asked: Received, draft: Draft): Steps<readonly Ip[]> {
  const pool = sa.connection?.pool;
  if (pool === undefined) return [];
  const wish = wishOf(asked);
  if (!wish) throw new IkeError('FAILED_CP_REQUIRED', 'the peer asked for no virtual address');
  const identity = sa.peerName ?? '';
  // A peer that makes its new SA before it breaks the old one goes on with the same addresses.
  const held = sa.former?.lease?.addresses ?? [];
  const { user, certificate } = sa;
  const question = { pool, identity, v4: wish.v4, v6: wish.v6, held, user, certificate };
  let answer = yield* ask('lease', question);
  if (answer?.ok === false && (yield* makeRoom(sa))) answer = yield* ask('lease', question);
  if (!answer?.ok) {
    throw new IkeError('INTERNAL_ADDRESS_FAILURE', answer?.why ?? `pool ${pool} did not answer`);
  }
  sa.lease = answer.lease;
  draft.add(PayloadType.CP, configReply(wish, answer));
  return answer.lease.addresses;
}

/** The first child has the nonces of IKE_SA_INIT and no key exchange of its own (RFC 7296 §2.17). */
function firstExchange({ handshake, role, former }: IkeSa) {
  invariant(handshake, 'a first child after its handshake');
  const { ni, nr } = handshake;
  const began = role === 'initiator';
  // Beside a tunnel that carries the same, the peer must show first that it has this one.
  return { ni, nr, began, standby: !began && former !== undefined };
}

/** What to ask for beside a virtual address: the responder narrows it to what it assigns (RFC 7296 §2.19). */
const wholeFamily = (address: Ip): Selector => everything(prefixRange({ ip: address, bits: 0 }));

const withoutEncapsulation = (): IkeError =>
  new IkeError('NO_PROPOSAL_CHOSEN', 'there is a NAT, but the peer stays on port 500', {
    cause: 'no-encapsulation',
    advice: 'Switch on NAT traversal (UDP encapsulation) on the peer.',
  });
