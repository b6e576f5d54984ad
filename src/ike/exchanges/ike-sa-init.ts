// IKE_SA_INIT: algorithms, nonces, key exchange (RFC 7296 §1.2, §2.6, §2.7). Nothing here is authenticated yet.

import { equal, isZero } from '../../base/bytes.ts';
import { invariant } from '../../base/invariant.ts';
import type { Secret } from '../../base/secret.ts';
import type { Offer } from '../../crypto/primitives.ts';
import { Exchange } from '../../iana/exchanges.ts';
import { nameOf } from '../../iana/name.ts';
import { Notification } from '../../iana/notifies.ts';
import { PayloadType } from '../../iana/payloads.ts';
import { KeyExchangeMethod } from '../../iana/transforms.ts';
import type { Connection } from '../../policy/policy.ts';
import type { Chosen, Proposal } from '../../transforms/parse.ts';
import type { Ke } from '../../transforms/table.ts';
import type { Sa } from '../../wire/payloads/sa.ts';
import { IkeError } from '../error.ts';
import { speaksIntermediate } from '../extensions/multi-ke.ts';
import { redirectIn } from '../extensions/redirect.ts';
import { Draft, type Notify, type Received } from '../message.ts';
import { servingConnections } from '../negotiate/identities.ts';
import { noCommonSuite } from '../negotiate/mismatch.ts';
import { choose, offer, offersOnly } from '../negotiate/proposals.ts';
import type { IkeSa, IkeSuite } from '../sa/ike-sa.ts';
import { skeyseed } from '../sa/keymat.ts';
import { again, request, type Steps } from '../steps.ts';
import { certificateRequest } from './certificates.ts';
import type { Responder } from './exchange.ts';
import { enterAuth } from './ike-intermediate.ts';
import { answerKe, checked, otherMethod } from './ke.ts';
import { required } from './required.ts';

export const ikeSaInit: Responder = {
  phases: ['init'],
  role: 'responder',
  *respond(sa, received) {
    const candidates = servingConnections(sa.host.policy, sa.origin);
    if (candidates.length === 0) {
      throw new IkeError('NO_PROPOSAL_CHOSEN', `no connection serves ${sa.origin}`, {
        cause: 'no-connection',
        advice: 'Add a connection with role responder whose option remote includes this address.',
      });
    }
    const ke = required(received, PayloadType.KE);
    const theirs = required(received, PayloadType.SA);
    const ours = candidates.flatMap((connection) => connection.ike);
    const isSingle = !speaksIntermediate(received);
    const wanted = { protocol: 'ike', ke: 'wanted', keSent: ke.method, isSingle } as const;
    const choice = choose(ours, theirs, wanted);
    if (!choice) throw withoutChoice(ours, theirs);
    const suite = suiteOf(choice.chosen);
    const ni = nonceOf(received, suite);
    const nr = sa.host.random(nonceBytes);
    const { value, shared } = answerKe(sa, suite.ke, ke);
    beginKeying(sa, suite, { ni, nr }, shared);
    enterAuth(sa);
    const draft = new Draft(Exchange.IKE_SA_INIT, 'response')
      .add(PayloadType.SA, choice.answer(new Uint8Array(0)))
      .add(PayloadType.KE, { method: suite.ke.id, data: value })
      .add(PayloadType.NONCE, { data: nr });
    certificateRequest(sa, draft, candidates);
    return draft;
  },
};

/** Unmodified Windows is named by what it lacks, in few words: the remedy must fit the line that the owner reads. */
function withoutChoice(ours: readonly Proposal[], theirs: Sa): IkeError {
  if (!offersOnly(theirs, KeyExchangeMethod.MODP_1024)) {
    return noCommonSuite(ours, theirs);
  }
  const why = 'the peer offers Diffie-Hellman group 2 (modp1024) alone, as Windows does unasked';
  const advice =
    'On the PC run Set-VpnConnectionIPsecConfiguration with -DHGroup ECP384, or accept group 2 here: option suite legacy';
  return new IkeError('NO_PROPOSAL_CHOSEN', why, { cause: 'group-2-only', advice });
}

/**
 * Our IKE_SA_INIT, with as many rounds of COOKIE and INVALID_KE_PAYLOAD as are reasonable (RFC 7296 §2.6.1).
 * @returns the gateway that the peer sends us to instead, if it does (RFC 5685 §3)
 */
export function* initiateIkeSaInit(sa: IkeSa, connection: Connection): Steps<string | undefined> {
  const ours = connection.ike;
  const ni = sa.host.random(nonceBytes);
  const offers = new Offers(sa, ours);
  let cookie: Uint8Array | undefined;
  try {
    for (let round = 0; round < mostRounds; round++) {
      const { ke, value } = offers.current;
      const draft = initRequest(ours, { ni, ke, value, cookie });
      const response = yield* usefulResponse(sa, draft, { offers, cookie, ours, ni });
      if (typeof response === 'string') return response;
      const demanded = response.notify(Notification.COOKIE);
      const wanted = response.notify(Notification.INVALID_KE_PAYLOAD);
      if (demanded) cookie = demanded.data;
      else if (wanted) offers.turnTo(wanted);
      else {
        acceptResponse(sa, response, { offers, ours, ni });
        return undefined;
      }
      sa.window.restart();
    }
  } finally {
    offers.wipe();
  }
  throw new IkeError('INVALID_SYNTAX', `the peer wanted IKE_SA_INIT more than ${mostRounds} times`);
}

function initRequest(
  ours: readonly Proposal[],
  {
    ni,
    ke,
    value,
    cookie,
  }: { ni: Uint8Array; ke: Ke; value: Uint8Array; cookie: Uint8Array | undefined },
): Draft {
  const draft = new Draft(Exchange.IKE_SA_INIT, 'request');
  if (cookie) draft.notify(Notification.COOKIE, cookie);
  return draft
    .add(PayloadType.SA, offer(ours, new Uint8Array(0), true))
    .add(PayloadType.KE, { method: ke.id, data: value })
    .add(PayloadType.NONCE, { data: ni });
}

interface Sent {
  readonly offers: Offers;
  readonly cookie: Uint8Array | undefined;
  readonly ours: readonly Proposal[];
  readonly ni: Uint8Array;
}

/**
 * The first response that leads on. Anybody can send an unprotected one, and the network can double an
 * earlier one: what does not is noted, and a better one waited for (RFC 7296 §2.21.1).
 */
function* usefulResponse(sa: IkeSa, draft: Draft, sent: Sent): Steps<Received | string> {
  let response = yield* request(draft);
  for (;;) {
    const elsewhere = redirectIn(sa, response, sent.ni);
    if (elsewhere !== undefined) return elsewhere;
    const why = whyUseless(response, sent);
    if (!why) return response;
    sa.host.report({ kind: 'note', sa: sa.id, why: `${why}: still waiting for another answer` });
    response = yield* again();
  }
}

function whyUseless(response: Received, { offers, cookie, ours }: Sent): string | undefined {
  const demanded = response.notify(Notification.COOKIE);
  if (demanded) {
    const isNew = cookie === undefined || !equal(cookie, demanded.data);
    const isSound = demanded.data.length >= 1 && demanded.data.length <= 64;
    return isNew && isSound ? undefined : 'a COOKIE that is out already, or none';
  }
  const refusal = response.error();
  if (refusal?.type === Notification.INVALID_KE_PAYLOAD) {
    return offers.isNews(refusal) ? undefined : 'INVALID_KE_PAYLOAD for what was not offered';
  }
  if (refusal) return `unprotected ${nameOf(Notification, refusal.type)}`;
  return chosenSuite(response, ours, offers.current.ke)
    ? undefined
    : 'a choice that was not offered';
}

/** What the responder chose: one proposal, one transform of each type, our key exchange method. */
function chosenSuite(response: Received, ours: readonly Proposal[], ke: Ke): IkeSuite | undefined {
  const theirs = response.find(PayloadType.SA);
  const answer = response.find(PayloadType.KE);
  const [only, ...more] = theirs?.proposals ?? [];
  if (!theirs || !only || more.length > 0 || answer?.method !== ke.id || isZero(response.spiR)) {
    return undefined;
  }
  const types = only.transforms.map(({ type }) => type);
  const choice = choose(ours, theirs, { protocol: 'ike', ke: 'wanted', keSent: ke.id });
  if (!choice || choice.chosen.ke?.id !== ke.id || new Set(types).size < types.length)
    return undefined;
  const suite = suiteOf(choice.chosen);
  return suite.addKe.length === 0 || speaksIntermediate(response) ? suite : undefined;
}

function acceptResponse(
  sa: IkeSa,
  response: Received,
  { offers, ours, ni }: { offers: Offers; ours: readonly Proposal[]; ni: Uint8Array },
): void {
  const suite = chosenSuite(response, ours, offers.current.ke);
  invariant(suite && sa.handshake, 'a response that was found useful');
  const nr = nonceOf(response, suite);
  const answer = required(response, PayloadType.KE);
  sa.spiR = response.spiR;
  sa.handshake.response = response.bytes;
  beginKeying(
    sa,
    suite,
    { ni, nr },
    checked(() => offers.finish(answer.data)),
  );
  enterAuth(sa);
}

/** Our values of the methods that were wanted so far; one each, for a retry changes nothing else (RFC 7296 §2.6). */
class Offers {
  readonly #sa: IkeSa;
  readonly #offered: readonly Ke[];
  readonly #made = new Map<Ke, Offer>();
  #ke: Ke;

  constructor(sa: IkeSa, ours: readonly Proposal[]) {
    this.#sa = sa;
    this.#offered = ours.flatMap((proposal) => proposal.ke);
    const [first] = this.#offered;
    invariant(first, 'a proposal without a key exchange');
    this.#ke = first;
  }

  get current(): { readonly ke: Ke; readonly value: Uint8Array } {
    return { ke: this.#ke, value: this.#offer().value };
  }

  /** A method that we offered, and not the one that is out already (RFC 7296 §1.2). */
  isNews({ data }: Notify): boolean {
    return this.#wanted(data) !== undefined;
  }

  turnTo({ data }: Notify): void {
    this.#ke = this.#wanted(data) ?? this.#ke;
  }

  finish(answer: Uint8Array): Secret {
    return this.#offer().finish(answer);
  }

  wipe(): void {
    for (const offer of this.#made.values()) offer.wipe();
  }

  #wanted(data: Uint8Array): Ke | undefined {
    return otherMethod(data, this.#offered, this.#ke);
  }

  #offer(): Offer {
    const made = this.#made.get(this.#ke);
    if (made) return made;
    const { primitives, random } = this.#sa.host;
    const offer = primitives[this.#ke.engine].offer(random);
    this.#made.set(this.#ke, offer);
    return offer;
  }
}

function beginKeying(
  sa: IkeSa,
  suite: IkeSuite,
  nonces: { ni: Uint8Array; nr: Uint8Array },
  shared: Secret,
): void {
  invariant(sa.handshake, 'a handshake under way');
  sa.handshake.ni = nonces.ni;
  sa.handshake.nr = nonces.nr;
  const prf = sa.host.primitives[suite.prf.engine];
  sa.key(skeyseed(prf, nonces.ni, nonces.nr, shared.bytes), suite, nonces);
  shared.wipe();
}

/** 16 to 256 bytes, and at least half the prf's key (RFC 7296 §2.10). */
export function nonceOf(received: Received, { prf }: Pick<IkeSuite, 'prf'>): Uint8Array {
  const { data } = required(received, PayloadType.NONCE);
  if (2 * data.length < prf.keyBytes)
    throw new IkeError('INVALID_SYNTAX', 'the nonce is too short');
  return data;
}

/** The suite of an IKE SA out of a choice. */
export function suiteOf({ encr, prf, integ, ke, addKe = [] }: Chosen): IkeSuite {
  invariant(prf && ke, 'an IKE suite has a PRF and a key exchange');
  return { encr, prf, integ, ke, addKe };
}

export const nonceBytes = 32;
const mostRounds = 5;
