// INITIAL_CONTACT: the peer knows of no other IKE SA with us, so older ones of the same identity are dead
// (RFC 7296 §2.4). Believed only after authentication, and only about its own; said by us when it is so.
import { Notification } from '../../iana/notifies.ts';
import { matchesIdentity, sameIdentity } from '../../policy/identity.ts';
import type { Connection } from '../../policy/policy.ts';
import type { Received } from '../message.ts';
import type { IkeSa } from '../sa/ike-sa.ts';
import { retire } from '../sa/lifecycle.ts';

/**
 * Whether what is being dialled is the first that we have with this peer. Who it is shows only later, so whatever
 * stands at its address counts, and whoever it may be.
 */
export function isInitialContact(sa: IkeSa, { remoteId }: Connection): boolean {
  return sa.host.registry.all.every(
    (other) =>
      other === sa ||
      other.phase === 'closing' ||
      (other.path.remote.ip !== sa.path.remote.ip &&
        !(other.peer && matchesIdentity(remoteId, other.peer))),
  );
}

/** Ends the older SAs of the peer that has just been authenticated, if it says so. */
export function replaceOlder(sa: IkeSa, received: Received): void {
  if (!received.notify(Notification.INITIAL_CONTACT) || !sa.peer) return;
  for (const other of sa.host.registry.all) {
    const isOlder =
      other !== sa &&
      other.phase === 'established' &&
      other.connection?.name === sa.connection?.name;
    if (isOlder && other.peer && sameIdentity(other.peer, sa.peer)) {
      retire(other, { cause: 'replaced', why: 'the same device connected anew' });
    }
  }
}
