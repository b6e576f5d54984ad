// IKE_SA_INIT and IKE_AUTH as initiator (RFC 7296 §1.2).
import type { Ip } from '../../base/ip.ts';
import { Exchange } from '../../iana/exchanges.ts';
import { nameOf } from '../../iana/name.ts';
import { Notification } from '../../iana/notifies.ts';
import { PayloadType } from '../../iana/payloads.ts';
import {
  formatIdentity,
  type Identity,
  matchesIdentity,
  userIdentity,
} from '../../policy/identity.ts';
import { type Connection, eapOf, isEap, isTwoRounds } from '../../policy/policy.ts';
import { ownId } from '../../wire/payloads/id.ts';
import { authenticators, authOfMethod } from '../auth/index.ts';
import { signedOctets } from '../auth/octets.ts';
import type { WaitingPacket } from '../core.ts';
import { IkeError } from '../error.ts';
import { beginsChildless } from '../extensions/childless.ts';
import { isInitialContact } from '../extensions/initial-contact.ts';
import { announceAnother, refuseAnother } from '../extensions/multiple-auth.ts';
import { encapsulationOf, natOf } from '../extensions/nat-detection.ts';
import { expectPpk, proveWithPpk } from '../extensions/ppk.ts';
import { go, redirectIn } from '../extensions/redirect.ts';
import { Draft, type Received } from '../message.ts';
import { certificateOf, ownIdentity, presharedKey } from '../negotiate/identities.ts';
import { reportFailedAttempt } from '../refusal.ts';
import type { IkeSa } from '../sa/ike-sa.ts';
import { establish, retire } from '../sa/lifecycle.ts';
import { leaveAlone } from '../sa/renewal.ts';
import { request, type Steps } from '../steps.ts';
import { addChain, believedChain, certificateRequest } from './certificates.ts';
import { settleCrossedDials } from './crossed-dials.ts';
import { deleteIkeSa } from './delete.ts';
import { allowsEapAlone, logIn } from './eap-initiator.ts';
import { acceptAddresses, acceptFirstChild, askAddresses, offerFirstChild } from './first-child.ts';
import { exchangeMore } from './ike-intermediate.ts';
import { initiateIkeSaInit } from './ike-sa-init.ts';
import { createNewChild } from './new-child.ts';
import { ownAuth } from './own-auth.ts';
import { authenticateByRawKey, takesKey } from './raw-keys.ts';
import { refuseIfRefused } from './refused.ts';
import { required } from './required.ts';
import { takeOver } from './take-over.ts';
import { isCarriedBy, untrap, wishFor } from './widen.ts';

/** Brings up an IKE SA and its first CHILD_SA; `packet` is what wants it. */
export function* dial(
  sa: IkeSa,
  connection: Connection,
  packet: WaitingPacket | undefined,
): Steps<void> {
  sa.connection = connection;
  const elsewhere = yield* initiateIkeSaInit(sa, connection);
  if (elsewhere !== undefined) {
    leaveFor(sa, elsewhere, packet);
    return;
  }
  floatPorts(sa);
  expectPpk(sa, connection);
  yield* exchangeMore(sa);
  const localId = ownIdentity(sa.host.policy, connection, undefined);
  if (!localId) throw new IkeError('AUTHENTICATION_FAILED', 'the connection has no local identity');
  const draft = yield* authRequest(sa, connection, localId);
  const isChildless = beginsChildless(sa, connection);
  const offered = isChildless ? undefined : offerFirstChild(sa, draft, packet);
  if (!offered) askAddresses(sa, connection, draft);
  const response = yield* request(draft);
  refuseIfRefused(response);
  const last = yield* authenticateEachOther(sa, connection, localId, response);
  const later = redirectIn(sa, last);
  if (later !== undefined) {
    establish(sa);
    leaveFor(sa, later, packet);
    yield* deleteIkeSa(sa, `the peer sends us to ${later}`);
    return;
  }
  let refusal = last.error();
  if (!refusal && offered) acceptFirstChild(sa, draft, last, offered.spiIn);
  else if (!refusal) acceptAddresses(sa, connection, last);
  establish(sa);
  if (!refusal && !offered) refusal = yield* createNewChild(sa, wishFor(sa, packet));
  if (!refusal) {
    if (packet) untrap(sa, isCarriedBy(sa, packet));
    yield* takeOver(sa);
    settleCrossedDials(sa);
    return;
  }
  // Without its CHILD_SA it is of no use to us, and somebody must delete it.
  reportChildRefused(sa, nameOf(Notification, refusal.type));
  yield* deleteIkeSa(sa, 'the peer refused the tunnel');
}

/** What is being dialled from an address that we have no longer is given up: no answer would find us there. */
export function giveUpFrom(sa: IkeSa, gone: readonly Ip[]): void {
  const { ip } = sa.path.local;
  const isDialling = sa.establishedAt === undefined && sa.phase !== 'closing';
  if (!sa.dialled || !isDialling || !gone.includes(ip)) return;
  const why = `it was dialled from ${ip}, which is not ours any more`;
  const advice =
    'Nothing is to be done: a connection that is kept up is dialled from another address.';
  reportFailedAttempt(sa.host, sa, { fault: 'no answer', cause: 'address-gone', why, advice });
  retire(sa, { cause: 'failed', why });
}

/** The peer sends us to another gateway (RFC 5685): this SA comes to nothing. */
function leaveFor(sa: IkeSa, gateway: string, packet: WaitingPacket | undefined): void {
  if (packet) untrap(sa, false);
  go(sa, gateway, false);
  leaveAlone(sa);
  sa.closing = { cause: 'failed', why: `the peer sends us to ${gateway}` };
}

/**
 * The responder first, then with EAP ourselves: nobody else may hear a password.
 * @returns the last response, which tells of the CHILD_SA
 */
function* authenticateEachOther(
  sa: IkeSa,
  connection: Connection,
  localId: Identity,
  first: Received,
): Steps<Received> {
  const auth = eapOf(connection.localAuth);
  refuseAnother(first);
  const isEapAlone = !first.find(PayloadType.AUTH) && allowsEapAlone(connection);
  if (!isEapAlone) sa.peer = yield* authenticateResponder(sa, connection, first, localId);
  // It may send us away before it knows who we are (RFC 5685 §6); that it proved itself is what counts.
  const isEapOver = !first.find(PayloadType.EAP) && !isEapAlone;
  if (!auth || (isEapOver && redirectIn(sa, first) !== undefined)) return first;
  const isSecond = isTwoRounds(connection.localAuth);
  const user = isSecond && connection.login ? userIdentity(connection.login.name) : localId;
  const login = { auth, localId: user, isServerProven: !isEapAlone, isSecond };
  const { response, outcome } = yield* logIn(sa, login, first);
  refuseAnother(response);
  if (isEapAlone) {
    sa.peer = expectedOf(connection, required(first, PayloadType.IDR), outcome.identities);
    sa.certificate = outcome.certificate;
  }
  return response;
}

/**
 * Behind a NAT everything after IKE_SA_INIT travels on port 4500 (RFC 7296 §2.23), and so it does where the peer was
 * made to see one; and for who may move behind one, because the ports stay when the addresses change (RFC 4555 §3.3).
 */
function floatPorts(sa: IkeSa): void {
  const { supported, local, remote } = natOf(sa);
  const mayRoam = supported && sa.connection?.mobike === true;
  if (!local && !remote && !mayRoam && encapsulationOf(sa) === 'raw') return;
  sa.path = {
    local: { ...sa.path.local, port: sa.host.policy.nattPort },
    remote: { ...sa.path.remote, port: nattPort },
  };
  sa.provenPath = sa.path;
}

/** IDi, IDr, our certificate and AUTH. */
function* authRequest(sa: IkeSa, connection: Connection, localId: Identity): Steps<Draft> {
  const idI = ownId(localId.type, localId.data);
  const draft = new Draft(Exchange.IKE_AUTH, 'request').add(PayloadType.IDI, idI);
  const expected = connection.remoteId.kind === 'exact' ? connection.remoteId.identity : undefined;
  if (expected) draft.add(PayloadType.IDR, ownId(expected.type, expected.data));
  if (isInitialContact(sa, connection)) draft.notify(Notification.INITIAL_CONTACT);
  if (allowsEapAlone(connection)) draft.notify(Notification.EAP_ONLY_AUTHENTICATION);
  if (isEap(connection.localAuth)) {
    // Leaving AUTH out asks for EAP (RFC 7296 §2.16).
    certificateRequest(sa, draft, [connection]);
    return draft;
  }
  // Whose key it is may be known only from the answer: an entry for everybody serves then.
  const selected = { connection, localId, peer: expected ?? localId };
  const prove = () => ownAuth(sa, selected, signedOctets(sa, 'initiator', idI));
  draft.add(PayloadType.AUTH, yield* proveWithPpk(sa, draft, prove));
  if (isTwoRounds(connection.localAuth)) announceAnother(sa, draft);
  const certificate = certificateOf(sa.host.policy, connection);
  if (connection.localAuth !== 'psk' && certificate) addChain(draft, certificate);
  certificateRequest(sa, draft, [connection]);
  return draft;
}

/** @returns the identity that the responder proved, and that the connection asks for */
function* authenticateResponder(
  sa: IkeSa,
  connection: Connection,
  response: Received,
  localId: Identity,
): Steps<Identity> {
  const idR = required(response, PayloadType.IDR);
  const theirs = required(response, PayloadType.AUTH);
  sa.claimed = idR;
  const octets = signedOctets(sa, 'responder', idR);
  const auth = authOfMethod(theirs.method);
  if (!auth || !connection.remoteAuth.includes(auth)) {
    throw new IkeError(
      'AUTHENTICATION_FAILED',
      'the peer authenticates in a way that is not allowed',
      { cause: 'method-not-allowed' },
    );
  }
  if (auth === 'pubkey' && takesKey(connection)) {
    const claim = { id: idR, theirs, octets };
    return (yield* authenticateByRawKey(sa, response, [connection], claim)).peer;
  }
  const identities = auth === 'psk' ? [idR] : undefined;
  const verdict = auth === 'pubkey' ? yield* believedChain(response, 'server') : undefined;
  const secret = presharedKey(sa.host.policy, idR, localId);
  const fits = verdict
    ? yield* authenticators.pubkey.check(sa, octets, theirs, verdict)
    : secret !== undefined && (yield* authenticators.psk.check(sa, octets, theirs, secret));
  if (!fits)
    throw new IkeError('AUTHENTICATION_FAILED', 'the proof of the peer does not fit', {
      cause: 'wrong-signature',
    });
  sa.certificate = verdict?.certificate;
  return expectedOf(connection, idR, identities ?? verdict?.identities ?? []);
}

/** Which of the proven identities the connection asks for. @throws IkeError when it is none */
function expectedOf(
  { remoteId }: Connection,
  idR: Identity,
  proven: readonly Identity[],
): Identity {
  const peer = proven.find((identity) => matchesIdentity(remoteId, identity));
  if (peer) return peer;
  const why = `the peer is ${formatIdentity(idR)}, not the one of option remote_id`;
  throw new IkeError('AUTHENTICATION_FAILED', why, { cause: 'unknown-identity' });
}

function reportChildRefused(sa: IkeSa, fault: string): void {
  const why = `the peer refused the tunnel: ${fault}`;
  const advice = 'Compare the networks and algorithms (local_ts, remote_ts, esp) on both sides.';
  reportFailedAttempt(sa.host, sa, { fault, cause: 'tunnel-refused', why, advice });
}

const nattPort = 4500;
