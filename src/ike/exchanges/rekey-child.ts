// New keys for a CHILD_SA, in both roles, and what happens when both ask at once (RFC 7296 §1.3.3, §2.8.1).
import { nameOf } from '../../iana/name.ts';
import { Notification } from '../../iana/notifies.ts';
import { Protocol } from '../../iana/protocols.ts';
import { IkeError } from '../error.ts';
import type { Draft, Notify, Received } from '../message.ts';
import type { ChildSa } from '../sa/child-sa.ts';
import { isRedundant, lowestNonce } from '../sa/collide.ts';
import { isAwaited, wipeAll } from '../sa/follow-ups.ts';
import type { IkeSa } from '../sa/ike-sa.ts';
import { removeChild } from '../sa/lifecycle.ts';
import { backOff } from '../sa/lifetimes.ts';
import { readSpi, writeSpi } from '../sa/spi.ts';
import { patience } from '../sa/succession.ts';
import type { Task } from '../sa/task.ts';
import type { Steps } from '../steps.ts';
import { drawSpi, installChild, narrowed } from './child.ts';
import {
  answerTerms,
  complete,
  type OwnTerms,
  type Proposed,
  proposeChild,
} from './child-terms.ts';
import { deleteChild, deleteSpi } from './delete-child.ts';
import { createMissing, refuseIfFull } from './new-child.ts';
import { remakeDeleted } from './remake.ts';

type RekeyTask = Extract<Task, { kind: 'rekey-child' }>;

/** Answers a rekey. The old one serves on until the peer, who asked, deletes it. */
export function answerChildRekey(sa: IkeSa, received: Received, notify: Notify): Draft {
  const old = rekeyedChild(sa, notify);
  refuseIfFull(sa, 'TEMPORARY_FAILURE');
  const terms = answerTerms(sa, received);
  // Some peers ask for more than they have: what was agreed stays agreed (RFC 7296 §2.9.2).
  const { local, remote } = old.spec.selectors;
  const selectors = {
    local: narrowed('TSr', local, received),
    remote: narrowed('TSi', remote, received),
  };
  const spiIn = drawSpi(sa);
  const draft = terms.draft(writeSpi(spiIn), selectors, {
    old,
    make(child) {
      refuseIfGone(sa, old);
      refuseIfFull(sa, 'TEMPORARY_FAILURE'); // others may have been made while its key exchanges went on
      const next = installChild(sa, { ...child, spiIn, selectors, began: false, standby: true });
      replace(sa, old, next);
    },
  });
  const { task } = sa;
  if (task?.kind === 'rekey-child' && task.old === old) {
    task.rival = { lowest: lowestNonce(terms.child.ni, terms.child.nr) };
  }
  return draft;
}

/** Asks for new keys. */
export function* rekeyChild(sa: IkeSa, old: ChildSa): Steps<void> {
  if (!sa.children.includes(old) || old.state !== 'installed') return;
  const isReplacing = sa.children.some((one) => one.successor === old && one.state !== 'draining');
  if (isReplacing || isAwaited(sa, old)) {
    // The peer may not have heard of it yet.
    old.timers.start('rekey', sa.host.now, backOff(sa, old.postponed++));
    return;
  }
  const task: RekeyTask = {
    kind: 'rekey-child',
    old,
    rival: undefined,
    gone: new Set(),
    isFollowing: false,
  };
  sa.task = task;
  old.state = 'rekeying';
  try {
    let proposed = yield* proposeChild(sa, old.spec.selectors, old.spec.inbound.spi);
    if (proposed.kind === 'made' && !isLost(task, proposed.terms)) {
      task.isFollowing = true;
      proposed = yield* complete(sa, proposed.terms);
    }
    sa.task = undefined;
    if (proposed.kind === 'made') yield* settle(sa, task, proposed.terms);
    else yield* heedRefusal(sa, task, proposed);
  } finally {
    sa.task = undefined;
    const isUnchanged = old.state === 'rekeying' && !old.successor;
    if (old.state === 'rekeying') old.state = old.successor ? 'replaced' : 'installed';
    // Refused, or answered with what we cannot take: its keys grow no younger.
    if (isUnchanged && sa.children.includes(old)) {
      old.timers.start('rekey', sa.host.now, backOff(sa, old.postponed++));
    }
  }
}

/** The response is here: keep what we asked for, or what the peer asked for meanwhile. */
function* settle(sa: IkeSa, task: RekeyTask, terms: OwnTerms): Steps<void> {
  const { old, gone } = task;
  if (isLost(task, terms)) {
    terms.shared?.wipe();
    // With further exchanges to come, nothing is made yet.
    if (terms.chosen.addKe?.length) return;
    // While it is being deleted, the IKE SA stays as it is.
    sa.task = { kind: 'create-child' };
    if (!gone.has(terms.spiOut)) yield* deleteSpi(sa, terms.spiIn);
    return;
  }
  if (gone.has(terms.spiOut)) {
    // The peer deleted the new one before we knew it: the rekey came to nothing, and the old one is worn.
    terms.shared?.wipe();
    wipeAll(terms.more ?? []);
    yield* deleteChild(sa, old, 'its successor was deleted');
    remakeDeleted(sa, old);
    return;
  }
  const next = installChild(sa, { ...terms, began: true, standby: false });
  replace(sa, old, next);
  if (sa.children.includes(old)) yield* deleteChild(sa, old, 'its keys were renewed');
}

function* heedRefusal(
  sa: IkeSa,
  { old }: RekeyTask,
  { notify }: Extract<Proposed, { kind: 'refused' }>,
): Steps<void> {
  // The peer deleted it while we asked, or its own new keys are there already.
  if (!sa.children.includes(old) || old.successor) return;
  if (notify.type === Notification.CHILD_SA_NOT_FOUND) {
    // It was lost over there: what it carried shall go on (RFC 7296 §2.25).
    removeChild(sa, old, 'the peer does not have it any more');
    yield* createMissing(sa, old.spec.selectors);
    return;
  }
  const why = `no new keys for a tunnel now: the peer answered ${nameOf(Notification, notify.type)}`;
  sa.host.report({ kind: 'note', sa: sa.id, why });
}

/** Both asked, and the exchange of the peer is the one that stands (RFC 7296 §2.8.1). */
const isLost = ({ rival }: RekeyTask, { ni, nr }: OwnTerms): boolean =>
  rival !== undefined && isRedundant(lowestNonce(ni, nr), rival.lowest);

/** Its further key exchanges took a while. @throws IkeError */
function refuseIfGone(sa: IkeSa, old: ChildSa): void {
  if (sa.children.includes(old) && (old.state === 'installed' || old.state === 'rekeying')) return;
  throw new IkeError('CHILD_SA_NOT_FOUND', 'the tunnel went while its keys were renewed', {
    spi: writeSpi(old.spec.outbound.spi),
  });
}

/** @throws IkeError CHILD_SA_NOT_FOUND with its SPI, or TEMPORARY_FAILURE while we are deleting it */
function rekeyedChild(sa: IkeSa, { protocol, spi }: Notify): ChildSa {
  const isEsp = protocol === Protocol.ESP && spi.length === 4;
  const child = isEsp
    ? sa.children.find(({ spec }) => spec.outbound.spi === readSpi(spi))
    : undefined;
  if (!child || child.state === 'draining') {
    throw new IkeError('CHILD_SA_NOT_FOUND', 'the peer rekeys a tunnel that is gone', { spi });
  }
  if (child.state === 'deleting' || child.state === 'replaced') {
    throw new IkeError('TEMPORARY_FAILURE', 'the peer rekeys a tunnel that is about to go');
  }
  if (sa.task?.kind === 'rekey-child' && sa.task.old === child && sa.task.isFollowing) {
    throw new IkeError('TEMPORARY_FAILURE', 'we are rekeying this tunnel, and it is half done');
  }
  return child;
}

/** From here on the old one waits for its DELETE; its own clock says nothing any more. */
function replace(sa: IkeSa, old: ChildSa, next: ChildSa): void {
  old.successor = next;
  next.quietSince = old.quietSince; // new keys are no traffic
  if (old.state === 'installed') old.state = 'replaced';
  old.timers.stop('rekey');
  old.timers.start('abandoned', sa.host.now, patience);
}
