// New keys for the IKE SA itself, in both roles, and what happens when both ask at once (RFC 7296 §1.3.2,
// §2.8.2, §2.18). The children move to the SA that stays.

import { isZero } from '../../base/bytes.ts';
import { invariant } from '../../base/invariant.ts';
import type { Secret } from '../../base/secret.ts';
import { Exchange } from '../../iana/exchanges.ts';
import { nameOf } from '../../iana/name.ts';
import { Notification } from '../../iana/notifies.ts';
import { PayloadType } from '../../iana/payloads.ts';
import type { Proposal } from '../../transforms/parse.ts';
import type { Ke } from '../../transforms/table.ts';
import { IkeError } from '../error.ts';
import { fitFor } from '../extensions/multi-ke.ts';
import { Draft, type Notify, type Received } from '../message.ts';
import { noCommonSuite } from '../negotiate/mismatch.ts';
import { choose, offer } from '../negotiate/proposals.ts';
import { isRedundant, lowestNonce } from '../sa/collide.ts';
import { isAwaited, refuseIfCrowded, wipeAll } from '../sa/follow-ups.ts';
import { IkeSa, type IkeSuite } from '../sa/ike-sa.ts';
import { rekeySkeyseed } from '../sa/keymat.ts';
import { backOff } from '../sa/lifetimes.ts';
import { patience, succeed } from '../sa/succession.ts';
import type { Task } from '../sa/task.ts';
import { request, type Steps } from '../steps.ts';
import { deleteIkeSa } from './delete.ts';
import { followUp, goOn } from './followup-ke.ts';
import { nonceBytes, nonceOf, suiteOf } from './ike-sa-init.ts';
import { answerKe, checked, otherMethod } from './ke.ts';
import { required } from './required.ts';

type RekeyTask = Extract<Task, { kind: 'rekey-ike' }>;

/** Answers a rekey: the peer becomes the original initiator of the new SA. */
export function answerIkeRekey(sa: IkeSa, received: Received): Draft {
  const rival = rivalTask(sa);
  // One after another of them would leave an SA behind each.
  if (rival?.rival) {
    throw new IkeError('TEMPORARY_FAILURE', 'a rekey of the peer crosses ours already');
  }
  const ours = proposalsOf(sa);
  const theirs = required(received, PayloadType.SA);
  const ke = required(received, PayloadType.KE);
  const choice = choose(ours, theirs, { protocol: 'ike-rekey', ke: 'wanted', keSent: ke.method });
  if (!choice) throw noCommonSuite(ours, theirs);
  const suite = suiteOf(choice.chosen);
  const ni = nonceOf(received, suite);
  const nr = sa.host.random(nonceBytes);
  refuseIfCrowded(sa, choice.chosen.addKe?.length ?? 0);
  const { value, shared } = answerKe(sa, suite.ke, ke);
  const spiR = sa.host.drawSpi();
  const terms = { role: 'responder', spiI: choice.spi, spiR, suite, ni, nr } as const;
  const link = cross(rival, lowestNonce(ni, nr), () =>
    goOn(sa, {
      old: sa,
      left: suite.addKe.map((step) => step.ke),
      secrets: [shared],
      make: (secrets) => standOrSucceed(sa, () => makeSuccessor(sa, { ...terms, secrets })),
    }),
  );
  const draft = new Draft(Exchange.CREATE_CHILD_SA, 'response')
    .add(PayloadType.SA, choice.answer(spiR))
    .add(PayloadType.NONCE, { data: nr })
    .add(PayloadType.KE, { method: suite.ke.id, data: value });
  return link ? draft.notify(Notification.ADDITIONAL_KEY_EXCHANGE, link) : draft;
}

/** Notes beside our own request that the peer's crosses it, if `answer` does not refuse it. */
function cross<T>(ours: RekeyTask | undefined, lowest: Uint8Array, answer: () => T): T {
  if (!ours) return answer();
  ours.rival = { sa: undefined, lowest };
  try {
    return answer();
  } catch (error) {
    ours.rival = undefined;
    throw error;
  }
}

/** What the peer asked for is ready: it takes over, or waits while it is not decided which of two stands. */
function standOrSucceed(sa: IkeSa, make: () => IkeSa): void {
  const rival = rivalTask(sa);
  const next = make();
  if (rival?.rival) {
    rival.rival.sa = next;
    next.heirOf = sa;
  } else succeed(sa, next);
}

/** Asks for new keys. */
export function* rekeyIke(sa: IkeSa): Steps<void> {
  if (sa.phase !== 'established') return;
  if (isAwaited(sa, sa)) {
    askAgainLater(sa);
    return;
  }
  const task: RekeyTask = { kind: 'rekey-ike', rival: undefined, isFollowing: false };
  sa.task = task;
  try {
    const outcome = yield* propose(sa);
    if ('type' in outcome) {
      sa.task = undefined;
      heedRefusal(sa, task, outcome);
    } else yield* settle(sa, task, outcome);
  } finally {
    sa.task = undefined;
  }
}

/** Both ends know both exchanges by now, or there was only ours (RFC 7296 §2.8.2). */
function* settle(sa: IkeSa, task: RekeyTask, agreed: Agreed): Steps<void> {
  const { rival } = task;
  const isLive = rival !== undefined && (!rival.sa || rival.sa.heirOf === sa);
  if (isTaken(sa) || (isLive && isRedundant(lowestNonce(agreed.ni, agreed.nr), rival.lowest))) {
    sa.task = undefined;
    giveWay(sa, rival?.sa, agreed);
    return;
  }
  task.isFollowing = true;
  const more = yield* secretsBehind(sa, agreed);
  sa.task = undefined;
  if ('type' in more) {
    heedRefusal(sa, task, more);
    return;
  }
  const secrets = [agreed.shared, ...more];
  if (isTaken(sa)) {
    wipeAll(secrets); // by its own, while we waited
    return;
  }
  // The redundant one of the peer is deleted by the peer, whatever else it says on it.
  if (rival?.sa?.heirOf === sa) rival.sa.heirOf = undefined;
  succeed(sa, makeSuccessor(sa, { ...agreed, secrets }));
  yield* deleteIkeSa(sa, 'its keys were renewed');
}

/** Whether the peer uses what it made itself already. */
const isTaken = (sa: IkeSa): boolean => sa.phase === 'rekeying';

/** Ours goes, and the peer, whose exchange stands, deletes the old one. */
function giveWay(sa: IkeSa, rival: IkeSa | undefined, agreed: Agreed): void {
  if (rival?.heirOf === sa) succeed(sa, rival);
  else if (!isTaken(sa)) askAgainLater(sa); // if the peer never ends what it began
  if (agreed.suite.addKe.length > 0) {
    agreed.shared.wipe(); // with further exchanges to come, nothing is made yet
    return;
  }
  const next = makeSuccessor(sa, { ...agreed, secrets: [agreed.shared] });
  next.phase = 'established';
  next.queue.push((now) => deleteIkeSa(now, 'both sides rekeyed at once'));
  sa.host.nudge(next);
}

/** The secrets of the further key exchanges, or why the peer went no further. */
function* secretsBehind(sa: IkeSa, agreed: Agreed): Steps<readonly Secret[] | Notify> {
  let isDone = false;
  try {
    const followed = yield* followUp(sa, agreed.suite.addKe, agreed.response);
    if (followed.kind === 'refused') return followed.notify;
    isDone = true;
    return followed.secrets;
  } finally {
    if (!isDone) agreed.shared.wipe();
  }
}

function heedRefusal(sa: IkeSa, { rival }: RekeyTask, notify: Notify): void {
  if (isTaken(sa)) return;
  if (rival?.sa?.heirOf === sa) {
    succeed(sa, rival.sa);
    return;
  }
  const why = `no new keys for the connection now: the peer answered ${nameOf(Notification, notify.type)}`;
  sa.host.report({ kind: 'note', sa: sa.id, why });
  askAgainLater(sa);
}

function askAgainLater(sa: IkeSa): void {
  sa.timers.start('rekey', sa.host.now, backOff(sa, sa.postponed++));
}

/** Asks, and once more with the method that INVALID_KE_PAYLOAD names. */
function* propose(sa: IkeSa): Steps<Agreed | Notify> {
  const ours = fitFor(sa, proposalsOf(sa));
  const methods = ours.flatMap((proposal) => proposal.ke);
  const spiI = sa.host.drawSpi();
  // The method in use goes first: some peers cannot take another in a rekey.
  let ke = methods.find((row) => row === sa.suite?.ke) ?? methods[0];
  for (let round = 0; ; round++) {
    invariant(ke, 'a proposal without a key exchange');
    const own = sa.host.primitives[ke.engine].offer(sa.host.random);
    try {
      const ni = sa.host.random(nonceBytes);
      const draft = new Draft(Exchange.CREATE_CHILD_SA, 'request')
        .add(PayloadType.SA, offer(ours, spiI, true))
        .add(PayloadType.NONCE, { data: ni })
        .add(PayloadType.KE, { method: ke.id, data: own.value });
      const response = yield* request(draft);
      const notify = response.error();
      if (!notify) {
        const finish = (answer: Uint8Array) => checked(() => own.finish(answer));
        return accept(response, { ours, spiI, ni, ke, finish });
      }
      const isWrongKe = notify.type === Notification.INVALID_KE_PAYLOAD;
      const other = isWrongKe ? otherMethod(notify.data, methods, ke) : undefined;
      if (!other || round > 0) return notify;
      ke = other;
    } finally {
      own.wipe();
    }
  }
}

function accept(
  response: Received,
  sent: {
    ours: readonly Proposal[];
    spiI: Uint8Array;
    ni: Uint8Array;
    ke: Ke;
    finish: (answer: Uint8Array) => Secret;
  },
): Agreed {
  const { ours, spiI, ni, ke, finish } = sent;
  const theirs = required(response, PayloadType.SA);
  const answer = required(response, PayloadType.KE);
  const choice = choose(ours, theirs, { protocol: 'ike-rekey', ke: 'wanted', keSent: ke.id });
  if (!choice || choice.chosen.ke !== ke || answer.method !== ke.id || isZero(choice.spi)) {
    throw new IkeError('NO_PROPOSAL_CHOSEN', 'the peer chose what was not offered');
  }
  const suite = suiteOf(choice.chosen);
  const nr = nonceOf(response, suite);
  const spis = { role: 'initiator', spiI, spiR: choice.spi } as const;
  return { ...spis, suite, ni, nr, shared: finish(answer.data), response };
}

/** What may be going on while the peer rekeys the IKE SA: nothing about children (RFC 7296 §2.25.1–2). */
function rivalTask(sa: IkeSa): Extract<Task, { kind: 'rekey-ike' }> | undefined {
  if (sa.task?.kind === 'rekey-ike' && sa.task.isFollowing) {
    throw new IkeError('TEMPORARY_FAILURE', 'we are rekeying this connection, and it is half done');
  }
  if (sa.task === undefined || sa.task.kind === 'rekey-ike') return sa.task;
  throw new IkeError('TEMPORARY_FAILURE', 'we are changing a tunnel of this connection');
}

interface SuccessorTerms {
  readonly role: 'initiator' | 'responder';
  readonly spiI: Uint8Array;
  readonly spiR: Uint8Array;
  readonly suite: IkeSuite;
  readonly ni: Uint8Array;
  readonly nr: Uint8Array;
}
/** What both sides know when our request is answered. */
interface Agreed extends SuccessorTerms {
  readonly shared: Secret;
  /** The answer of the peer, by which to go on. */
  readonly response: Received;
}

/**
 * SKEYSEED = prf(SK_d (old), SK(0) | Ni | Nr | SK(1) | …), with the old SA's prf (RFC 7296 §2.18, RFC 9370 §2.2.4).
 * @param secrets of the key exchange and of those behind it; wiped
 */
function makeSuccessor(
  old: IkeSa,
  { secrets, suite, ni, nr, ...spis }: SuccessorTerms & { readonly secrets: readonly Secret[] },
): IkeSa {
  const [first, ...more] = secrets;
  invariant(old.suite && first, 'an established SA has a suite, and a rekey a key exchange');
  const next = new IkeSa(old.host, { ...spis, path: old.path });
  next.inherit(old);
  old.host.registry.add(next);
  // The first message on it is the peer's, as a rule, and meets whatever crowd there is.
  old.host.emit({ kind: 'admit', spi: next.localSpi });
  const prf = old.host.primitives[old.suite.prf.engine];
  const seed = rekeySkeyseed(prf, old.keys.skD, { shared: first.bytes, ni, nr, more });
  next.key(seed, suite, { ni, nr });
  next.disclose();
  wipeAll(secrets);
  next.phase = 'rekeying';
  // One of two that crossed is deleted by its maker; if it never is, it goes by itself.
  next.timers.start('abandoned', next.host.now, patience);
  return next;
}

function proposalsOf({ connection }: IkeSa): readonly Proposal[] {
  invariant(connection, 'an established SA has a connection');
  return connection.ike;
}
