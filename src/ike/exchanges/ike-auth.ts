// IKE_AUTH as responder: who the peer is, who we are, and the first CHILD_SA (RFC 7296 §1.2, §2.15, §2.21.2).
import { Secret } from '../../base/secret.ts';
import { AuthMethod } from '../../iana/authentication.ts';
import { Exchange } from '../../iana/exchanges.ts';
import { nameOf } from '../../iana/name.ts';
import { PayloadType } from '../../iana/payloads.ts';
import type { Identity } from '../../policy/identity.ts';
import type { Connection } from '../../policy/policy.ts';
import type { Auth } from '../../wire/payloads/auth.ts';
import type { Id } from '../../wire/payloads/id.ts';
import { authenticators, authOfMethod } from '../auth/index.ts';
import { signedOctets } from '../auth/octets.ts';
import { faultCode, faultKills, IkeError } from '../error.ts';
import { announcesAnother } from '../extensions/multiple-auth.ts';
import { authWithPpk, demandPpk, orOtherPpk } from '../extensions/ppk.ts';
import { Draft, type Received } from '../message.ts';
import {
  presharedKey,
  type Selected,
  selectConnection,
  servingConnections,
} from '../negotiate/identities.ts';
import { allowsSuite } from '../negotiate/proposals.ts';
import { reportFailedAttempt } from '../refusal.ts';
import type { IkeSa } from '../sa/ike-sa.ts';
import { releaseLease } from '../sa/lease.ts';
import { establish } from '../sa/lifecycle.ts';
import type { Steps } from '../steps.ts';
import { certifiedInitiator } from './certificates.ts';
import { giveWay, settleCrossedDials } from './crossed-dials.ts';
import { authenticateByEap } from './eap-responder.ts';
import type { Responder } from './exchange.ts';
import { answerFirstChild } from './first-child.ts';
import { proveOurselves } from './own-auth.ts';
import { authenticateByRawKey, isWithoutChain, takesKey } from './raw-keys.ts';
import { required } from './required.ts';
import { dropSurplus, judgeOlder } from './uniqueness.ts';

export const ikeAuth: Responder = {
  phases: ['auth', 'eap'],
  role: 'responder',
  *respond(sa, received) {
    const idI = required(received, PayloadType.IDI);
    sa.claimed = idI;
    const { policy } = sa.host;
    const isDone = received.find(PayloadType.AUTH) && !announcesAnother(received);
    // With EAP there are more requests; what the first one asked for is answered in the last response (§2.16).
    const byEap = isDone ? undefined : yield* authenticateByEap(sa, received, idI);
    if (byEap && !byEap.ok) return byEap.draft;
    const selected = byEap?.selected ?? (yield* authenticatePeer(sa, received, idI));
    // A login may wait for minutes; whom a reload keeps out or revokes must not slip in behind it.
    if (sa.host.policy !== policy) throw overtaken();
    sa.connection = selected.connection;
    sa.peer = selected.peer;
    sa.user = byEap?.user;
    sa.most = byEap?.most;
    sa.device = byEap?.device;
    demandPpk(sa, selected.connection);
    yield* judgeOlder(sa, received);
    const draft = new Draft(Exchange.IKE_AUTH, 'response');
    if (byEap) draft.add(PayloadType.AUTH, byEap.auth);
    else yield* proveOurselves(sa, selected, draft);
    const refusal = yield* firstChild(sa, received, draft);
    if (refusal) reportFailedAttempt(sa.host, sa, refusal);
    establish(sa);
    dropSurplus(sa);
    if (refusal) giveWay(sa);
    else settleCrossedDials(sa);
    return draft;
  },
};

/** @throws IkeError AUTHENTICATION_FAILED, whatever it was: the peer learns nothing more (RFC 7296 §2.21.2) */
function* authenticatePeer(sa: IkeSa, received: Received, idI: Id): Steps<Selected> {
  const theirs = required(received, PayloadType.AUTH);
  switch (authOfMethod(theirs.method)) {
    case 'psk':
      return yield* authenticateByKey(sa, received, idI, theirs);
    case 'pubkey':
      return yield* authenticateByCertificate(sa, received, idI);
    default:
      throw new IkeError(
        'AUTHENTICATION_FAILED',
        `authentication method ${nameOf(AuthMethod, theirs.method)} is not supported`,
        { cause: 'method-not-allowed' },
      );
  }
}

function* authenticateByKey(sa: IkeSa, received: Received, idI: Id, theirs: Auth): Steps<Selected> {
  const selected = select(sa, received, 'psk', [idI]);
  const known = 'why' in selected ? undefined : presharedKey(sa.host.policy, idI, selected.localId);
  // An unknown peer costs as much time as a wrong key.
  const secret = known ?? new Secret(sa.host.random(32));
  const counting = authWithPpk(sa, received, theirs, [idI]);
  const octets = signedOctets(sa, 'initiator', idI);
  const fits = yield* authenticators.psk.check(sa, octets, counting, secret);
  if (!known) secret.wipe();
  if ('why' in selected) throw new IkeError('AUTHENTICATION_FAILED', selected.why, selected);
  if (!known) {
    throw new IkeError('AUTHENTICATION_FAILED', 'there is no pre-shared key for this identity', {
      cause: 'no-shared-key',
      advice: 'Add option psk to the connection, or a section psk that lists this identity.',
    });
  }
  if (fits) return selected;
  const other = 'the pre-shared key is not the same on both sides';
  const mismatch = new IkeError('AUTHENTICATION_FAILED', other, {
    cause: 'other-shared-key',
    advice: 'Type the key again on the device; mind spaces, quotes and upper case.',
  });
  throw orOtherPpk(sa, mismatch);
}

function* authenticateByCertificate(sa: IkeSa, received: Received, idI: Id): Steps<Selected> {
  const byKey = candidatesFor(sa).filter(takesKey);
  if (isWithoutChain(received) && byKey.length > 0) {
    const theirs = authWithPpk(sa, received, required(received, PayloadType.AUTH), [idI]);
    const claim = { id: idI, theirs, octets: signedOctets(sa, 'initiator', idI) };
    const { connection, peer } = yield* authenticateByRawKey(sa, received, byKey, claim);
    const selected = select(sa, received, 'pubkey', [idI], [connection]);
    if ('why' in selected) throw new IkeError('AUTHENTICATION_FAILED', selected.why, selected);
    return { ...selected, peer };
  }
  const { identities, certificate } = yield* certifiedInitiator(sa, received, idI);
  sa.certificate = certificate;
  const others = candidatesFor(sa).filter((connection) => !takesKey(connection));
  const selected = select(sa, received, 'pubkey', identities, others);
  if ('why' in selected) throw new IkeError('AUTHENTICATION_FAILED', selected.why, selected);
  return selected;
}

function select(
  sa: IkeSa,
  received: Received,
  auth: 'psk' | 'pubkey',
  identities: readonly Identity[],
  candidates = candidatesFor(sa),
) {
  const idR = received.find(PayloadType.IDR);
  return selectConnection(sa.host.policy, candidates, { auth, identities, idR });
}

const candidatesFor = (sa: IkeSa): readonly Connection[] =>
  servingConnections(sa.host.policy, sa.origin).filter(
    ({ ike }) => sa.suite && allowsSuite(ike, sa.suite),
  );

/** The child's refusal must not end the IKE SA (RFC 7296 §1.2): it is answered inside an otherwise good response. */
function* firstChild(sa: IkeSa, received: Received, draft: Draft): Steps<IkeError | undefined> {
  const part = new Draft(Exchange.IKE_AUTH, 'response');
  try {
    yield* answerFirstChild(sa, received, part);
    draft.payloads.push(...part.payloads);
    return undefined;
  } catch (error) {
    if (!(error instanceof IkeError) || faultKills(error.fault) === 'ike') throw error;
    releaseLease(sa);
    draft.notify(faultCode(error.fault), error.data);
    return error;
  }
}

const overtaken = (): IkeError =>
  new IkeError('AUTHENTICATION_FAILED', 'the configuration changed while the peer logged in', {
    cause: 'configuration-changed',
    advice: 'Connect the device again.',
  });
