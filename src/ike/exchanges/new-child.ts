// One more CHILD_SA on an IKE SA that stands, in both roles (RFC 7296 §1.3.1).
import { invariant } from '../../base/invariant.ts';
import { nameOf } from '../../iana/name.ts';
import { Notification } from '../../iana/notifies.ts';
import type { Selectors } from '../core.ts';
import { IkeError } from '../error.ts';
import type { Draft, Notify, Received } from '../message.ts';
import { carriesAll, resolve, within } from '../negotiate/selectors.ts';
import type { IkeSa } from '../sa/ike-sa.ts';
import { writeSpi } from '../sa/spi.ts';
import { takeWanted, wantLater } from '../sa/wanted.ts';
import type { Steps } from '../steps.ts';
import { drawSpi, installChild, narrowed } from './child.ts';
import { answerTerms, complete, proposeChild } from './child-terms.ts';
import { deleteIkeSa } from './delete.ts';

export function* answerNewChild(sa: IkeSa, received: Received): Steps<Draft> {
  refuseIfFull(sa, 'NO_ADDITIONAL_SAS');
  const terms = answerTerms(sa, received);
  const allowed = policySelectors(sa);
  // TSi is of whoever began this exchange: the peer.
  const selectors = {
    local: narrowed('TSr', allowed.local, received),
    remote: narrowed('TSi', allowed.remote, received),
  };
  const spiIn = drawSpi(sa);
  const standby = sa.former !== undefined; // what the former SA carries is carried on until the peer uses this one
  return terms.draft(writeSpi(spiIn), selectors, {
    old: undefined,
    make(child) {
      refuseIfFull(sa, 'NO_ADDITIONAL_SAS'); // others may have been made while its key exchanges went on
      installChild(sa, { ...child, spiIn, selectors, began: false, standby });
    },
  });
}

/** @throws IkeError where it has as many tunnels as there may be */
export function refuseIfFull(sa: IkeSa, fault: 'NO_ADDITIONAL_SAS' | 'TEMPORARY_FAILURE'): void {
  if (sa.children.length < mostChildren) return;
  throw new IkeError(fault, `it has ${sa.children.length} tunnels already`);
}

/**
 * Asks for a CHILD_SA with these selectors; where the peer cannot make one now, again later.
 * @returns the notify by which the peer refused it for good
 */
export function* createNewChild(
  sa: IkeSa,
  selectors: Selectors,
  attempts = 0,
): Steps<Notify | undefined> {
  sa.task = { kind: 'create-child' };
  try {
    const offered = yield* proposeChild(sa, selectors, undefined);
    const proposed = offered.kind === 'made' ? yield* complete(sa, offered.terms) : offered;
    if (proposed.kind === 'made') {
      installChild(sa, { ...proposed.terms, began: true, standby: false });
      return undefined;
    }
    const { notify } = proposed;
    const isPassing = passing.has(notify.type);
    if (isPassing && wantLater(sa, { selectors, attempts })) return undefined;
    const why = `no new tunnel: the peer answered ${nameOf(Notification, notify.type)}`;
    sa.host.report({ kind: 'note', sa: sa.id, why });
    return notify;
  } finally {
    sa.task = undefined;
  }
}

/** Asks for a CHILD_SA that there should be; who dialled ends an SA that is left without any. */
export function* createMissing(sa: IkeSa, selectors: Selectors, attempts = 0): Steps<void> {
  const refusal = yield* createNewChild(sa, selectors, attempts);
  const isOfUse = sa.children.some(({ state }) => state !== 'draining');
  if (refusal && sa.dialled && !isOfUse) yield* deleteIkeSa(sa, 'the peer refused the tunnel');
}

/** Asks again for what the peer could not make before. */
export function* createWanted(sa: IkeSa): Steps<void> {
  for (const { selectors, attempts } of takeWanted(sa)) {
    const isMade = sa.children.some(
      ({ state, spec }) => state === 'installed' && carriesAll(spec.selectors, selectors),
    );
    if (isMade) continue;
    yield* createMissing(sa, selectors, attempts);
    if (sa.closing) return;
  }
}

/** All that the connection lets through, with the addresses that both sides have. */
export function policySelectors(sa: IkeSa): Selectors {
  const { connection, lease } = sa;
  invariant(connection, 'an established SA has a connection');
  if (connection.pool !== undefined && !lease) {
    throw new IkeError('FAILED_CP_REQUIRED', 'the peer has no virtual address');
  }
  const addresses = lease?.addresses ?? [sa.origin];
  const own = sa.virtualIps.length > 0 ? sa.virtualIps : [sa.path.local.ip];
  return {
    local: within(resolve(connection.localTs, own), lease?.reach),
    remote: resolve(connection.remoteTs, addresses),
  };
}

/** Enough for any site; a bound on what an authenticated peer can make us keep. */
export const mostChildren = 32;

/** What a peer answers that may be able to make it later. */
const passing: ReadonlySet<number> = new Set([
  Notification.TEMPORARY_FAILURE,
  Notification.STATE_NOT_FOUND,
]);
