// Who we are to a peer before it is known who it is, and the connection of whoever it proves to be by EAP
// (RFC 7296 §2.16, RFC 5998 §3).
import { toText } from '../../base/bytes.ts';
import { Notification } from '../../iana/notifies.ts';
import { PayloadType } from '../../iana/payloads.ts';
import {
  formatIdentity,
  type Identity,
  sameIdentity,
  userIdentity,
} from '../../policy/identity.ts';
import { type Connection, type EapAuth, eapOf, isEap, isTwoRounds } from '../../policy/policy.ts';
import { type Id, ownId } from '../../wire/payloads/id.ts';
import { eapMethod } from '../eap/index.ts';
import type { EapMethodRow, EapOutcome } from '../eap/method.ts';
import type { Refusal } from '../eap/server.ts';
import { IkeError } from '../error.ts';
import type { Received } from '../message.ts';
import {
  certificateOf,
  fitting,
  ownIdentity,
  type Selected,
  servingConnections,
} from '../negotiate/identities.ts';
import { allowsSuite } from '../negotiate/proposals.ts';
import type { IkeSa } from '../sa/ike-sa.ts';
import type { Certified } from './certificates.ts';

/** Who we are to the peer, and the connections that would show it the same face: which one it is comes out later. */
export interface Front {
  readonly connection: Connection;
  readonly localId: Identity;
  readonly candidates: readonly Connection[];
  /** The certificate that the peer proved before, if it did. */
  readonly shown: Certified | undefined;
}

/** @throws IkeError AUTHENTICATION_FAILED where no connection lets it log in, or we have another name than it asks for */
export function frontFor(sa: IkeSa, first: Received, shown: Certified | undefined): Front {
  const { policy } = sa.host;
  const idR = first.find(PayloadType.IDR);
  const serving = servingConnections(policy, sa.origin).filter(
    (connection) =>
      sa.suite && allowsSuite(connection.ike, sa.suite) && methodsOf(connection, shown).length > 0,
  );
  if (serving.length === 0) throw noEap(sa, shown);
  const willing = shown
    ? fitting(serving, 'remoteId', shown.identities).map(({ connection }) => connection)
    : serving;
  if (willing.length === 0) throw notForIt(shown);
  const named = willing.flatMap((connection) => {
    const localId = ownIdentity(policy, connection, idR);
    return localId ? [{ connection, localId }] : [];
  });
  const [face] = named;
  if (!face) throw notOurName(idR);
  const ofFace = certificateOf(policy, face.connection);
  const candidates = named
    .filter(
      ({ connection, localId }) =>
        connection.localAuth === face.connection.localAuth &&
        certificateOf(policy, connection) === ofFace &&
        sameIdentity(localId, face.localId),
    )
    .map(({ connection }) => connection);
  return { ...face, candidates, shown };
}

/** The claimed name may choose among methods; one that fits nobody gets them all, and is refused at the end. */
export function methodsFor({ candidates, shown }: Front, identity: Uint8Array): EapMethodRow[] {
  const claimed = fitting(candidates, 'eapId', [userIdentity(toText(identity))]);
  const open = claimed.length > 0 ? claimed.map(({ connection }) => connection) : candidates;
  const names = open.flatMap((connection) => methodsOf(connection, shown));
  return [...new Set(names)].flatMap((name) => eapMethod(name) ?? []);
}

/** The methods by which a connection lets in who has shown a certificate, or none. */
function methodsOf({ remoteAuth }: Connection, shown: Certified | undefined): readonly EapAuth[] {
  const all = remoteAuth.filter((auth) => isTwoRounds(auth) === (shown !== undefined));
  return all.flatMap((auth) => eapOf(auth) ?? []);
}

/** The connection of who was proven, that which names him most exactly; what was claimed before counts for nothing (pitfall 38). */
export function selectByEap(
  { candidates, localId, shown }: Front,
  { name }: EapMethodRow,
  { identities, grant, certificate, isUnbound }: EapOutcome,
): Selected | Refusal {
  // Whoever shows a certificate is held to remote_id, inside EAP as outside; and so is who showed no password.
  const certified =
    certificate === undefined && grant
      ? candidates
      : fitting(candidates, 'remoteId', identities).map(({ connection }) => connection);
  const open = certified.filter(
    (connection) =>
      methodsOf(connection, shown).includes(name) &&
      (grant?.connections?.includes(connection.name) ?? true),
  );
  const [choice] = fitting(open, 'eapId', identities);
  if (choice && isUnbound && !choice.connection.peapUnbound) return unbound;
  if (choice) return { ...choice, localId };
  return {
    cause: 'unknown-identity',
    why: `no connection lets ${namesOf(identities)} in by ${name}`,
    advice:
      'Look at option eap_id of the connections, at option connection of the user, and with EAP-TLS at option remote_id.',
  };
}

/**
 * Where the owner wants it, the peer can, and every method proves us as well as AUTH would (RFC 5998 §3, pitfall 40).
 * That the peer can says little: strongSwan does even where it demands a certificate.
 */
export function isEapAlone({ connection, candidates, shown }: Front, first: Received): boolean {
  if (!isEap(connection.localAuth) || shown) return false;
  if (!first.notify(Notification.EAP_ONLY_AUTHENTICATION)) return false;
  const methods = candidates.flatMap((one) => methodsOf(one, shown));
  return methods.every((name) => eapMethod(name)?.isMutual === true);
}

export const idROf = ({ localId }: Front): Id => ownId(localId.type, localId.data);

const unbound: Refusal = {
  cause: 'method-not-allowed',
  why: 'the peer did not bind its password to the TLS around it (PEAP without cryptobinding)',
  advice:
    'Let the device log in without PEAP, or set option peap_unbound 1 if it cannot: Apple’s do not bind. If it was not you, somebody is between.',
};
const notOurName = (idR: Identity | undefined): IkeError =>
  new IkeError(
    'AUTHENTICATION_FAILED',
    `the peer wants to talk to ${idR ? formatIdentity(idR) : 'any'}, which is not our name`,
    {
      cause: 'other-name-wanted',
      advice: 'Set the remote identifier on the device to option identity of this router.',
    },
  );
const noEap = ({ claimedName }: IkeSa, shown: Certified | undefined): IkeError => {
  const how = shown ? ' after its certificate' : '';
  const what = `${claimedName} wants to log in by EAP (user name and password)${how}`;
  const auth = shown ? 'pubkey+eap-mschapv2' : 'eap-mschapv2';
  return new IkeError('AUTHENTICATION_FAILED', what, {
    cause: 'method-not-allowed',
    advice: `Add ${auth} to option remote_auth, or choose another way on the device.`,
  });
};
const notForIt = (shown: Certified | undefined): IkeError =>
  new IkeError(
    'AUTHENTICATION_FAILED',
    `no connection accepts the identity ${namesOf(shown?.identities)}`,
    {
      cause: 'unknown-identity',
      advice:
        'Set option remote_id of the connection to this identity, or correct it on the device.',
    },
  );
const namesOf = (identities: readonly Identity[] = []): string =>
  identities.map(formatIdentity).join(' or ') || 'nobody';
