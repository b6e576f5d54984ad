// What the peer asked for in CREATE_CHILD_SA and has not got yet: it waits for further key exchanges (RFC 9370 §2.2.4).
import { equal } from '../../base/bytes.ts';
import type { Secret } from '../../base/secret.ts';
import { seconds } from '../../base/time.ts';
import type { Ke } from '../../transforms/table.ts';
import { IkeError } from '../error.ts';
import type { ChildSa } from './child-sa.ts';
import type { IkeSa } from './ike-sa.ts';
import type { Slot } from './slots.ts';

export interface FollowUp {
  /** The SA that is to be replaced; undefined: a new tunnel. */
  readonly old: ChildSa | IkeSa | undefined;
  /** Methods of the exchanges to come. */
  readonly left: readonly Ke[];
  /** Shared secrets of those done, the one of CREATE_CHILD_SA first. */
  readonly secrets: readonly Secret[];
  /** Makes what was asked for; the secrets are its own from then on. @throws IkeError */
  readonly make: (secrets: readonly Secret[]) => void;
}

/** Before any work on a request that further key exchanges are to follow. @throws IkeError when as many are waiting */
export function refuseIfCrowded(sa: IkeSa, further: number): void {
  const { pending } = sa.slot(state);
  if (further > 0 && pending.length >= mostPending) {
    throw new IkeError('TEMPORARY_FAILURE', 'the peer has too many key exchanges under way');
  }
}

/** Keeps it until the peer goes on. @returns the link by which that will name it, new each time */
export function keepFollowUp(sa: IkeSa, followUp: FollowUp): Uint8Array {
  const { pending } = sa.slot(state);
  const link = sa.host.random(linkBytes);
  pending.push({ link, followUp });
  sa.timers.start('follow-up', sa.host.now, patience);
  return link;
}

/** What goes on by this link, which serves once. */
export function takeFollowUp(sa: IkeSa, link: Uint8Array | undefined): FollowUp | undefined {
  const { pending } = sa.slot(state);
  const at = pending.findIndex((one) => link && equal(one.link, link));
  const [found] = at < 0 ? [] : pending.splice(at, 1);
  if (pending.length === 0) sa.timers.stop('follow-up');
  return found?.followUp;
}

/** Whether the peer is about to replace this SA: it need not have heard of our answer yet. */
export const isAwaited = (sa: IkeSa, old: ChildSa | IkeSa): boolean =>
  sa.slot(state).pending.some(({ followUp }) => followUp.old === old);

/** The peer did not go on, or the SA is about to go. */
export function dropFollowUps(sa: IkeSa): void {
  for (const { followUp } of sa.slot(state).pending.splice(0)) wipeAll(followUp.secrets);
  sa.timers.stop('follow-up');
}

export function wipeAll(secrets: readonly Secret[]): void {
  for (const secret of secrets) secret.wipe();
}

/** A peer does one after the other; some leave one unfinished, because theirs was the redundant of two. */
const mostPending = 4;
const linkBytes = 8;
const patience = seconds(60);
interface State {
  readonly pending: { readonly link: Uint8Array; readonly followUp: FollowUp }[];
}
const state: Slot<State> = { name: 'follow-ups', init: () => ({ pending: [] }) };
