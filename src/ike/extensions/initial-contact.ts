// INITIAL_CONTACT: the peer knows of no other IKE SA with us, so older ones of the same identity are dead
// (RFC 7296 §2.4). Believed only after authentication, and only about its own.
import { Notification } from '../../iana/notifies.ts';
import { sameIdentity } from '../../policy/identity.ts';
import type { Received } from '../message.ts';
import type { IkeSa } from '../sa/ike-sa.ts';
import { retire } from '../sa/lifecycle.ts';

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
