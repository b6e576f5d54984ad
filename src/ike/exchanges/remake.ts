// The peer deleted a CHILD_SA alone, and the IKE SA stands without it (RFC 7296 §1.4.1). Where the tunnel is to be kept
// up, who dialled asks for another: after a pause, for the peer may be about to say more, and longer each time, for it
// may do the same again.
import { minutes, since } from '../../base/time.ts';
import { carriesAll } from '../negotiate/selectors.ts';
import type { ChildSa } from '../sa/child-sa.ts';
import type { IkeSa } from '../sa/ike-sa.ts';
import type { Slot } from '../sa/slots.ts';
import { wantLater } from '../sa/wanted.ts';
import { deleteIkeSa } from './delete.ts';

/** To be called when `gone` has left its place. */
export function remakeDeleted(sa: IkeSa, gone: ChildSa): void {
  const { dialled, connection, phase, task, renewal, host } = sa;
  const isKeptUp = dialled && connection?.persistent === true && phase === 'established';
  // Whatever takes the place of the IKE SA brings a tunnel of its own.
  if (!isKeptUp || task?.kind === 'delete-ike' || renewal || isCarried(sa, gone)) return;
  const slot = sa.slot(state);
  slot.inVain = since(gone.createdAt, host.now) >= lasting ? 0 : slot.inVain + 1;
  const { selectors } = gone.spec;
  if (wantLater(sa, { selectors, attempts: slot.inVain })) return;
  sa.queue.push((one) => deleteIkeSa(one, 'the peer deletes every tunnel as soon as it stands'));
  host.nudge(sa);
}

/** Whether what it carried has a tunnel that goes on; the peer may have made one before it deleted the other. */
const isCarried = ({ children }: IkeSa, { spec }: ChildSa): boolean =>
  children.some(
    (one) =>
      (one.state === 'installed' || one.state === 'rekeying') &&
      carriesAll(one.spec.selectors, spec.selectors),
  );

/** A tunnel that stood so long was a success. */
const lasting = minutes(1);
const state: Slot<{ inVain: number }> = {
  name: 'remake',
  init: () => ({ inVain: 0 }),
  inherit: (old) => ({ ...old }),
};
