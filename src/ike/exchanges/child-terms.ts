// The terms of a CHILD_SA in CREATE_CHILD_SA: proposal, nonces, optional key exchange (RFC 7296 §1.3.1, §1.3.3).
import { invariant } from '../../base/invariant.ts';
import type { Secret } from '../../base/secret.ts';
import type { Offer } from '../../crypto/primitives.ts';
import { Exchange } from '../../iana/exchanges.ts';
import { Notification } from '../../iana/notifies.ts';
import { PayloadType } from '../../iana/payloads.ts';
import type { Proposal } from '../../transforms/parse.ts';
import type { Ke } from '../../transforms/table.ts';
import type { Selectors } from '../core.ts';
import { IkeError } from '../error.ts';
import { fitFor } from '../extensions/multi-ke.ts';
import { Draft, type Notify, type Received } from '../message.ts';
import { noCommonTunnel } from '../negotiate/mismatch.ts';
import { choose, offer } from '../negotiate/proposals.ts';
import { toWire } from '../negotiate/selectors.ts';
import type { ChildSa } from '../sa/child-sa.ts';
import { refuseIfCrowded } from '../sa/follow-ups.ts';
import type { IkeSa } from '../sa/ike-sa.ts';
import { readSpi, writeSpi } from '../sa/spi.ts';
import { request, type Steps } from '../steps.ts';
import { announceSpi, type ChildTerms, narrowed } from './child.ts';
import { followUp, goOn } from './followup-ke.ts';
import { nonceBytes, nonceOf } from './ike-sa-init.ts';
import { answerKe, checked, otherMethod, wrongMethod } from './ke.ts';
import { required } from './required.ts';

type Negotiated = Pick<ChildTerms, 'chosen' | 'spiOut' | 'ni' | 'nr' | 'shared' | 'more'>;

export interface AnsweredTerms {
  readonly child: Negotiated;
  /**
   * The answer, and the key exchange that it takes. Where the peer is to go on with further key exchanges, `make` is called with the last of them.
   * @throws IkeError
   */
  draft(
    spi: Uint8Array,
    selectors: Selectors,
    made: { readonly old: ChildSa | undefined; make(child: Negotiated): void },
  ): Draft;
}

/** What we make of the peer's SA, Ni and KE. PFS is the peer's wish: with KE, or without (Windows, Apple). */
export function answerTerms(sa: IkeSa, received: Received): AnsweredTerms {
  const esp = proposalsOf(sa);
  const theirs = required(received, PayloadType.SA);
  const ke = received.find(PayloadType.KE);
  const wanted = { protocol: 'esp', ke: ke ? 'wanted' : 'none', keSent: ke?.method } as const;
  const choice = choose(esp, theirs, wanted);
  if (!choice) throw withoutChoice(esp, received);
  invariant(sa.suite, 'an established SA has a suite');
  const ni = nonceOf(received, sa.suite);
  const nr = sa.host.random(nonceBytes);
  const method = choice.chosen.ke;
  const { chosen } = choice;
  const child = { chosen, spiOut: readSpi(choice.spi), ni, nr };
  return {
    child,
    draft(spi, selectors, { old, make }) {
      const { addKe = [] } = chosen;
      refuseIfCrowded(sa, addKe.length);
      const answer = method ? answerKe(sa, method, ke) : undefined;
      const link = goOn(sa, {
        old,
        left: addKe.map((step) => step.ke),
        secrets: answer ? [answer.shared] : [],
        make: ([shared, ...more]) => make({ ...child, shared, more }),
      });
      const draft = new Draft(Exchange.CREATE_CHILD_SA, 'response')
        .add(PayloadType.SA, choice.answer(spi))
        .add(PayloadType.NONCE, { data: nr });
      if (method && answer) draft.add(PayloadType.KE, { method: method.id, data: answer.value });
      if (link) draft.notify(Notification.ADDITIONAL_KEY_EXCHANGE, link);
      return draft
        .add(PayloadType.TSI, toWire(selectors.remote))
        .add(PayloadType.TSR, toWire(selectors.local));
    },
  };
}

export interface OwnTerms extends Omit<ChildTerms, 'began' | 'standby'> {
  /** The answer of the peer, by which to go on. */
  readonly response: Received;
}
export type Proposed =
  | {
      readonly kind: 'made';
      readonly terms: OwnTerms;
    }
  | { readonly kind: 'refused'; readonly notify: Notify };

/**
 * Asks the peer for a CHILD_SA with these selectors, in the place of the one whose SPI is `rekeyed`.
 * INVALID_KE_PAYLOAD is tried again once with the method it names.
 */
export function* proposeChild(
  sa: IkeSa,
  selectors: Selectors,
  rekeyed: number | undefined,
): Steps<Proposed> {
  const esp = fitFor(sa, proposalsOf(sa));
  const methods = esp.flatMap((proposal) => proposal.ke);
  const spiIn = announceSpi(sa);
  // The method that the peer is known to have goes first: libreswan answers another with INVALID_SYNTAX.
  let ke: Ke | undefined = methods.find((row) => row === sa.suite?.ke) ?? methods[0];
  for (let round = 0; ; round++) {
    const own = ke && sa.host.primitives[ke.engine].offer(sa.host.random);
    try {
      const ni = sa.host.random(nonceBytes);
      const draft = childRequest(esp, { selectors, spiIn, ni, rekeyed, ke, value: own?.value });
      const response = yield* request(draft);
      const notify = response.error();
      if (!notify)
        return { kind: 'made', terms: accept(sa, response, { selectors, spiIn, ni, ke, own }) };
      const other =
        notify.type === Notification.INVALID_KE_PAYLOAD
          ? otherMethod(notify.data, methods, ke)
          : undefined;
      if (!other || round > 0) return { kind: 'refused', notify };
      ke = other;
    } finally {
      own?.wipe();
    }
  }
}

/** Does what is left to exchange, if anything. */
export function* complete(sa: IkeSa, terms: OwnTerms): Steps<Proposed> {
  let isDone = false;
  try {
    const followed = yield* followUp(sa, terms.chosen.addKe ?? [], terms.response);
    if (followed.kind === 'refused') return followed;
    isDone = true;
    return { kind: 'made', terms: { ...terms, more: followed.secrets } };
  } finally {
    if (!isDone) terms.shared?.wipe();
  }
}

interface OwnOffer {
  readonly selectors: Selectors;
  readonly spiIn: number;
  readonly ni: Uint8Array;
  readonly ke: Ke | undefined;
}

function childRequest(
  esp: readonly Proposal[],
  fields: OwnOffer & {
    readonly rekeyed: number | undefined;
    readonly value: Uint8Array | undefined;
  },
): Draft {
  const { selectors, spiIn, ni, rekeyed, ke, value } = fields;
  const draft = new Draft(Exchange.CREATE_CHILD_SA, 'request');
  if (rekeyed !== undefined) {
    draft.notify(Notification.REKEY_SA, new Uint8Array(0), writeSpi(rekeyed));
  }
  draft.add(PayloadType.SA, offer(esp, writeSpi(spiIn), true)).add(PayloadType.NONCE, { data: ni });
  if (ke && value) draft.add(PayloadType.KE, { method: ke.id, data: value });
  return draft
    .add(PayloadType.TSI, toWire(selectors.local))
    .add(PayloadType.TSR, toWire(selectors.remote));
}

/** @throws IkeError when the peer chose what was not offered */
function accept(
  sa: IkeSa,
  response: Received,
  { selectors, spiIn, ni, ke, own }: OwnOffer & { readonly own: Offer | undefined },
): OwnTerms {
  const theirs = required(response, PayloadType.SA);
  const answer = response.find(PayloadType.KE);
  const wanted = { protocol: 'esp', ke: answer ? 'wanted' : 'none', keSent: ke?.id } as const;
  const choice = choose(proposalsOf(sa), theirs, wanted);
  if (!choice || theirs.proposals.length !== 1) {
    throw new IkeError('NO_PROPOSAL_CHOSEN', 'the peer chose what was not offered');
  }
  invariant(sa.suite, 'an established SA has a suite');
  const nr = nonceOf(response, sa.suite);
  const agreed = {
    local: narrowed('TSi', selectors.local, response),
    remote: narrowed('TSr', selectors.remote, response),
  };
  const spiOut = readSpi(choice.spi);
  let shared: Secret | undefined;
  if (choice.chosen.ke) {
    if (!own || !answer || choice.chosen.ke !== ke || answer.method !== ke.id) {
      throw new IkeError('INVALID_SYNTAX', 'KE is not for the method that was chosen');
    }
    shared = checked(() => own.finish(answer.data));
  }
  return { chosen: choice.chosen, spiIn, spiOut, selectors: agreed, ni, nr, shared, response };
}

/** A KE for the wrong method, or none where one is demanded, can be mended by the peer (RFC 7296 §1.3). */
function withoutChoice(esp: readonly Proposal[], received: Received): IkeError {
  const theirs = required(received, PayloadType.SA);
  const withKe = choose(esp, theirs, { protocol: 'esp', ke: 'wanted' });
  const sent = received.find(PayloadType.KE)?.method ?? 0;
  if (withKe?.chosen.ke) return wrongMethod(sent, withKe.chosen.ke);
  return noCommonTunnel(esp, theirs);
}

function proposalsOf({ connection }: IkeSa): readonly Proposal[] {
  invariant(connection, 'an established SA has a connection');
  return connection.esp;
}
