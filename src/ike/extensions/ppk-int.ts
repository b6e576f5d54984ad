// A PPK before IKE_AUTH (RFC 9867): the initiator names those that it has in the last IKE_INTERMEDIATE, and shows of each
// that it knows the secret; the responder takes one. Who talks to whom then travels under keys that have it.
import { concat, equal } from '../../base/bytes.ts';
import { invariant } from '../../base/invariant.ts';
import { Secret } from '../../base/secret.ts';
import { Notification } from '../../iana/notifies.ts';
import type { Ppk } from '../../policy/policy.ts';
import { IkeError } from '../error.ts';
import type { Draft, Received } from '../message.ts';
import type { IkeSa } from '../sa/ike-sa.ts';
import { fixedId, goneMeanwhile, goWithout, nameOf, ownPpk, ppkState, travelling } from './ppk.ts';

/** Whether both sides use PPKs in IKE_INTERMEDIATE, and which one is still to be said. */
export const isPpkDue = (sa: IkeSa): boolean => sa.slot(ppkState).open === 'IKE_INTERMEDIATE';

/** As initiator, in our last request before IKE_AUTH. @throws IkeError where a reload took the PPK away */
export function offerPpk(sa: IkeSa, draft: Draft): void {
  if (!isPpkDue(sa)) return;
  const slot = sa.slot(ppkState);
  const own = sa.connection && ownPpk(sa.host.policy, sa.connection);
  if (!own) throw goneMeanwhile();
  slot.open = undefined;
  slot.offered = own.id;
  draft.notify(
    Notification.PPK_IDENTITY_KEY,
    concat(travelling(own), confirmation(sa, own.secret)),
  );
}

/** As initiator: what the peer took. @throws IkeError where it took none, and we want it */
export function takePpk(sa: IkeSa, response: Received): Secret | undefined {
  const slot = sa.slot(ppkState);
  const { offered } = slot;
  if (!offered) return undefined;
  slot.offered = undefined;
  const taken = response.notify(Notification.PPK_IDENTITY)?.data;
  if (!taken) {
    goWithout(sa, offered);
    return undefined;
  }
  // Looked up once more: a reload wipes the secrets of before.
  const own = sa.connection && ownPpk(sa.host.policy, sa.connection);
  if (!own || !equal(own.id, offered)) throw goneMeanwhile();
  if (!equal(taken, travelling(own))) {
    throw new IkeError('INVALID_SYNTAX', 'the peer takes a PPK that it was not offered');
  }
  slot.id = own.id;
  return own.secret;
}

/** As responder: the first that we have, too, under its name; else it goes on without, unless its connection wants one. */
export function answerPpk(sa: IkeSa, received: Received, draft: Draft): Secret | undefined {
  if (!isPpkDue(sa)) return undefined;
  const slot = sa.slot(ppkState);
  slot.open = undefined;
  const offers = received.notifies(Notification.PPK_IDENTITY_KEY).slice(0, mostOffers);
  const judged = offers.map(({ data }) => judge(sa, data));
  const taken = judged.find(({ fits }) => fits)?.ppk;
  if (taken) {
    slot.mixed = taken;
    slot.isConfirmed = true;
    draft.notify(Notification.PPK_IDENTITY, travelling(taken));
    return taken.secret;
  }
  const [first] = judged;
  if (!first) return undefined;
  const what = whyNot(first);
  slot.unknown = what;
  slot.unknownCause = first.ppk ? 'other-ppk' : 'unknown-ppk';
  sa.host.report({ kind: 'note', sa: sa.id, why: `${what}: it goes on without` });
  return undefined;
}

const whyNot = ({ ppk, id }: ReturnType<typeof judge>): string =>
  ppk
    ? `the PPK ${nameOf(id)} is another one over there`
    : `there is no PPK ${nameOf(id)} for this peer`;

/** One that nobody knows takes the time of any other, which tells nobody what PPKs there are. */
function judge(sa: IkeSa, data: Uint8Array) {
  const end = Math.max(1, data.length - confirmationBytes);
  const id = data.subarray(1, end);
  const isKnown = ({ id: other }: Ppk): boolean => data[0] === fixedId && equal(other, id);
  const ppk = sa.host.policy.ppks.find(isKnown);
  const nothing = new Secret(sa.host.random(32));
  const shown = confirmation(sa, ppk ? ppk.secret : nothing);
  nothing.wipe();
  return { id, ppk, fits: ppk !== undefined && equal(shown, data.subarray(end)) };
}

/**
 * PPK Confirmation: the first octets of prf(PPK, Ni | Nr | SPIi | SPIr). Whoever answers may try secrets on it at leisure:
 * one of 32 random bytes is not found, and of a shorter one the configuration warns.
 */
function confirmation({ handshake, suite, spiI, spiR, host }: IkeSa, ppk: Secret): Uint8Array {
  invariant(handshake && suite, 'a PPK before IKE_SA_INIT');
  const prf = host.primitives[suite.prf.engine];
  const whole = prf.compute(ppk.bytes, handshake.ni, handshake.nr, spiI, spiR);
  const shown = whole.slice(0, confirmationBytes);
  whole.fill(0);
  return shown;
}

const confirmationBytes = 8;
/** As many as are looked at: each is a guess, and costs an HMAC. */
const mostOffers = 8;
