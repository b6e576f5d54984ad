// A packet waits, and the IKE SA stands without a CHILD_SA for it: one more is asked for, with the packet first
// (RFC 7296 §1.3.1, §2.9). The answer to whoever holds the packet is the effect `untrap`.
import { nameOf } from '../../iana/name.ts';
import { Notification } from '../../iana/notifies.ts';
import type { Selectors, WaitingPacket } from '../core.ts';
import { carries, withFirst } from '../negotiate/selectors.ts';
import type { IkeSa, Queued } from '../sa/ike-sa.ts';
import type { Steps } from '../steps.ts';
import { installChild } from './child.ts';
import { proposeChild } from './child-terms.ts';
import { deleteSpi } from './delete-child.ts';
import { mostChildren, policySelectors } from './new-child.ts';

/** Asks for a CHILD_SA for this packet. */
export function widening(packet: WaitingPacket): Queued {
  const begin = (sa: IkeSa): Steps<void> => widen(sa, packet);
  return Object.assign(begin, { abandon: (sa: IkeSa) => untrap(sa, false) });
}

function* widen(sa: IkeSa, packet: WaitingPacket): Steps<void> {
  let isCarried = false;
  try {
    isCarried = isCarriedBy(sa, packet) || (yield* makeChildFor(sa, packet));
  } finally {
    untrap(sa, isCarried);
  }
}

/** Tells whoever holds the packet what became of it. */
export function untrap({ host, connection }: IkeSa, isCarried: boolean): void {
  if (connection) host.emit({ kind: 'untrap', connection: connection.name, isCarried });
}

/** Whether packets like this one have a CHILD_SA that goes on. */
export const isCarriedBy = ({ children }: IkeSa, packet: WaitingPacket): boolean =>
  children.some(
    ({ state, spec }) =>
      state !== 'deleting' && state !== 'draining' && carries(spec.selectors, packet),
  );

function* makeChildFor(sa: IkeSa, packet: WaitingPacket): Steps<boolean> {
  if (sa.children.length >= mostChildren) return false;
  sa.task = { kind: 'create-child' };
  try {
    const proposed = yield* proposeChild(sa, wishFor(sa, packet), undefined);
    if (proposed.kind === 'refused') {
      say(sa, `the peer answered ${nameOf(Notification, proposed.notify.type)}`);
      return false;
    }
    const { terms } = proposed;
    if (carries(terms.selectors, packet)) {
      installChild(sa, { ...terms, began: true, standby: false });
      return true;
    }
    // Kept, it would be followed by another like it with every packet.
    terms.shared?.wipe();
    say(sa, 'what the peer agreed to leaves the packet out');
    yield* deleteSpi(sa, terms.spiIn);
    return false;
  } finally {
    sa.task = undefined;
  }
}

/** All that the connection lets through, `packet` first (RFC 7296 §2.9). */
export function wishFor(sa: IkeSa, packet: WaitingPacket | undefined): Selectors {
  const { local, remote } = policySelectors(sa);
  return { local: withFirst(packet?.local, local), remote: withFirst(packet?.remote, remote) };
}

const say = (sa: IkeSa, what: string): void =>
  sa.host.report({ kind: 'note', sa: sa.id, why: `no tunnel for a packet that waits: ${what}` });
