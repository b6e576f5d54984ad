// Two IKE SAs of one peer side by side: the new one was authenticated anew before the old one went (RFC 7296
// §2.8.3). It takes over when it has proven itself, or when the old one is gone.
import { reauthenticateAgain } from '../extensions/auth-lifetime.ts';
import type { ChildSa } from './child-sa.ts';
import type { IkeSa } from './ike-sa.ts';

/** Whether an SA is to go on, and nothing is to take its place yet. */
export const isRenewable = ({ phase, task, renewal }: IkeSa): boolean =>
  phase === 'established' && task?.kind !== 'delete-ike' && !renewal;

/** `next` is to take the place of `old`. */
export function renew(old: IkeSa, next: IkeSa): void {
  if (old.renewal) old.renewal.former = undefined;
  old.renewal = next;
  next.former = old;
}

/** `next` has new keys for what `old` was. */
export function inheritRenewal(old: IkeSa, next: IkeSa): void {
  const { renewal, former } = old;
  part(old);
  if (renewal) renew(next, renewal);
  if (former) renew(former, next);
}

/** The SA ends: whoever stands beside it stands alone from here on. */
export function leaveAlone(sa: IkeSa): void {
  const { renewal, former } = sa;
  part(sa);
  if (renewal) useNow(renewal);
  // Nothing is there any more that the peer could have instead.
  if (sa.establishedAt !== undefined) former?.timers.stop('outlived');
  // If it came to nothing, the old one serves until its own time is over.
  if (former && sa.dialled && former.phase === 'established') reauthenticateAgain(former);
}

/** The peer works on this SA: what stood by is sent on from here on. */
export function useNow(sa: IkeSa): void {
  for (const child of sa.children) if (child.state === 'installed') activate(sa, child);
}

/** Sends on this CHILD_SA from here on. */
export function activate(sa: IkeSa, child: ChildSa): void {
  if (child.isActive) return;
  child.isActive = true;
  sa.host.emit({ kind: 'activate', child: child.ref });
}

function part(sa: IkeSa): void {
  if (sa.renewal) sa.renewal.former = undefined;
  if (sa.former) sa.former.renewal = undefined;
  sa.renewal = undefined;
  sa.former = undefined;
}
