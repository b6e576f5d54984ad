// One IKE SA takes the place of another (RFC 7296 §2.18): children, lease, identity and path move over.
import { seconds } from '../../base/time.ts';
import type { IkeSa } from './ike-sa.ts';
import { scheduleIkeRekey } from './lifetimes.ts';

export function succeed(old: IkeSa, next: IkeSa): void {
  const { host } = next;
  next.connection = old.connection;
  next.peer = old.peer;
  next.claimed = old.claimed;
  next.lease = old.lease;
  next.virtualIps = old.virtualIps;
  next.children.push(...old.children);
  next.path = old.path;
  next.phase = 'established';
  next.establishedAt = old.establishedAt;
  next.handshake = undefined;
  old.lease = undefined;
  old.children.length = 0;
  old.phase = 'rekeying';
  old.timers.stop('rekey');
  old.timers.stop('worn-out');
  old.timers.stop('liveness');
  // What waited for its turn goes on over there.
  next.queue.push(...old.queue.splice(0));
  host.nudge(next);
  next.timers.stop('abandoned');
  const { dpd } = next.connection ?? {};
  if (dpd !== undefined) next.timers.start('liveness', host.now, dpd);
  // Whoever asked deletes the old one; if it never does, the old one goes by itself.
  old.timers.start('abandoned', host.now, patience);
  scheduleIkeRekey(next);
  host.report({ kind: 'sa.rekeyed', sa: next.id, old: old.id });
}

/** How long a rekeyed IKE SA waits for its DELETE. */
export const patience = seconds(60);
