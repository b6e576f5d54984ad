// An IKE SA that begins without a CHILD_SA: the first one is made by CREATE_CHILD_SA, with a key exchange of its own
// (RFC 6023).
import { Exchange } from '../../iana/exchanges.ts';
import { Notification } from '../../iana/notifies.ts';
import { PayloadType } from '../../iana/payloads.ts';
import type { Connection } from '../../policy/policy.ts';
import { IkeError } from '../error.ts';
import { servingConnections } from '../negotiate/identities.ts';
import type { IkeSa } from '../sa/ike-sa.ts';
import type { Slot } from '../sa/slots.ts';
import type { Extension } from './extension.ts';

export const childless: Extension = {
  name: 'childless',
  rfc: 'RFC 6023',
  contribute(sa, draft) {
    const isAnswer = draft.exchange === Exchange.IKE_SA_INIT && !draft.isRequest;
    if (!isAnswer || !draft.has(PayloadType.SA)) return;
    const serving = servingConnections(sa.host.policy, sa.origin);
    if (serving.some((connection) => connection.childless !== 'never')) {
      draft.notify(Notification.CHILDLESS_IKEV2_SUPPORTED);
    }
  },
  observe(sa, received) {
    if (received.exchange !== Exchange.IKE_SA_INIT || received.isRequest) return;
    const isSupported = received.notify(Notification.CHILDLESS_IKEV2_SUPPORTED) !== undefined;
    sa.slot(state).isSupported = isSupported;
  },
};

/** Whether we begin without a CHILD_SA. @throws IkeError where we must, and the peer cannot */
export function beginsChildless(sa: IkeSa, { childless: wish }: Connection): boolean {
  const { isSupported } = sa.slot(state);
  if (wish === 'force' && !isSupported) {
    throw new IkeError('NO_PROPOSAL_CHOSEN', 'the peer makes no connection without a tunnel', {
      cause: 'extension-missing',
      advice: 'Set option childless of the connection to prefer or allow.',
    });
  }
  return isSupported && (wish === 'force' || wish === 'prefer');
}

/** Whether the peer may leave the CHILD_SA out, or must. @throws IkeError when it did not do so */
export function mayBeChildless({ childless: wish }: Connection, hasChild: boolean): boolean {
  if (!hasChild || wish !== 'force') return wish !== 'never';
  throw new IkeError(
    'NO_ADDITIONAL_SAS',
    'this connection makes tunnels in exchanges of their own',
    {
      advice:
        'Set the peer to begin without a tunnel (RFC 6023), or option childless here to allow.',
    },
  );
}

const state: Slot<{ isSupported: boolean }> = {
  name: 'childless',
  init: () => ({ isSupported: false }),
};
