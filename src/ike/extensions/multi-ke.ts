// Additional key exchanges (RFC 9370) in IKE_INTERMEDIATE (RFC 9242): announced with the first message that offers one,
// and confirmed with the answer that takes one. A peer that offers none hears nothing of it. PPKs go there too.
import { Exchange } from '../../iana/exchanges.ts';
import { Notification } from '../../iana/notifies.ts';
import { PayloadType } from '../../iana/payloads.ts';
import { KeyExchangeMethod } from '../../iana/transforms.ts';
import type { Proposal } from '../../transforms/parse.ts';
import type { Draft, Received } from '../message.ts';
import { isAdditionalKe } from '../negotiate/additional-ke.ts';
import type { IkeSa } from '../sa/ike-sa.ts';
import type { Slot } from '../sa/slots.ts';
import type { Extension } from './extension.ts';

export const multiKe: Extension = {
  name: 'multi-ke',
  rfc: 'RFC 9242, RFC 9370',
  contribute(_sa, draft) {
    if (draft.exchange !== Exchange.IKE_SA_INIT) return;
    if (hasAdditionalKe(draft) || draft.says(Notification.USE_PPK_INT)) {
      draft.notify(Notification.INTERMEDIATE_EXCHANGE_SUPPORTED);
    }
  },
  observe(sa, received) {
    if (received.exchange !== Exchange.IKE_SA_INIT) return;
    sa.slot(state).peerSupports = speaksIntermediate(received);
  },
};

/** Whether the peer announced IKE_INTERMEDIATE in this message. */
export const speaksIntermediate = (received: Received): boolean =>
  received.notify(Notification.INTERMEDIATE_EXCHANGE_SUPPORTED) !== undefined;

/** What may be offered in CREATE_CHILD_SA: a peer that showed no knowledge of further exchanges is spared them. */
export function fitFor(sa: IkeSa, ours: readonly Proposal[]): readonly Proposal[] {
  const plain = ours.filter(({ addKe }) => addKe.length === 0);
  return sa.slot(state).peerSupports || plain.length === 0 ? ours : plain;
}

const hasAdditionalKe = (draft: Draft): boolean =>
  draft
    .find(PayloadType.SA)
    ?.proposals.some(({ transforms }) =>
      transforms.some(({ type, id }) => isAdditionalKe(type) && id !== KeyExchangeMethod.NONE),
    ) ?? false;

const state: Slot<{ peerSupports: boolean }> = {
  name: 'multi-ke',
  init: () => ({ peerSupports: false }),
  inherit: (old) => ({ ...old }),
};
