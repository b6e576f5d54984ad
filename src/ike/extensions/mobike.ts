// MOBIKE: the IKE SA and its children survive a change of address (RFC 4555). Only the original initiator moves
// them; the responder makes sure that somebody is there before it sends traffic to a new address.
import { equal } from '../../base/bytes.ts';
import { ipFromBytes, isIpv4, isUnicast } from '../../base/ip.ts';
import { Exchange } from '../../iana/exchanges.ts';
import { nameOf } from '../../iana/name.ts';
import { Notification } from '../../iana/notifies.ts';
import { PayloadType } from '../../iana/payloads.ts';
import type { Path } from '../core.ts';
import { IkeError } from '../error.ts';
import { Draft, type Received } from '../message.ts';
import type { IkeSa } from '../sa/ike-sa.ts';
import { pathsOf } from '../sa/paths.ts';
import { moveChildren, samePath } from '../sa/roam.ts';
import type { Slot } from '../sa/slots.ts';
import { request, type Steps } from '../steps.ts';
import type { Extension } from './extension.ts';
import { detectAgain, encapsulationOf } from './nat-detection.ts';

export const mobike: Extension = {
  name: 'mobike',
  rfc: 'RFC 4555',
  contribute(sa, draft) {
    const slot = sa.slot(state);
    const mayOffer = draft.isRequest || slot.agreed;
    if (carriesTerms(sa, draft) && mayOffer) {
      if (sa.connection?.mobike) draft.notify(Notification.MOBIKE_SUPPORTED);
      else slot.agreed = false;
    }
    if (draft.exchange !== Exchange.INFORMATIONAL || draft.isRequest) return;
    if (slot.cookie2) draft.notify(Notification.COOKIE2, slot.cookie2);
    if (slot.refusal !== undefined) draft.notify(slot.refusal);
    slot.cookie2 = undefined;
    slot.refusal = undefined;
  },
  observe(sa, received) {
    const slot = sa.slot(state);
    if (received.exchange === Exchange.IKE_AUTH && received.notify(Notification.MOBIKE_SUPPORTED)) {
      // A responder does not know its connection yet: it decides when it answers.
      slot.agreed = sa.connection?.mobike ?? true;
    }
    if (!slot.agreed || received.exchange !== Exchange.INFORMATIONAL || !received.isRequest) return;
    slot.cookie2 = cookieIn(received);
    if (received.notify(Notification.UPDATE_SA_ADDRESSES)) heedUpdate(sa, received);
  },
};

/**
 * With EAP there are many IKE_AUTH messages: notifies ride with the SA payload (§3.2), which a childless one leaves
 * out. It stands beside the first IDi, and in the response that proves who we are for good: then we know who the peer is.
 */
export function carriesTerms(sa: IkeSa, draft: Draft): boolean {
  if (draft.exchange !== Exchange.IKE_AUTH) return false;
  if (draft.isRequest) return draft.has(PayloadType.IDI) && sa.phase === 'auth';
  return draft.has(PayloadType.AUTH) && sa.connection !== undefined;
}

/** Whether both sides can move; without it a new address means a new handshake. */
export const isMobile = (sa: IkeSa): boolean => sa.slot(state).agreed;

/** What is to be echoed. @throws IkeError where it is no cookie (§4.2.5) */
function cookieIn(request: Received): Uint8Array | undefined {
  const data = request.notify(Notification.COOKIE2)?.data;
  if (!data || (data.length >= 8 && data.length <= 64)) return data;
  throw new IkeError('INVALID_SYNTAX', `a COOKIE2 of ${data.length} bytes`);
}

/** Our address changed, and `sa.path` with it: tells the peer (§3.5). */
export function* updateAddresses(sa: IkeSa): Steps<void> {
  const { path } = sa;
  const slot = sa.slot(state);
  if (samePath(path, sa.provenPath) && !slot.isAstray) return;
  slot.isAstray = true;
  const draft = new Draft(Exchange.INFORMATIONAL, 'request');
  const response = yield* request(draft.notify(Notification.UPDATE_SA_ADDRESSES));
  const refusal = response.error();
  if (refusal) {
    const why = `the peer does not follow us to a new address: ${nameOf(Notification, refusal.type)}`;
    sa.host.report({ kind: 'note', sa: sa.id, why });
    slot.refused.push(path);
    if (refusal.type === Notification.UNACCEPTABLE_ADDRESSES) tryAnother(sa);
    return;
  }
  slot.refused = [];
  // Another update may have come on top of this one: the latest wins.
  if (!samePath(sa.path, path)) return;
  slot.isAstray = false;
  sa.origin = sa.path.remote.ip;
  settle(sa);
}

/**
 * Behind a NAT that may have forgotten us the peer is told where we are, even if that is where we were: it sees the
 * new mapping, and answers as it would to any probe (RFC 4555 §3.8).
 */
export function* tellPresence(sa: IkeSa): Steps<void> {
  sa.slot(state).isAstray = true;
  yield* updateAddresses(sa);
}

/** The peer takes no update to this path: perhaps to another (RFC 4555 §3.5). */
function tryAnother(sa: IkeSa): void {
  const { refused } = sa.slot(state);
  const next = pathsOf(sa).find((path) => !refused.some((one) => samePath(one, path)));
  if (next === undefined) refused.length = 0;
  else {
    sa.path = next;
    sa.queue.push(updateAddresses);
  }
}

/** An SA that took another's place goes on with a move that was under way there. */
export function resumeMove(sa: IkeSa): void {
  const isThere = samePath(sa.path, sa.provenPath) && !sa.slot(state).isAstray;
  if (!isMobile(sa) || isThere) return;
  if (sa.dialled) sa.queue.push(updateAddresses);
  else scheduleCheck(sa);
}

/** The peer says where it is now: at the source of the message, whatever else it holds (§3.5). */
function heedUpdate(sa: IkeSa, received: Received): void {
  const slot = sa.slot(state);
  slot.refusal = refusalOf(sa, received);
  if (slot.refusal !== undefined || sa.dialled) return;
  detectAgain(sa, received);
  sa.path = received.path;
  slot.updates++;
  if (samePath(sa.path, sa.provenPath)) settle(sa);
  else scheduleCheck(sa);
}

/** The path is proven: the children take it, unless nothing is new about it. */
function settle(sa: IkeSa): void {
  const encap = encapsulationOf(sa);
  const isNew = !samePath(sa.path, sa.provenPath) || sa.children.some((one) => one.encap !== encap);
  if (isNew) moveChildren(sa);
}

function scheduleCheck(sa: IkeSa): void {
  const slot = sa.slot(state);
  if (slot.isChecking) return;
  slot.isChecking = true;
  sa.queue.push(checkRoutability);
}

/**
 * Somebody at the new address echoes what only the peer can read (§3.7); then its packets go there. A cookie
 * counts only if the peer did not move while it was out: the echo may have come from where it was before.
 */
function* checkRoutability(sa: IkeSa): Steps<void> {
  const slot = sa.slot(state);
  if (samePath(sa.path, sa.provenPath)) {
    slot.isChecking = false;
    return;
  }
  const { updates } = slot;
  const cookie = sa.host.random(cookieBytes);
  const draft = new Draft(Exchange.INFORMATIONAL, 'request');
  try {
    const response = yield* request(draft.notify(Notification.COOKIE2, cookie));
    const echo = response.notify(Notification.COOKIE2)?.data;
    if (!echo || !equal(echo, cookie)) {
      const why = 'the peer moved to an address where it does not answer as it must';
      sa.closing = { cause: 'failed', why };
      return;
    }
  } finally {
    slot.isChecking = false;
  }
  if (updates === slot.updates) {
    sa.origin = sa.path.remote.ip;
    moveChildren(sa);
  }
  // What else waits goes first: a peer that never stands still must not hold it up.
  else if (!samePath(sa.path, sa.provenPath)) scheduleCheck(sa);
}

function refusalOf(sa: IkeSa, received: Received): number | undefined {
  const { ip } = received.path.remote;
  if (!isUnicast(ip)) return Notification.UNACCEPTABLE_ADDRESSES;
  const promised = received.notify(Notification.NO_NATS_ALLOWED)?.data;
  if (!promised || isAsPromised(promised, received.path)) return undefined;
  const why = 'the peer allows no NAT, and there is one';
  sa.host.report({ kind: 'note', sa: sa.id, why });
  return Notification.UNEXPECTED_NAT_DETECTED;
}

/** NO_NATS_ALLOWED: source and destination address, then source and destination port (§4.2.6). */
function isAsPromised(data: Uint8Array, { local, remote }: Path): boolean {
  const bytes = isIpv4(remote.ip) ? 4 : 16;
  if (data.length !== 2 * bytes + 4) return false;
  const port = (at: number) => ((data[at] as number) << 8) | (data[at + 1] as number);
  return (
    ipFromBytes(data.subarray(0, bytes)) === remote.ip &&
    ipFromBytes(data.subarray(bytes, 2 * bytes)) === local.ip &&
    port(2 * bytes) === remote.port &&
    port(2 * bytes + 2) === local.port
  );
}

interface State {
  agreed: boolean;
  /** How often the peer moved: an answer counts only for the place that it was asked at. */
  updates: number;
  isChecking: boolean;
  /** We told the peer of another place, and it is not known where it believes us to be. */
  isAstray: boolean;
  /** Paths of ours that the peer did not take, since it last took one. */
  refused: Path[];
  /** To be echoed in the response. */
  cookie2: Uint8Array | undefined;
  /** To be said in the response. */
  refusal: number | undefined;
}
const atRest = (): State => ({
  agreed: false,
  updates: 0,
  isChecking: false,
  isAstray: false,
  refused: [],
  cookie2: undefined,
  refusal: undefined,
});
const state: Slot<State> = {
  name: 'mobike',
  init: atRest,
  inherit: ({ agreed, isAstray }) => ({ ...atRest(), agreed, isAstray }),
};
const cookieBytes = 16;
