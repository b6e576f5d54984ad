// INITIAL_CONTACT: the peer knows of no other IKE SA with us, so older ones of the same identity are dead
// (RFC 7296 §2.4). Said by us when it is so; what becomes of it where a peer says it, in exchanges/uniqueness.ts.
import { matchesIdentity } from '../../policy/identity.ts';
import type { Connection } from '../../policy/policy.ts';
import type { IkeSa } from '../sa/ike-sa.ts';

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
