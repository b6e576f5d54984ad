// Reauthentication, the new IKE SA made before the old one breaks (RFC 7296 §2.8.3): what the old one carried is
// asked for anew, then the old one is deleted. Until then both carry traffic.
import { carriesAll } from '../negotiate/selectors.ts';
import type { ChildSa } from '../sa/child-sa.ts';
import type { IkeSa } from '../sa/ike-sa.ts';
import type { Steps } from '../steps.ts';
import { deleteIkeSa } from './delete.ts';
import { createNewChild } from './new-child.ts';

/** Takes the place of the SA that this one was dialled for, if there is one. */
export function* takeOver(sa: IkeSa): Steps<void> {
  for (const { spec } of missing(sa)) yield* createNewChild(sa, spec.selectors);
  const { former } = sa;
  if (former?.phase !== 'established') return;
  former.queue.push((now) => deleteIkeSa(now, 'authenticated anew'));
  sa.host.nudge(former);
}

/** Tunnels of the old one that no tunnel of the new one covers; with other addresses they would make no sense. */
function missing({ former, children, virtualIps }: IkeSa): readonly ChildSa[] {
  const keepsAddresses = former?.virtualIps.every((address) => virtualIps.includes(address));
  if (!former || !keepsAddresses) return [];
  return former.children.filter(
    (old) =>
      old.state === 'installed' &&
      !children.some(({ spec }) => carriesAll(spec.selectors, old.spec.selectors)),
  );
}
