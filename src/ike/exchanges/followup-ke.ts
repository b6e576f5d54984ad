// IKE_FOLLOWUP_KE: the additional key exchanges behind a CREATE_CHILD_SA, one after the other, each named by the link of
// the one before (RFC 9370 §2.2.4). What was asked for is made with the last of them.
import type { Secret } from '../../base/secret.ts';
import { Exchange } from '../../iana/exchanges.ts';
import { Notification } from '../../iana/notifies.ts';
import { PayloadType } from '../../iana/payloads.ts';
import type { ChosenKe } from '../../transforms/additional-ke.ts';
import { IkeError } from '../error.ts';
import { Draft, type Notify, type Received } from '../message.ts';
import { type FollowUp, keepFollowUp, takeFollowUp, wipeAll } from '../sa/follow-ups.ts';
import type { IkeSa } from '../sa/ike-sa.ts';
import { request, type Steps } from '../steps.ts';
import type { Responder } from './exchange.ts';
import { answerStep, finishKe } from './ke.ts';
import { refuseIfLeaving } from './leaving.ts';
import { required } from './required.ts';

export const followupKe: Responder = {
  phases: ['established', 'rekeying'],
  // biome-ignore lint/correctness/useYield: its answer needs nothing of the world
  *respond(sa, received) {
    refuseIfLeaving(sa);
    const found = takeFollowUp(sa, linkIn(received));
    if (!found) throw new IkeError('STATE_NOT_FOUND', 'the peer goes on with what is forgotten');
    const [ke, ...left] = found.left;
    let secrets = found.secrets;
    try {
      const { value, shared } = answerStep(sa, ke, required(received, PayloadType.KE));
      secrets = [...secrets, shared];
      const draft = new Draft(Exchange.IKE_FOLLOWUP_KE, 'response');
      draft.add(PayloadType.KE, { method: ke?.id ?? 0, data: value });
      const link = goOn(sa, { ...found, left, secrets });
      secrets = [];
      return link ? draft.notify(Notification.ADDITIONAL_KEY_EXCHANGE, link) : draft;
    } finally {
      wipeAll(secrets);
    }
  },
};

/**
 * Makes what the peer asked for, or keeps it until the further exchanges are done.
 * @returns the link for our answer; undefined: it is made
 * @throws IkeError
 */
export function goOn(sa: IkeSa, followUp: FollowUp): Uint8Array | undefined {
  if (followUp.left.length > 0) return keepFollowUp(sa, followUp);
  followUp.make(followUp.secrets);
  return undefined;
}

export type Followed =
  | { readonly kind: 'done'; readonly secrets: readonly Secret[] }
  | { readonly kind: 'refused'; readonly notify: Notify };

/** Our exchanges behind a CREATE_CHILD_SA that was answered by `response`; their secrets are the caller's. */
export function* followUp(
  sa: IkeSa,
  steps: readonly ChosenKe[],
  response: Received,
): Steps<Followed> {
  let secrets: Secret[] = [];
  let last = response;
  try {
    for (const { ke } of steps) {
      const link = linkIn(last);
      if (!link) throw new IkeError('INVALID_SYNTAX', 'the peer did not say how to go on');
      const own = sa.host.primitives[ke.engine].offer(sa.host.random);
      try {
        const draft = new Draft(Exchange.IKE_FOLLOWUP_KE, 'request')
          .add(PayloadType.KE, { method: ke.id, data: own.value })
          .notify(Notification.ADDITIONAL_KEY_EXCHANGE, link);
        last = yield* request(draft);
        const notify = last.error();
        if (notify) return { kind: 'refused', notify };
        secrets.push(finishKe(own, ke, required(last, PayloadType.KE)));
      } finally {
        own.wipe();
      }
    }
    const done = { kind: 'done', secrets } as const;
    secrets = [];
    return done;
  } finally {
    wipeAll(secrets);
  }
}

const linkIn = (received: Received): Uint8Array | undefined =>
  received.notify(Notification.ADDITIONAL_KEY_EXCHANGE)?.data;
