// One IKE SA takes the place of another (RFC 7296 §2.18): children, lease, identity and path move over.
import { invariant } from '../../base/invariant.ts';
import { seconds } from '../../base/time.ts';
import { resumeAuthLifetime } from '../extensions/auth-lifetime.ts';
import { resumeMove } from '../extensions/mobike.ts';
import { dropFollowUps } from './follow-ups.ts';
import type { IkeSa } from './ike-sa.ts';
import { scheduleKeepalive } from './keepalive.ts';
import { retire } from './lifecycle.ts';
import { scheduleIkeRekey } from './lifetimes.ts';
import { inheritRenewal } from './renewal.ts';
import { resumeWanting } from './wanted.ts';

/** `next` was made by a rekey of `old` and nobody else took its place yet. */
export function succeed(old: IkeSa, next: IkeSa): void {
  const { host } = next;
  invariant(next.phase === 'rekeying' && old.phase === 'established', 'no succession');
  next.inherit(old);
  next.heirOf = undefined;
  // Of a chain of rekeys only the last predecessor is waited for.
  if (old.predecessor) retire(old.predecessor, { cause: 'replaced', why: 'rekeyed again' });
  old.predecessor = undefined;
  next.predecessor = old;
  next.judgeKeys(old);
  next.connection = old.connection;
  next.peer = old.peer;
  next.certificate = old.certificate;
  next.most = old.most;
  next.claimed = old.claimed;
  next.user = old.user;
  next.device = old.device;
  next.lease = old.lease;
  next.virtualIps = old.virtualIps;
  next.children.push(...old.children);
  next.path = old.path;
  next.origin = old.origin;
  next.provenPath = old.provenPath;
  next.phase = 'established';
  next.establishedAt = old.establishedAt;
  next.handshake = undefined;
  old.lease = undefined;
  old.children.length = 0;
  dropFollowUps(old);
  old.phase = 'rekeying';
  old.timers.stop('rekey');
  old.timers.stop('worn-out');
  old.timers.stop('liveness');
  old.timers.stop('new-child');
  old.timers.stop('keepalive');
  old.timers.stop('reauthenticate');
  old.timers.stop('unauthenticated');
  old.timers.pass('outlived', next.timers);
  old.timers.pass('unproven', next.timers);
  // What waited for its turn goes on over there.
  next.queue.push(...old.queue.splice(0));
  resumeMove(next);
  host.nudge(next);
  // The peer may not know yet that there is a new one, and wait for us on the old.
  if (old.dialled) resumeMove(old);
  host.nudge(old);
  next.timers.stop('abandoned');
  const { dpd } = next.connection ?? {};
  if (dpd !== undefined) next.timers.start('liveness', host.now, dpd);
  // Whoever asked deletes the old one; if it never does, the old one goes by itself.
  old.timers.start('abandoned', host.now, patience);
  scheduleIkeRekey(next);
  resumeWanting(next);
  scheduleKeepalive(next);
  inheritRenewal(old, next);
  resumeAuthLifetime(next);
  host.report({ kind: 'sa.rekeyed', sa: next.id, old: old.id });
}

/** How long a rekeyed IKE SA waits for its DELETE. */
export const patience = seconds(60);
