// Two rounds of authentication: a certificate, and then a login by EAP (RFC 4739). Who answers says in IKE_SA_INIT
// that it takes them, who dials in IKE_AUTH.
import { Exchange } from '../../iana/exchanges.ts';
import { Notification } from '../../iana/notifies.ts';
import { PayloadType } from '../../iana/payloads.ts';
import { isTwoRounds } from '../../policy/policy.ts';
import { IkeError } from '../error.ts';
import type { Draft, Received } from '../message.ts';
import { servingConnections } from '../negotiate/identities.ts';
import type { IkeSa } from '../sa/ike-sa.ts';
import type { Slot } from '../sa/slots.ts';
import type { Extension } from './extension.ts';

export const multipleAuth: Extension = {
  name: 'multiple-auth',
  rfc: 'RFC 4739',
  contribute(sa, draft) {
    const isAnswer = draft.exchange === Exchange.IKE_SA_INIT && !draft.isRequest;
    if (!isAnswer || !draft.has(PayloadType.SA)) return;
    const serving = servingConnections(sa.host.policy, sa.origin);
    if (serving.some(({ remoteAuth }) => remoteAuth.some(isTwoRounds))) {
      draft.notify(Notification.MULTIPLE_AUTH_SUPPORTED);
    }
  },
  observe(sa, received) {
    if (received.exchange !== Exchange.IKE_SA_INIT || received.isRequest) return;
    const isSupported = received.notify(Notification.MULTIPLE_AUTH_SUPPORTED) !== undefined;
    sa.slot(state).isSupported = isSupported;
  },
};

/** Says beside AUTH that a second round comes (RFC 4739 §2). @throws IkeError where the peer takes one alone */
export function announceAnother(sa: IkeSa, draft: Draft): void {
  if (!sa.slot(state).isSupported) {
    throw new IkeError('AUTHENTICATION_FAILED', 'the peer takes a certificate or EAP, not both', {
      cause: 'method-not-allowed',
      advice: 'Set option local_auth to one of them, or the peer to more rounds (RFC 4739).',
    });
  }
  draft.notify(Notification.MULTIPLE_AUTH_SUPPORTED);
  draft.notify(Notification.ANOTHER_AUTH_FOLLOWS);
}

/** Whether the sender of this AUTH goes on with another round. */
export const announcesAnother = (received: Received): boolean =>
  received.notify(Notification.ANOTHER_AUTH_FOLLOWS) !== undefined;

/** @throws IkeError where this was the last round that we take, and the peer wants one more */
export function refuseAnother(received: Received): void {
  if (!announcesAnother(received)) return;
  throw new IkeError('AUTHENTICATION_FAILED', 'the peer wants to prove itself once more', {
    cause: 'method-not-allowed',
    advice: 'Take away all rounds of authentication on the peer but a certificate and EAP.',
  });
}

const state: Slot<{ isSupported: boolean }> = {
  name: 'multiple-auth',
  init: () => ({ isSupported: false }),
};
