// A tunnel that carries nothing for a while is closed; its IKE SA stays, and the next packet may bring another (a trap
// here or at the peer). No RFC asks for it; it spares what keeping the keys of an idle tunnel costs.
import { milliseconds, since } from '../../base/time.ts';
import type { ChildSa } from '../sa/child-sa.ts';
import type { IkeSa } from '../sa/ike-sa.ts';
import { ask, type Steps } from '../steps.ts';
import { deleteChild } from './delete-child.ts';

/** Begins to watch a tunnel, where the connection says so. */
export function watchTraffic(sa: IkeSa, child: ChildSa): void {
  lookAgain(sa, child, sa.connection?.inactivity);
}

/** Has it carried anything, either way, since it was last looked at? */
export function* closeIfInactive(sa: IkeSa, child: ChildSa): Steps<void> {
  const inactivity = sa.connection?.inactivity;
  if (inactivity === undefined || !sa.children.includes(child)) return;
  const packets = yield* ask('carried', { child: child.ref });
  const { now } = sa.host;
  // No answer is not silence.
  if (packets !== child.packets) child.quietSince = now;
  child.packets = packets ?? child.packets;
  const quiet = since(child.quietSince, now);
  if (quiet < inactivity || child.state !== 'installed') {
    lookAgain(sa, child, inactivity);
    return;
  }
  yield* deleteChild(sa, child, `it carried nothing for ${Math.round(quiet / 1000)} s`);
}

/** Often enough that it is closed a quarter of the time late at the most. */
function lookAgain(sa: IkeSa, child: ChildSa, inactivity: number | undefined): void {
  if (inactivity === undefined) return;
  child.timers.start('inactive', sa.host.now, milliseconds(inactivity / 4));
}
