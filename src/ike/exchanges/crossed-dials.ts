// Both sides dialled each other at once, and now have two IKE SAs for one connection. RFC 7296 has no rule for
// it; this one is like that of §2.8.1: both see the same numbers, so both know which of the two is redundant.
import { compare } from '../../base/bytes.ts';
import { sameIdentity } from '../../policy/identity.ts';
import type { IkeSa } from '../sa/ike-sa.ts';
import type { Slot } from '../sa/slots.ts';
import { deleteIkeSa } from './delete.ts';

/** To be called when `sa` is established: the one with the lower SPIi is deleted by whoever dialled it. */
export function settleCrossedDials(sa: IkeSa): void {
  const { host } = sa;
  const other = host.registry.all.find((one) => isTwin(one, sa));
  if (!other) return;
  const redundant = compare(sa.spiI, other.spiI) < 0 ? sa : other;
  if (!redundant.dialled) return;
  redundant.queue.push((one) => deleteIkeSa(one, 'the peer dialled at the same time'));
  host.nudge(redundant);
}

/** The tunnel that came with `sa` was refused: no other goes for its sake. */
export function giveWay(sa: IkeSa): void {
  sa.slot(state).isBarren = true;
}

/** Whether the two sides dialled one each, and `sa` began before the other side could know that `one` stands. */
export const haveCrossed = (one: IkeSa, sa: IkeSa): boolean =>
  one.dialled !== sa.dialled && beganBefore(sa, one);

/** Dialled by the other side for the same purpose. */
const isTwin = (one: IkeSa, sa: IkeSa): boolean =>
  one.phase === 'established' &&
  !one.slot(state).isBarren &&
  one.connection?.name === sa.connection?.name &&
  haveCrossed(one, sa) &&
  beganBefore(one, sa) &&
  one.peer !== undefined &&
  sa.peer !== undefined &&
  sameIdentity(one.peer, sa.peer);

const beganBefore = ({ createdAt }: IkeSa, { establishedAt }: IkeSa): boolean =>
  establishedAt !== undefined && createdAt <= establishedAt;

const state: Slot<{ isBarren: boolean }> = {
  name: 'crossed-dials',
  init: () => ({ isBarren: false }),
};
