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
import { Draft, type Notify, type Received } from '../message.ts';
import { noCommonSuite } from '../negotiate/mismatch.ts';
import { choose, offer } from '../negotiate/proposals.ts';
import { isRedundant, lowestNonce } from '../sa/collide.ts';
import { IkeSa, type IkeSuite } from '../sa/ike-sa.ts';
import { rekeySkeyseed } from '../sa/keymat.ts';
import { backOff } from '../sa/lifetimes.ts';
import { patience, succeed } from '../sa/succession.ts';
import type { Task } from '../sa/task.ts';
import { request, type Steps } from '../steps.ts';
import { deleteIkeSa } from './delete.ts';
import { nonceBytes, nonceOf, suiteOf } from './ike-sa-init.ts';
import { answerKe, checked, otherMethod } from './ke.ts';
import { required } from './required.ts';

/** Answers a rekey: the peer becomes the original initiator of the new SA. */
export function answerIkeRekey(sa: IkeSa, received: Received): Draft {
  const rival = rivalTask(sa);
  const ours = proposalsOf(sa);
  const theirs = required(received, PayloadType.SA);
  const ke = required(received, PayloadType.KE);
  const choice = choose(ours, theirs, { protocol: 'ike-rekey', ke: 'wanted', keSent: ke.method });
  if (!choice) throw noCommonSuite(ours, theirs);
  const suite = suiteOf(choice.chosen);
  const ni = nonceOf(received, suite);
  const nr = sa.host.random(nonceBytes);
  const { value, shared } = answerKe(sa, suite.ke, ke);
  const spiR = sa.host.drawSpi();
  const next = successorOf(sa, { role: 'responder', spiI: choice.spi, spiR });
  keyFrom(sa, next, { suite, ni, nr, shared });
  if (rival) {
    rival.rival = { sa: next, lowest: lowestNonce(ni, nr) };
    next.heirOf = sa;
  } else succeed(sa, next);
  return new Draft(Exchange.CREATE_CHILD_SA, 'response')
    .add(PayloadType.SA, choice.answer(spiR))
    .add(PayloadType.NONCE, { data: nr })
    .add(PayloadType.KE, { method: suite.ke.id, data: value });
}

/** Asks for new keys. */
export function* rekeyIke(sa: IkeSa): Steps<void> {
  if (sa.phase !== 'established') return;
  const task: Extract<Task, { kind: 'rekey-ike' }> = { kind: 'rekey-ike', rival: undefined };
  sa.task = task;
  try {
    const outcome = yield* propose(sa);
    sa.task = undefined;
    if ('type' in outcome) heedRefusal(sa, task, outcome);
    else yield* settle(sa, task, outcome);
  } finally {
    sa.task = undefined;
  }
}

interface Made {
  readonly next: IkeSa;
  readonly lowest: Uint8Array;
}

/** Both ends know both exchanges by now, or there was only ours (RFC 7296 §2.8.2). */
function* settle(
  sa: IkeSa,
  { rival }: Extract<Task, { kind: 'rekey-ike' }>,
  made: Made,
): Steps<void> {
  const isAdopted = sa.phase === 'rekeying'; // the peer uses its own already
  const isLive = rival?.sa.heirOf === sa;
  if (isAdopted || (isLive && isRedundant(made.lowest, rival.lowest))) {
    // Ours goes, and the peer, whose exchange stands, deletes the old one.
    if (!isAdopted && rival) succeed(sa, rival.sa);
    made.next.phase = 'established';
    made.next.queue.push((now) => deleteIkeSa(now, 'both sides rekeyed at once'));
    sa.host.nudge(made.next);
    return;
  }
  succeed(sa, made.next);
  yield* deleteIkeSa(sa, 'its keys were renewed');
}

function heedRefusal(
  sa: IkeSa,
  { rival }: Extract<Task, { kind: 'rekey-ike' }>,
  notify: Notify,
): void {
  if (sa.phase === 'rekeying') return;
  if (rival?.sa.heirOf === sa) {
    succeed(sa, rival.sa);
    return;
  }
  const why = `no new keys for the connection now: the peer answered ${nameOf(Notification, notify.type)}`;
  sa.host.report({ kind: 'note', sa: sa.id, why });
  sa.timers.start('rekey', sa.host.now, backOff(sa, sa.postponed++));
}

/** Asks, and once more with the method that INVALID_KE_PAYLOAD names. */
function* propose(sa: IkeSa): Steps<Made | Notify> {
  const ours = proposalsOf(sa);
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
        return accept(sa, response, { ours, spiI, ni, ke, finish });
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
  sa: IkeSa,
  response: Received,
  sent: {
    ours: readonly Proposal[];
    spiI: Uint8Array;
    ni: Uint8Array;
    ke: Ke;
    finish: (answer: Uint8Array) => Secret;
  },
): Made {
  const { ours, spiI, ni, ke, finish } = sent;
  const theirs = required(response, PayloadType.SA);
  const answer = required(response, PayloadType.KE);
  const choice = choose(ours, theirs, { protocol: 'ike-rekey', ke: 'wanted', keSent: ke.id });
  if (!choice || choice.chosen.ke !== ke || answer.method !== ke.id || isZero(choice.spi)) {
    throw new IkeError('NO_PROPOSAL_CHOSEN', 'the peer chose what was not offered');
  }
  const suite = suiteOf(choice.chosen);
  const nr = nonceOf(response, suite);
  const next = successorOf(sa, { role: 'initiator', spiI, spiR: choice.spi });
  keyFrom(sa, next, { suite, ni, nr, shared: finish(answer.data) });
  return { next, lowest: lowestNonce(ni, nr) };
}

/** What may be going on while the peer rekeys the IKE SA: nothing about children (RFC 7296 §2.25.1–2). */
function rivalTask(sa: IkeSa): Extract<Task, { kind: 'rekey-ike' }> | undefined {
  if (sa.task === undefined || sa.task.kind === 'rekey-ike') return sa.task;
  throw new IkeError('TEMPORARY_FAILURE', 'we are changing a tunnel of this connection');
}

function successorOf(
  sa: IkeSa,
  fields: { role: 'initiator' | 'responder'; spiI: Uint8Array; spiR: Uint8Array },
): IkeSa {
  const next = new IkeSa(sa.host, { ...fields, path: sa.path });
  next.inherit(sa);
  sa.host.registry.add(next);
  return next;
}

/** SKEYSEED = prf(SK_d (old), g^ir (new) | Ni | Nr), with the old SA's prf (RFC 7296 §2.18). */
function keyFrom(
  old: IkeSa,
  next: IkeSa,
  fields: { suite: IkeSuite; ni: Uint8Array; nr: Uint8Array; shared: Secret },
): void {
  invariant(old.suite, 'an established SA has a suite');
  const { suite, ni, nr, shared } = fields;
  const prf = old.host.primitives[old.suite.prf.engine];
  next.key(rekeySkeyseed(prf, old.keys.skD, { shared: shared.bytes, ni, nr }), suite, { ni, nr });
  shared.wipe();
  next.phase = 'rekeying';
  // One of two that crossed is deleted by its maker; if it never is, it goes by itself.
  next.timers.start('abandoned', next.host.now, patience);
}

function proposalsOf({ connection }: IkeSa): readonly Proposal[] {
  invariant(connection, 'an established SA has a connection');
  return connection.ike;
}
