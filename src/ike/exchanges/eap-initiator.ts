// IKE_AUTH with EAP as initiator (RFC 7296 §2.16): the responder proved itself in its first response, or does so in
// EAP (RFC 5998); then we log in, after a certificate with a second IDi (RFC 4739 §2), and at last both say AUTH once
// more.
import { fromText } from '../../base/bytes.ts';
import { Secret } from '../../base/secret.ts';
import { Exchange } from '../../iana/exchanges.ts';
import { PayloadType } from '../../iana/payloads.ts';
import type { Identity } from '../../policy/identity.ts';
import { type Connection, type EapAuth, isEap } from '../../policy/policy.ts';
import type { Auth } from '../../wire/payloads/auth.ts';
import { type Id, ownId } from '../../wire/payloads/id.ts';
import { eapAuth, eapAuthFits } from '../auth/eap.ts';
import { signedOctets } from '../auth/octets.ts';
import { eapMethod } from '../eap/index.ts';
import type { EapOutcome, PeerSetting } from '../eap/method.ts';
import { EapPeer } from '../eap/peer.ts';
import { IkeError } from '../error.ts';
import { proveWithPpk } from '../extensions/ppk.ts';
import { Draft, type Received } from '../message.ts';
import { certificateOf } from '../negotiate/identities.ts';
import type { IkeSa } from '../sa/ike-sa.ts';
import { request, type Steps } from '../steps.ts';
import { refuseIfRefused } from './refused.ts';
import { required } from './required.ts';

/** Whether the responder may leave AUTH out of its first response: it proves itself in EAP instead. */
export const allowsEapAlone = ({ localAuth, remoteAuth }: Connection): boolean =>
  isEap(localAuth) && eapMethod(localAuth)?.isMutual === true && remoteAuth.some(isEap);

export interface LoggedIn {
  /** The last response: the responder's AUTH in it fits, and it may have a CHILD_SA. */
  readonly response: Received;
  /** What the responder proved to be within EAP, and by which certificate. */
  readonly outcome: Pick<EapOutcome, 'identities' | 'certificate'>;
}

export interface OwnLogin {
  readonly auth: EapAuth;
  /** Whom IDi names. */
  readonly localId: Identity;
  readonly isServerProven: boolean;
  /** We have shown a certificate before, and name ourselves once more. */
  readonly isSecond: boolean;
}

/**
 * All the rounds of EAP, and AUTH at their end.
 * @param first the response that had IDr, and the first EAP packet if this is the first round
 * @throws IkeError AUTHENTICATION_FAILED
 */
export function* logIn(
  sa: IkeSa,
  { auth, localId, isServerProven, isSecond }: OwnLogin,
  first: Received,
): Steps<LoggedIn> {
  const row = eapMethod(auth);
  const setting = settingFor(sa, localId, isServerProven);
  const peer = new EapPeer(setting, row ? [row] : []);
  const idR = required(first, PayloadType.IDR);
  const idI = ownId(localId.type, localId.data);
  sa.phase = 'eap';
  let outcome: EapOutcome | undefined;
  try {
    outcome = yield* converse(peer, isSecond ? yield* beginSecond(idI) : first);
    const draft = new Draft(Exchange.IKE_AUTH, 'request');
    const { msk } = outcome;
    // biome-ignore lint/correctness/useYield: nothing has to be asked
    const prove = function* (): Steps<Auth> {
      return eapAuth(sa, 'initiator', signedOctets(sa, 'initiator', idI), msk);
    };
    draft.add(PayloadType.AUTH, yield* proveWithPpk(sa, draft, prove));
    const response = yield* request(draft);
    refuseIfRefused(response);
    const theirs = required(response, PayloadType.AUTH);
    const proof = { theirs, msk };
    if (!eapAuthFits(sa, 'responder', signedOctets(sa, 'responder', idR), proof)) {
      throw new IkeError('AUTHENTICATION_FAILED', 'AUTH of the peer does not fit the key of EAP');
    }
    return { response, outcome };
  } finally {
    outcome?.msk?.wipe();
    peer.wipe();
    setting.password?.wipe();
  }
}

/** IDi without AUTH asks for EAP, as in the first round. */
function* beginSecond(idI: Id): Steps<Received> {
  const draft = new Draft(Exchange.IKE_AUTH, 'request').add(PayloadType.IDI, idI);
  const response = yield* request(draft);
  refuseIfRefused(response);
  return response;
}

function* converse(peer: EapPeer, first: Received): Steps<EapOutcome> {
  let response = first;
  for (;;) {
    const turn = yield* peer.receive(required(response, PayloadType.EAP).data);
    if (turn.kind === 'send') {
      const draft = new Draft(Exchange.IKE_AUTH, 'request');
      response = yield* request(draft.add(PayloadType.EAP, { data: turn.packet }));
      refuseIfRefused(response);
    } else if (turn.end.kind === 'success') return turn.end.outcome;
    else {
      const { why, advice } = turn.end;
      throw new IkeError('AUTHENTICATION_FAILED', why, advice === undefined ? {} : { advice });
    }
  }
}

function settingFor(sa: IkeSa, localId: Identity, isServerProven: boolean): PeerSetting {
  const { host, connection } = sa;
  const { primitives, random, policy } = host;
  // A reload wipes the passwords of the policy before: ours are the ones of today, and a copy.
  const { login } = policy.connections.find(({ name }) => name === connection?.name) ?? {};
  return {
    primitives,
    random,
    identity: login ? fromText(login.name) : localId.data,
    password: login && new Secret(login.password.bytes.slice()),
    certificate: connection && certificateOf(policy, connection),
    serverId: connection?.remoteId ?? { kind: 'any' },
    isServerProven,
    closeTls: (tls) => host.emit({ kind: 'closeTls', tls }),
  };
}
