// INFORMATIONAL as responder: DELETE, late refusals, and the empty question «are you there?»
// (RFC 7296 §1.4, §1.4.1, §2.4, §2.21.2).
import { Exchange } from '../../iana/exchanges.ts';
import { nameOf } from '../../iana/name.ts';
import { Notification } from '../../iana/notifies.ts';
import { PayloadType } from '../../iana/payloads.ts';
import { Protocol } from '../../iana/protocols.ts';
import { Draft } from '../message.ts';
import { reportFailedAttempt } from '../refusal.ts';
import type { IkeSa } from '../sa/ike-sa.ts';
import { drain } from '../sa/lifecycle.ts';
import { readSpi, writeSpi } from '../sa/spi.ts';
import { succeed } from '../sa/succession.ts';
import type { Responder } from './exchange.ts';
import { mostChildren } from './new-child.ts';
import { remakeDeleted } from './remake.ts';

export const informational: Responder = {
  phases: ['established', 'rekeying'],
  *respond(sa, received) {
    const draft = new Draft(Exchange.INFORMATIONAL, 'response');
    const refusal = received.error();
    if (refusal) heedRefusal(sa, refusal.type);
    const deletes = received.all(PayloadType.DELETE);
    if (deletes.some(({ protocol }) => protocol === Protocol.IKE)) {
      // Both rekeyed, and the peer's exchange stands, or it would not delete the old SA before we do.
      const heir = sa.task?.kind === 'rekey-ike' ? sa.task.rival?.sa : undefined;
      if (heir?.heirOf === sa) succeed(sa, heir);
      // It takes all children along, and its response is empty (RFC 7296 §1.4.1).
      sa.closing ??= { cause: 'deleted-by-peer', why: 'the peer disconnected' };
      return draft;
    }
    const gone = deletes
      .filter(({ protocol }) => protocol === Protocol.ESP)
      .flatMap(({ spis }) => spis);
    const spis = deleteChildren(sa, gone);
    if (spis.length > 0) draft.add(PayloadType.DELETE, { protocol: Protocol.ESP, spis });
    return draft;
  },
};

/** @param theirs SPIs on which the peer received. @returns ours of the same pairs */
function deleteChildren(sa: IkeSa, theirs: readonly Uint8Array[]): Uint8Array[] {
  const ours: Uint8Array[] = [];
  for (const bytes of theirs) {
    const spi = readSpi(bytes);
    const child = sa.children.find(
      ({ spec, state }) => spec.outbound.spi === spi && state !== 'draining',
    );
    if (!child) {
      // It may be the one that the response to our rekey will tell us of.
      if (sa.task?.kind === 'rekey-child' && sa.task.gone.size < mostChildren) {
        sa.task.gone.add(spi);
      }
      continue;
    }
    // Both deletes crossed: each side names its own, and answers with none (RFC 7296 §1.4.1).
    const isTheirs = child.state !== 'deleting';
    if (isTheirs) ours.push(writeSpi(child.spec.inbound.spi));
    drain(sa, child, 'the peer deleted it');
    if (isTheirs) remakeDeleted(sa, child);
  }
  return ours;
}

/** The initiator refuses what we answered in IKE_AUTH: it can say so only now (RFC 7296 §2.21.2). */
function heedRefusal(sa: IkeSa, notify: number): void {
  const fault = nameOf(Notification, notify);
  const isAboutUs = notify === Notification.AUTHENTICATION_FAILED;
  const why = isAboutUs ? 'the peer did not accept who we are' : `the peer refused: ${fault}`;
  const advice = isAboutUs
    ? 'On the device, check the remote identifier and that it trusts the authority of our certificate.'
    : 'Look at the log of the device for the reason.';
  const cause = isAboutUs ? 'we-are-not-believed' : 'peer-refused';
  reportFailedAttempt(sa.host, sa, { fault, cause, why, advice });
  if (isAboutUs) sa.closing = { cause: 'failed', why };
}
