// Post-quantum pre-shared keys (RFC 8784): a secret that both sides have from elsewhere goes into SK_d, SK_pi and SK_pr.
// Whoever records the traffic, and breaks the key exchange some day, still lacks it. It proves nobody: AUTH does.
import { concat, equal, toHex, toText } from '../../base/bytes.ts';
import { printable } from '../../base/printable.ts';
import { Secret } from '../../base/secret.ts';
import { Exchange } from '../../iana/exchanges.ts';
import { Notification } from '../../iana/notifies.ts';
import { PayloadType } from '../../iana/payloads.ts';
import { type Identity, matchesIdentity } from '../../policy/identity.ts';
import type { Connection, Policy, Ppk } from '../../policy/policy.ts';
import type { Auth } from '../../wire/payloads/auth.ts';
import { IkeError } from '../error.ts';
import type { Draft, Received } from '../message.ts';
import type { IkeSa } from '../sa/ike-sa.ts';
import type { Slot } from '../sa/slots.ts';
import type { Steps } from '../steps.ts';
import type { Extension } from './extension.ts';

export const ppk: Extension = {
  name: 'ppk',
  rfc: 'RFC 8784',
  contribute(sa, draft) {
    const slot = sa.slot(state);
    if (draft.exchange === Exchange.IKE_SA_INIT && draft.has(PayloadType.SA)) {
      if (draft.isRequest ? isWilling(sa) : slot.isOpen) draft.notify(Notification.USE_PPK);
    }
    const isOurProof = draft.exchange === Exchange.IKE_AUTH && draft.has(PayloadType.AUTH);
    if (!isOurProof || draft.isRequest || !slot.id || slot.isConfirmed) return;
    draft.notify(Notification.PPK_IDENTITY);
    slot.isConfirmed = true;
  },
  observe(sa, received) {
    const slot = sa.slot(state);
    if (received.exchange === Exchange.IKE_SA_INIT) {
      slot.isOpen = received.notify(Notification.USE_PPK) !== undefined && isWilling(sa);
    }
    const isProof = received.exchange === Exchange.IKE_AUTH && received.find(PayloadType.AUTH);
    if (isProof && !received.isRequest && slot.offered) settle(sa, received, slot.offered);
  },
};

/** The id of the PPK in the keys of an SA, and of those that were made of them; undefined: there is none. */
export const ppkOf = (sa: IkeSa): string | undefined => {
  const { id } = sa.slot(state);
  return id && formatPpkId(id);
};

/** In letters where it is made of them, else in hexadecimal. */
export function formatPpkId(id: Uint8Array): string {
  return id.every((byte) => byte > 0x20 && byte < 0x7f) ? toText(id) : `0x${toHex(id)}`;
}

/** After IKE_SA_INIT, as initiator. @throws IkeError where the connection demands a PPK, and the peer takes none */
export function expectPpk(sa: IkeSa, { ppkRequired }: Connection): void {
  if (!ppkRequired || sa.slot(state).isOpen) return;
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
  const slot = sa.slot(state);
  const { connection } = sa;
  if (!slot.isOpen || !connection) return yield* prove();
  slot.isOpen = false;
  const without = connection.ppkRequired ? undefined : yield* prove();
  // Looked up after that: a reload wipes the secrets of before.
  const used = ownPpk(sa.host.policy, connection);
  if (!used) {
    throw new IkeError('AUTHENTICATION_FAILED', 'its PPK is not in the configuration any more', {
      cause: 'configuration-changed',
    });
  }
  if (without) draft.notify(Notification.NO_PPK_AUTH, without.data);
  draft.notify(Notification.PPK_IDENTITY, concat(Uint8Array.of(fixedId), used.id));
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
  const slot = sa.slot(state);
  if (!slot.isOpen) return theirs;
  slot.isOpen = false;
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

/** AUTH fits no more: the refusal then takes the time of any other, which tells nobody what PPKs there are, and whose. */
function mixNothing(sa: IkeSa): void {
  const nothing = new Secret(sa.host.random(32));
  sa.mix(nothing);
  nothing.wipe();
  sa.settleMix('mixed');
}

/** As responder, once it is known which connection it is. @throws IkeError where that demands a PPK, and there is none */
export function demandPpk(sa: IkeSa, { ppkRequired }: Connection): void {
  const { id, unknown } = sa.slot(state);
  if (!ppkRequired || id) return;
  if (unknown !== undefined) throw unknownPpk(`${unknown}, and its connection wants one`);
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
  const { id, unknown, isInsistedOn } = sa.slot(state);
  if (isInsistedOn) return unknownPpk(`${unknown}, which insists on it`);
  if (!id) return error;
  const why = `${error.why}, or the PPK ${nameOf(id)} is another one over there`;
  return new IkeError(error.fault, why, {
    cause: 'other-ppk',
    advice: `Give both sides the same secret for the PPK first. ${error.advice}`,
  });
}

const unknownPpk = (why: string): IkeError =>
  new IkeError('AUTHENTICATION_FAILED', why, {
    cause: 'unknown-ppk',
    advice: 'Add a section ppk with this id, and the peer in its list peer.',
  });

/** What else the owner may look at when the peer refused our AUTH. */
export function ppkAdvice(sa: IkeSa): string | undefined {
  const { offered } = sa.slot(state);
  return offered && `The PPK ${nameOf(offered)} must be there too, with the same secret.`;
}

/** The peer says whether it has our PPK (RFC 8784 §3). @throws IkeError where it has not, and we want it */
function settle(sa: IkeSa, response: Received, offered: Uint8Array): void {
  const slot = sa.slot(state);
  slot.offered = undefined;
  const isKnown = response.notify(Notification.PPK_IDENTITY) !== undefined;
  if (!isKnown && sa.connection?.ppkRequired) {
    throw new IkeError(
      'AUTHENTICATION_FAILED',
      `the peer has no PPK ${nameOf(offered)}, and this connection wants it`,
      {
        cause: 'unknown-ppk',
        advice: 'Give the peer this PPK, or set option ppk_required 0 here.',
      },
    );
  }
  sa.settleMix(isKnown ? 'mixed' : 'unmixed');
  if (isKnown) slot.id = offered;
  else {
    const why = `the peer has no PPK ${nameOf(offered)}: it goes on without`;
    sa.host.report({ kind: 'note', sa: sa.id, why });
  }
}

/** Whether we have a PPK that this may be about: as responder it is not known yet with whom we talk. */
const isWilling = ({ role, host: { policy }, connection }: IkeSa): boolean =>
  role === 'initiator'
    ? connection !== undefined && ownPpk(policy, connection) !== undefined
    : policy.ppks.length > 0;

const ownPpk = ({ ppks }: Policy, { ppkId, remoteId }: Connection): Ppk | undefined =>
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

const nameOf = (id: Uint8Array): string => `«${printable(formatPpkId(id), 60)}»`;

/** PPK_ID_FIXED (RFC 8784 §5.1). */
const fixedId = 2;

interface State {
  /** Both sides said USE_PPK, and which one it is, or that it is none, is still to be said. */
  isOpen: boolean;
  /** Initiator: the id of the one in our AUTH, until the peer says whether it has it. */
  offered: Uint8Array | undefined;
  /** The id of the one in the keys. */
  id: Uint8Array | undefined;
  /** Responder: the peer has heard that we use it. */
  isConfirmed: boolean;
  /** Responder: the peer named one that we do not know, in words. */
  unknown: string | undefined;
  /** Responder: and it does without on no account. */
  isInsistedOn: boolean;
}
const fresh: State = {
  isOpen: false,
  offered: undefined,
  id: undefined,
  isConfirmed: false,
  unknown: undefined,
  isInsistedOn: false,
};
const state: Slot<State> = {
  name: 'ppk',
  init: () => ({ ...fresh }),
  // Never put into keys again: those of a rekey are made of keys that have it (RFC 8784 §3).
  inherit: ({ id }) => ({ ...fresh, id }),
};
