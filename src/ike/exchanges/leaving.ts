// An IKE SA that is being deleted, or was replaced by a new one, gets nothing new (RFC 7296 §2.25.2).
import { IkeError } from '../error.ts';
import type { IkeSa } from '../sa/ike-sa.ts';

/** @throws IkeError TEMPORARY_FAILURE */
export function refuseIfLeaving(sa: IkeSa): void {
  if (sa.phase === 'established' && sa.task?.kind !== 'delete-ike') return;
  throw new IkeError('TEMPORARY_FAILURE', 'this IKE SA is about to go');
}
