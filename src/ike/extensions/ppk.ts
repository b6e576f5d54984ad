// Post-quantum pre-shared keys: a secret that both sides have from elsewhere goes into the keys. Whoever records the
// traffic, and breaks the key exchange some day, still lacks it. It proves nobody: AUTH does. Where both sides can, it
// goes in before IKE_AUTH, and hides who talks there too (RFC 9867, ppk-int.ts); else into SK_d, SK_pi and SK_pr with
// AUTH (RFC 8784).
import { concat, equal, toHex, toText } from '../../base/bytes.ts';
import { printable } from '../../base/printable.ts';
import { Secret } from '../../base/secret.ts';
import { Exchange } from '../../iana/exchanges.ts';
import { Notification } from '../../iana/notifies.ts';
import { PayloadType } from '../../iana/payloads.ts';
import { type Identity, matchesIdentity } from '../../policy/identity.ts';
import type { Connection, Policy, Ppk } from '../../policy/policy.ts';
import type { Auth } from '../../wire/payloads/auth.ts';
import type { Cause } from '../causes.ts';
import { IkeError } from '../error.ts';
import type { Draft, Received } from '../message.ts';
import type { IkeSa } from '../sa/ike-sa.ts';
import type { Slot } from '../sa/slots.ts';
import type { Steps } from '../steps.ts';
import type { Extension } from './extension.ts';

export const ppk: Extension = {
  name: 'ppk',
  rfc: 'RFC 8784, RFC 9867',
  contribute(sa, draft) {
    const slot = sa.slot(ppkState);
    if (draft.exchange === Exchange.IKE_SA_INIT && draft.has(PayloadType.SA)) {
      const isAsked = draft.isRequest && isWilling(sa);
      if (isAsked || slot.open === 'IKE_AUTH') draft.notify(Notification.USE_PPK);
      if (isAsked || slot.open === 'IKE_INTERMEDIATE') draft.notify(Notification.USE_PPK_INT);
    }
    const isOurProof = draft.exchange === Exchange.IKE_AUTH && draft.has(PayloadType.AUTH);
    if (!isOurProof || draft.isRequest || !slot.id || slot.isConfirmed) return;
    draft.notify(Notification.PPK_IDENTITY);
    slot.isConfirmed = true;
  },
  observe(sa, received) {
    const slot = sa.slot(ppkState);
    if (received.exchange === Exchange.IKE_SA_INIT) {
      slot.open = isWilling(sa) ? placeIn(received) : undefined;
    }
    const isProof = received.exchange === Exchange.IKE_AUTH && received.find(PayloadType.AUTH);
    if (isProof && !received.isRequest && slot.offered) settle(sa, received, slot.offered);
  },
};

/** Where a message of IKE_SA_INIT wants the PPK; a responder names one place (RFC 9867 §3.1). */
function placeIn(received: Received): State['open'] {
  const says = (type: number): boolean => received.notify(type) !== undefined;
  const isIntermediate = says(Notification.INTERMEDIATE_EXCHANGE_SUPPORTED);
  if (isIntermediate && says(Notification.USE_PPK_INT)) return 'IKE_INTERMEDIATE';
  return says(Notification.USE_PPK) ? 'IKE_AUTH' : undefined;
}

/** The id of the PPK in the keys of an SA, and of those that were made of them; undefined: there is none. */
export const ppkOf = (sa: IkeSa): string | undefined => {
  const { id } = sa.slot(ppkState);
  return id && formatPpkId(id);
};

/** In letters where it is made of them, else in hexadecimal. */
export function formatPpkId(id: Uint8Array): string {
  return id.every((byte) => byte > 0x20 && byte < 0x7f) ? toText(id) : `0x${toHex(id)}`;
}

/** After IKE_SA_INIT, as initiator. @throws IkeError where the connection demands a PPK, and the peer takes none */
export function expectPpk(sa: IkeSa, { ppkRequired }: Connection): void {
  if (!ppkRequired || sa.slot(ppkState).open) return;
  throw new IkeError(
    'AUTHENTICATION_FAILED',
    'the peer takes no PPK, and this connection wants one',
    {
      cause: 'ppk-missing',
      advice: 'Give the peer the same PPK, or set option ppk_required 0 here.',
    },
  );
}

/**
 * Our AUTH as initiator, with the PPK in the keys if one is used: its id goes beside, and where we would do without it,
 * AUTH without it too.
 * @param prove makes AUTH of the keys that the SA has then
 */
export function* proveWithPpk(sa: IkeSa, draft: Draft, prove: () => Steps<Auth>): Steps<Auth> {
  const slot = sa.slot(ppkState);
  const { connection } = sa;
  if (slot.open !== 'IKE_AUTH' || !connection) return yield* prove();
  slot.open = undefined;
  const without = connection.ppkRequired ? undefined : yield* prove();
  // Looked up after that: a reload wipes the secrets of before.
  const used = ownPpk(sa.host.policy, connection);
  if (!used) throw goneMeanwhile();
  if (without) draft.notify(Notification.NO_PPK_AUTH, without.data);
  draft.notify(Notification.PPK_IDENTITY, travelling(used));
  sa.mix(used.secret);
  slot.offered = used.id;
  return yield* prove();
}

/**
 * The AUTH that counts, as responder: that of the peer with its PPK put into the keys, or where we do not know that,
 * and may do without, what NO_PPK_AUTH says. Who insists on what we do not know has an AUTH that will not fit.
 * @param identities what the peer proves, or is about to
 * @throws IkeError AUTHENTICATION_FAILED
 */
export function authWithPpk(
  sa: IkeSa,
  received: Received,
  theirs: Auth,
  identities: readonly Identity[],
): Auth {
  const slot = sa.slot(ppkState);
  judgeMixed(sa, identities);
  if (slot.open !== 'IKE_AUTH') return theirs;
  slot.open = undefined;
  const named = received.notify(Notification.PPK_IDENTITY)?.data;
  if (!named) {
    // Both sides said that they have one: that it is not used may be the work of somebody between (RFC 8784 §3).
    throw new IkeError('AUTHENTICATION_FAILED', 'the peer said that it has a PPK, and named none', {
      cause: 'ppk-missing',
      advice: 'Look at the secret of the PPK on the peer.',
    });
  }
  const known = namedPpk(sa.host.policy, named, identities);
  if (known) {
    sa.mix(known.secret);
    sa.settleMix('mixed');
    slot.id = known.id;
    return theirs;
  }
  const without = received.notify(Notification.NO_PPK_AUTH)?.data;
  const what = `there is no PPK ${nameOf(named.subarray(1))} for this peer`;
  slot.unknown = what;
  if (!without) {
    slot.isInsistedOn = true;
    mixNothing(sa);
    return theirs;
  }
  sa.host.report({ kind: 'note', sa: sa.id, why: `${what}: it goes on without` });
  return { method: theirs.method, data: without };
}

/** Of one that went into the keys before it was known with whom: it counts if it is for who that is. */
function judgeMixed(sa: IkeSa, identities: readonly Identity[]): void {
  const slot = sa.slot(ppkState);
  const { mixed } = slot;
  if (!mixed) return;
  slot.mixed = undefined;
  if (isFor(mixed.peers, identities)) {
    slot.id = mixed.id;
    return;
  }
  const what = `the PPK ${nameOf(mixed.id)} is not for this peer`;
  slot.unknown = what;
  sa.host.report({ kind: 'note', sa: sa.id, why: `${what}: it does not count` });
}

/** AUTH fits no more: the refusal then takes the time of any other, which tells nobody what PPKs there are, and whose. */
function mixNothing(sa: IkeSa): void {
  const nothing = new Secret(sa.host.random(32));
  sa.mix(nothing);
  nothing.wipe();
  sa.settleMix('mixed');
}

/** As responder, once it is known which connection it is. @throws IkeError where that demands a PPK, and there is none */
export function demandPpk(sa: IkeSa, { ppkRequired }: Connection): void {
  const { id, unknown, unknownCause } = sa.slot(ppkState);
  if (!ppkRequired || id) return;
  if (unknown !== undefined) {
    throw unknownPpk(`${unknown}, and its connection wants one`, unknownCause);
  }
  throw new IkeError(
    'AUTHENTICATION_FAILED',
    'the peer uses no PPK, and its connection wants one',
    {
      cause: 'ppk-missing',
      advice: 'Set the PPK on the device too, or option ppk_required 0 of the connection.',
    },
  );
}

/** `error`, or where a PPK is in the keys, or should be, that this may be why. */
export function orOtherPpk(sa: IkeSa, error: IkeError): IkeError {
  const { id, isInsistedOn, isConfirmed } = sa.slot(ppkState);
  if (isInsistedOn) return whyPpkGivenUp(sa) ?? error;
  if (!id || isConfirmed) return error;
  const why = `${error.why}, or the PPK ${nameOf(id)} is another one over there`;
  return new IkeError(error.fault, why, {
    cause: 'other-ppk',
    advice: `Give both sides the same secret for the PPK first. ${error.advice}`,
  });
}

/** As responder: why the peer goes away, where we have no PPK that it named. */
export function whyPpkGivenUp(sa: IkeSa): IkeError | undefined {
  const { unknown, unknownCause } = sa.slot(ppkState);
  return unknown === undefined
    ? undefined
    : unknownPpk(`${unknown}, which insists on it`, unknownCause);
}

function unknownPpk(why: string, cause: State['unknownCause'] = 'unknown-ppk'): IkeError {
  const advice =
    cause === 'other-ppk'
      ? 'Give both sides the same secret for the PPK.'
      : 'Add a section ppk with this id, and the peer in its list peer.';
  return new IkeError('AUTHENTICATION_FAILED', why, { cause, advice });
}

export const goneMeanwhile = (): IkeError =>
  new IkeError('AUTHENTICATION_FAILED', 'its PPK is not in the configuration any more', {
    cause: 'configuration-changed',
  });

/** What else the owner may look at when the peer refused our AUTH. */
export function ppkAdvice(sa: IkeSa): string | undefined {
  const { offered } = sa.slot(ppkState);
  return offered && `The PPK ${nameOf(offered)} must be there too, with the same secret.`;
}

/** The peer says whether it has our PPK (RFC 8784 §3). @throws IkeError where it has not, and we want it */
function settle(sa: IkeSa, response: Received, offered: Uint8Array): void {
  const slot = sa.slot(ppkState);
  slot.offered = undefined;
  const isKnown = response.notify(Notification.PPK_IDENTITY) !== undefined;
  if (!isKnown) goWithout(sa, offered);
  sa.settleMix(isKnown ? 'mixed' : 'unmixed');
  if (isKnown) slot.id = offered;
}

/** As initiator: the peer does not know what we offered. @throws IkeError where we want it */
export function goWithout(sa: IkeSa, offered: Uint8Array): void {
  if (sa.connection?.ppkRequired) {
    throw new IkeError(
      'AUTHENTICATION_FAILED',
      `the peer has no PPK ${nameOf(offered)}, and this connection wants it`,
      {
        cause: 'unknown-ppk',
        advice: 'Give the peer this PPK, or set option ppk_required 0 here.',
      },
    );
  }
  const why = `the peer has no PPK ${nameOf(offered)}: it goes on without`;
  sa.host.report({ kind: 'note', sa: sa.id, why });
}

/** Whether we have a PPK that this may be about: as responder it is not known yet with whom we talk. */
const isWilling = ({ role, host: { policy }, connection }: IkeSa): boolean =>
  role === 'initiator'
    ? connection !== undefined && ownPpk(policy, connection) !== undefined
    : policy.ppks.length > 0;

export const ownPpk = ({ ppks }: Policy, { ppkId, remoteId }: Connection): Ppk | undefined =>
  ppks.find(({ id, peers }) => {
    if (ppkId) return equal(ppkId, id);
    return isFor(peers, remoteId.kind === 'exact' ? [remoteId.identity] : []);
  });

/** @param named type and id, as they travel; an id of an opaque type is for others to understand */
function namedPpk(
  { ppks }: Policy,
  named: Uint8Array,
  identities: readonly Identity[],
): Ppk | undefined {
  if (named[0] !== fixedId) return undefined;
  const wanted = named.subarray(1);
  return ppks.find(({ id, peers }) => equal(id, wanted) && isFor(peers, identities));
}

const isFor = (peers: Ppk['peers'], identities: readonly Identity[]): boolean =>
  peers.length === 0 ||
  peers.some((pattern) => identities.some((one) => matchesIdentity(pattern, one)));

/** PPK_ID: its type, and what it is known by. */
export const travelling = ({ id }: Ppk): Uint8Array => concat(Uint8Array.of(fixedId), id);

export const nameOf = (id: Uint8Array): string => `«${printable(formatPpkId(id), 60)}»`;

/** PPK_ID_FIXED (RFC 8784 §5.1). */
export const fixedId = 2;

interface State {
  /** Both sides use PPKs, and which one, or that it is none, is still to be said there. */
  open: 'IKE_AUTH' | 'IKE_INTERMEDIATE' | undefined;
  /** Initiator: the id of the one in our AUTH, until the peer says whether it has it. */
  offered: Uint8Array | undefined;
  /** The id of the one in the keys. */
  id: Uint8Array | undefined;
  /** Responder: the one in the keys, until it is known whether it is for the peer. */
  mixed: Ppk | undefined;
  /** Responder: the peer has heard that we use it. */
  isConfirmed: boolean;
  /** Responder: the peer named one that we do not know, in words. */
  unknown: string | undefined;
  /** Responder: whether that was its name, or its secret. */
  unknownCause: Extract<Cause, 'unknown-ppk' | 'other-ppk'>;
  /** Responder: and it does without on no account. */
  isInsistedOn: boolean;
}
const fresh: State = {
  open: undefined,
  offered: undefined,
  id: undefined,
  mixed: undefined,
  isConfirmed: false,
  unknown: undefined,
  unknownCause: 'unknown-ppk',
  isInsistedOn: false,
};
export const ppkState: Slot<State> = {
  name: 'ppk',
  init: () => ({ ...fresh }),
  // Never put into keys again: those of a rekey are made of keys that have it (RFC 8784 §3).
  inherit: ({ id }) => ({ ...fresh, id }),
};
