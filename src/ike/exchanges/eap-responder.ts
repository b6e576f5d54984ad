// IKE_AUTH with EAP as responder (RFC 7296 §2.16): we prove ourselves in the first response, the peer logs in by as
// many rounds as its method takes, and at last both say AUTH once more, with the key that came of it. A certificate may
// come before (RFC 4739 §2): then the login begins with a second IDi, and AUTH at its end covers that one.
import { toText } from '../../base/bytes.ts';
import { milliseconds } from '../../base/time.ts';
import { Exchange } from '../../iana/exchanges.ts';
import { PayloadType } from '../../iana/payloads.ts';
import { type Identity, userIdentity } from '../../policy/identity.ts';
import type { Auth } from '../../wire/payloads/auth.ts';
import type { Id } from '../../wire/payloads/id.ts';
import { eapAuth, eapAuthFits } from '../auth/eap.ts';
import { signedOctets } from '../auth/octets.ts';
import type { TlsRef } from '../core.ts';
import { loginFor, noteTalk } from '../eap/login.ts';
import type { EapOutcome } from '../eap/method.ts';
import { EapServer, type Refusal } from '../eap/server.ts';
import { IkeError } from '../error.ts';
import { refuseAnother } from '../extensions/multiple-auth.ts';
import { authWithPpk, orOtherPpk } from '../extensions/ppk.ts';
import { Draft, type Received } from '../message.ts';
import { certificateOf, type Selected } from '../negotiate/identities.ts';
import { reportFailedAttempt } from '../refusal.ts';
import type { IkeSa } from '../sa/ike-sa.ts';
import { reply, type Steps } from '../steps.ts';
import { certifiedInitiator } from './certificates.ts';
import { type Front, frontFor, idROf, isEapAlone, methodsFor, selectByEap } from './eap-front.ts';
import { proveOurselves } from './own-auth.ts';
import { required } from './required.ts';

export type EapVerdict =
  /** The peer's AUTH fits; ours goes into the last response. */
  | {
      readonly ok: true;
      readonly selected: Selected;
      /** The account, where a password was checked. */
      readonly user: string | undefined;
      /** IKE SAs that it may have at one time; undefined: as many as anybody. */
      readonly most: number | undefined;
      /** What tells the peer from other devices of the same user. */
      readonly device: Identity | undefined;
      readonly auth: Auth;
    }
  /** The last response, with EAP-Failure in it. */
  | { readonly ok: false; readonly draft: Draft };

/**
 * Answers all requests but the last, and checks that.
 * @param first the request that had no AUTH, or announced another one
 * @throws IkeError AUTHENTICATION_FAILED
 */
export function* authenticateByEap(sa: IkeSa, first: Received, firstId: Id): Steps<EapVerdict> {
  const isSecond = first.find(PayloadType.AUTH) !== undefined;
  const shown = isSecond ? yield* certifiedInitiator(sa, first, firstId) : undefined;
  // A certificate that is revoked while somebody types a password ends the login.
  sa.certificate = shown?.certificate;
  const front = frontFor(sa, first, shown);
  let selected: Selected | undefined;
  let user: string | undefined;
  let most: number | undefined;
  const server = new EapServer({
    asksIdentity: true, // Windows says nothing useful in IDi
    methods: (identity) => methodsFor(front, identity),
    setting: settingFor(sa, front),
    refusal(row, outcome) {
      const choice = selectByEap(front, row, outcome);
      if ('why' in choice) return choice;
      selected = choice;
      user = outcome.grant && toText(choice.peer.data);
      most = outcome.grant?.most;
      sa.certificate ??= outcome.certificate;
      return undefined;
    },
  });
  let msk: EapOutcome['msk'];
  try {
    sa.phase = 'eap';
    sa.timers.start(
      'half-open',
      sa.host.now,
      milliseconds(patience * sa.host.policy.timing.halfOpen),
    );
    let idI = firstId;
    let draft = new Draft(Exchange.IKE_AUTH, 'response');
    if (isEapAlone(front, first)) draft.add(PayloadType.IDR, idROf(front));
    else yield* proveOurselves(sa, { ...front, peer: idI }, draft);
    if (shown) {
      idI = secondId(yield* reply(draft));
      sa.claimed = idI;
      draft = new Draft(Exchange.IKE_AUTH, 'response');
    }
    let turn = yield* server.begin();
    let last = yield* reply(draft.add(PayloadType.EAP, { data: turn.packet }));
    while (!turn.end) {
      const said = eapIn(last);
      noteTalk(sa);
      turn = yield* server.receive(said);
      if (server.identity.length > 0) sa.claimed = userIdentity(toText(server.identity));
      const next = new Draft(Exchange.IKE_AUTH, 'response');
      next.add(PayloadType.EAP, { data: turn.packet });
      if (turn.end?.kind === 'failure') return refused(sa, next, turn.end);
      if (turn.end) msk = turn.end.outcome.msk;
      last = yield* reply(next);
    }
    if (!selected) throw new IkeError('AUTHENTICATION_FAILED', 'EAP ended without a user');
    const said = last.find(PayloadType.AUTH);
    const theirs = said && authWithPpk(sa, last, said, [selected.peer]);
    const octets = signedOctets(sa, 'initiator', idI);
    if (!theirs || !eapAuthFits(sa, 'initiator', octets, { theirs, msk })) {
      throw orOtherPpk(sa, unfit());
    }
    refuseAnother(last);
    const own = signedOctets(sa, 'responder', idROf(front));
    const auth = eapAuth(sa, 'responder', own, msk);
    const device = shown ? shown.identities[0] : idI;
    return { ok: true, selected, user, most, device, auth };
  } finally {
    msk?.wipe();
    server.wipe();
  }
}

function settingFor(sa: IkeSa, { connection, localId }: Front) {
  const { host } = sa;
  const { primitives, random, policy } = host;
  return {
    primitives,
    random,
    source: sa.origin,
    serverName: toText(localId.data),
    certificate: certificateOf(policy, connection),
    login: loginFor(sa),
    closeTls: (tls: TlsRef) => host.emit({ kind: 'closeTls', tls }),
  };
}

/** IDi of the second round, where leaving AUTH out asks for EAP as it does in the first (RFC 4739 §2). */
function secondId(request: Received): Id {
  const isLogin = !request.find(PayloadType.AUTH) && !request.find(PayloadType.EAP);
  if (isLogin) return required(request, PayloadType.IDI);
  throw new IkeError('AUTHENTICATION_FAILED', 'the second round of the peer is no login by EAP');
}

function eapIn(request: Received): Uint8Array {
  const eap = request.find(PayloadType.EAP);
  if (eap && !request.find(PayloadType.AUTH)) return eap.data;
  throw new IkeError('AUTHENTICATION_FAILED', 'the peer sent AUTH before EAP had ended');
}

const unfit = (): IkeError =>
  new IkeError('AUTHENTICATION_FAILED', 'AUTH does not fit the key that EAP made', {
    cause: 'wrong-signature',
    advice: 'Somebody may be between the device and this gateway, or its EAP is broken.',
  });

/** The peer hears EAP-Failure, and nothing else. */
function refused(sa: IkeSa, draft: Draft, refusal: Refusal): EapVerdict {
  const { cause = 'login-refused', why, advice = defaultAdvice } = refusal;
  reportFailedAttempt(sa.host, sa, { fault: 'AUTHENTICATION_FAILED', cause, why, advice });
  sa.closing = { cause: 'failed', why };
  return { ok: false, draft };
}

const defaultAdvice = 'Check the user name, the password and the way to log in on the device.';
/** So many times the patience with a handshake: people type passwords, and Windows takes nine rounds. */
const patience = 4;
