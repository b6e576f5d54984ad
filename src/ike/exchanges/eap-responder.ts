// IKE_AUTH with EAP as responder (RFC 7296 §2.16): we prove ourselves in the first response, the peer logs in by as
// many rounds as its method takes, and at last both say AUTH once more, with the key that came of it.
import { toText } from '../../base/bytes.ts';
import { milliseconds } from '../../base/time.ts';
import { Exchange } from '../../iana/exchanges.ts';
import { Notification } from '../../iana/notifies.ts';
import { PayloadType } from '../../iana/payloads.ts';
import {
  formatIdentity,
  type Identity,
  sameIdentity,
  userIdentity,
} from '../../policy/identity.ts';
import { type Connection, isEap } from '../../policy/policy.ts';
import type { Auth } from '../../wire/payloads/auth.ts';
import { type Id, ownId } from '../../wire/payloads/id.ts';
import { eapAuth, eapAuthFits } from '../auth/eap.ts';
import { signedOctets } from '../auth/octets.ts';
import type { TlsRef } from '../core.ts';
import { eapMethod } from '../eap/index.ts';
import { loginFor } from '../eap/login.ts';
import type { EapMethodRow, EapOutcome } from '../eap/method.ts';
import { EapServer, type Refusal } from '../eap/server.ts';
import { IkeError } from '../error.ts';
import { Draft, type Received } from '../message.ts';
import {
  certificateOf,
  fitting,
  ownIdentity,
  type Selected,
  servingConnections,
} from '../negotiate/identities.ts';
import { allowsSuite } from '../negotiate/proposals.ts';
import { reportFailedAttempt } from '../refusal.ts';
import type { IkeSa } from '../sa/ike-sa.ts';
import { reply, type Steps } from '../steps.ts';
import { proveOurselves } from './own-auth.ts';

export type EapVerdict =
  /** The peer's AUTH fits; ours goes into the last response. */
  | {
      readonly ok: true;
      readonly selected: Selected;
      /** The account, where a password was checked. */
      readonly user: string | undefined;
      /** IKE SAs that it may have at one time; undefined: as many as anybody. */
      readonly most: number | undefined;
      readonly auth: Auth;
    }
  /** The last response, with EAP-Failure in it. */
  | { readonly ok: false; readonly draft: Draft };

/**
 * Answers all requests but the last, and checks that.
 * @param first the request that had no AUTH
 * @throws IkeError AUTHENTICATION_FAILED
 */
export function* authenticateByEap(sa: IkeSa, first: Received, idI: Id): Steps<EapVerdict> {
  const front = frontFor(sa, first, idI);
  let selected: Selected | undefined;
  let user: string | undefined;
  let most: number | undefined;
  const server = new EapServer({
    asksIdentity: true, // Windows says nothing useful in IDi
    methods: (identity) => methodsFor(front.candidates, identity),
    setting: settingFor(sa, front),
    refusal(row, outcome) {
      const choice = select(front, row, outcome);
      if ('why' in choice) return choice;
      selected = choice;
      user = outcome.grant && toText(choice.peer.data);
      most = outcome.grant?.most;
      sa.certificate = outcome.certificate;
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
    const draft = new Draft(Exchange.IKE_AUTH, 'response');
    if (isEapAlone(front, first)) draft.add(PayloadType.IDR, idROf(front));
    else yield* proveOurselves(sa, { ...front, peer: idI }, draft);
    let turn = yield* server.begin();
    let last = yield* reply(draft.add(PayloadType.EAP, { data: turn.packet }));
    while (!turn.end) {
      turn = yield* server.receive(eapOf(last));
      if (server.identity.length > 0) sa.claimed = userIdentity(toText(server.identity));
      const next = new Draft(Exchange.IKE_AUTH, 'response');
      next.add(PayloadType.EAP, { data: turn.packet });
      if (turn.end?.kind === 'failure') return refused(sa, next, turn.end);
      if (turn.end) msk = turn.end.outcome.msk;
      last = yield* reply(next);
    }
    if (!selected) throw new IkeError('AUTHENTICATION_FAILED', 'EAP ended without a user');
    const theirs = last.find(PayloadType.AUTH);
    const octets = signedOctets(sa, 'initiator', idI);
    if (!theirs || !eapAuthFits(sa, 'initiator', octets, { theirs, msk })) {
      throw new IkeError('AUTHENTICATION_FAILED', 'AUTH does not fit the key that EAP made', {
        advice: 'Somebody may be between the device and this gateway, or its EAP is broken.',
      });
    }
    const own = signedOctets(sa, 'responder', idROf(front));
    return { ok: true, selected, user, most, auth: eapAuth(sa, 'responder', own, msk) };
  } finally {
    msk?.wipe();
    server.wipe();
  }
}

/** Who we are to the peer, and the connections that would show it the same face: which one it is comes out later. */
interface Front {
  readonly connection: Connection;
  readonly localId: Identity;
  readonly candidates: readonly Connection[];
}

function frontFor(sa: IkeSa, first: Received, idI: Id): Front {
  const { policy } = sa.host;
  const idR = first.find(PayloadType.IDR);
  const willing = servingConnections(policy, sa.path).filter(
    ({ ike, remoteAuth }) => sa.suite && allowsSuite(ike, sa.suite) && remoteAuth.some(isEap),
  );
  const named = willing.flatMap((connection) => {
    const localId = ownIdentity(policy, connection, idR);
    return localId ? [{ connection, localId }] : [];
  });
  const [face] = named;
  if (!face) throw willing.length > 0 ? notOurName(idR) : noEap(idI);
  const ofFace = certificateOf(policy, face.connection);
  const candidates = named
    .filter(
      ({ connection, localId }) =>
        connection.localAuth === face.connection.localAuth &&
        certificateOf(policy, connection) === ofFace &&
        sameIdentity(localId, face.localId),
    )
    .map(({ connection }) => connection);
  return { ...face, candidates };
}

/** The claimed name may choose among methods; one that fits nobody gets them all, and is refused at the end. */
function methodsFor(candidates: readonly Connection[], identity: Uint8Array): EapMethodRow[] {
  const claimed = fitting(candidates, 'eapId', [userIdentity(toText(identity))]);
  const open = claimed.length > 0 ? claimed.map(({ connection }) => connection) : candidates;
  const names = open.flatMap(({ remoteAuth }) => remoteAuth);
  return [...new Set(names)].flatMap((name) => (isEap(name) && eapMethod(name)) || []);
}

/** The connection of who was proven, that which names him most exactly; what was claimed before counts for nothing (pitfall 38). */
function select(
  { candidates, localId }: Front,
  { name }: EapMethodRow,
  { identities, grant }: EapOutcome,
): Selected | Refusal {
  const who = identities.map(formatIdentity).join(' or ') || 'nobody';
  const open = candidates.filter(
    (connection) =>
      connection.remoteAuth.includes(name) &&
      (grant?.connections?.includes(connection.name) ?? true),
  );
  const [choice] = fitting(open, 'eapId', identities);
  if (choice) return { ...choice, localId };
  return {
    why: `no connection lets ${who} in by ${name}`,
    advice: 'Look at option eap_id of the connections, and at option connection of the user.',
  };
}

function settingFor(sa: IkeSa, { connection, localId }: Front) {
  const { host } = sa;
  const { primitives, random, policy } = host;
  return {
    primitives,
    random,
    source: sa.path.remote.ip,
    serverName: toText(localId.data),
    certificate: certificateOf(policy, connection),
    login: loginFor(sa),
    closeTls: (tls: TlsRef) => host.emit({ kind: 'closeTls', tls }),
  };
}

/**
 * Where the owner wants it, the peer can, and every method proves us as well as AUTH would (RFC 5998 §3, pitfall 40).
 * That the peer can says little: strongSwan does even where it demands a certificate.
 */
function isEapAlone({ connection, candidates }: Front, first: Received): boolean {
  if (!isEap(connection.localAuth)) return false;
  if (!first.notify(Notification.EAP_ONLY_AUTHENTICATION)) return false;
  const methods = candidates.flatMap(({ remoteAuth }) => remoteAuth).filter(isEap);
  return methods.every((name) => eapMethod(name)?.isMutual === true);
}

const idROf = ({ localId }: Front): Id => ownId(localId.type, localId.data);

function eapOf(request: Received): Uint8Array {
  const eap = request.find(PayloadType.EAP);
  if (eap && !request.find(PayloadType.AUTH)) return eap.data;
  throw new IkeError('AUTHENTICATION_FAILED', 'the peer sent AUTH before EAP had ended');
}

/** The peer hears EAP-Failure, and nothing else. */
function refused(sa: IkeSa, draft: Draft, refusal: Refusal): EapVerdict {
  const { why, advice = defaultAdvice } = refusal;
  reportFailedAttempt(sa.host, sa, { fault: 'AUTHENTICATION_FAILED', why, advice });
  sa.closing = { cause: 'failed', why };
  return { ok: false, draft };
}

const notOurName = (idR: Identity | undefined): IkeError =>
  new IkeError(
    'AUTHENTICATION_FAILED',
    `the peer wants to talk to ${idR ? formatIdentity(idR) : 'any'}, which is not our name`,
    { advice: 'Set the remote identifier on the device to option identity of this router.' },
  );
const noEap = (idI: Id): IkeError =>
  new IkeError(
    'AUTHENTICATION_FAILED',
    `${formatIdentity(idI)} wants to log in by EAP (user name and password)`,
    {
      advice: 'Add eap-mschapv2 to option remote_auth, or choose another way on the device.',
    },
  );
const defaultAdvice = 'Check the user name, the password and the way to log in on the device.';
/** So many times the patience with a handshake: people type passwords, and Windows takes nine rounds. */
const patience = 4;
