// Virtual addresses go back to their pool when no SA of the peer has them any more: during a reauthentication two do.
import type { Lease } from '../core.ts';
import type { Host } from '../host.ts';
import type { IkeSa } from './ike-sa.ts';

/** The SA has its addresses no longer. */
export function releaseLease(sa: IkeSa): void {
  const { lease } = sa;
  sa.lease = undefined;
  if (lease) giveBack(sa.host, lease);
}

/** Addresses that were granted, and that nobody took. */
export function giveBack(host: Host, lease: Lease): void {
  const { pool, identity } = lease;
  const others = host.registry.all.flatMap(({ lease: other }) =>
    other?.pool === pool && other.identity === identity ? other.addresses : [],
  );
  const addresses = lease.addresses.filter((address) => !others.includes(address));
  if (addresses.length > 0) host.emit({ kind: 'release', lease: { pool, identity, addresses } });
}
