// IKE_SA_INIT: algorithms, nonces, key exchange (RFC 7296 §1.2, §2.6, §2.7). Nothing here is authenticated yet.

import { invariant } from '../../base/invariant.ts';
import type { Secret } from '../../base/secret.ts';
import { BadPublicValue } from '../../crypto/primitives.ts';
import { Exchange } from '../../iana/exchanges.ts';
import { nameOf } from '../../iana/name.ts';
import { Notification } from '../../iana/notifies.ts';
import { PayloadType } from '../../iana/payloads.ts';
import { KeyExchangeMethod } from '../../iana/transforms.ts';
import type { Connection } from '../../policy/policy.ts';
import type { Chosen, Proposal } from '../../transforms/parse.ts';
import type { Ke } from '../../transforms/table.ts';
import { IkeError } from '../error.ts';
import { Draft, type Notify, type Received } from '../message.ts';
import { servingConnections } from '../negotiate/identities.ts';
import { choose, explainMismatch, offer } from '../negotiate/proposals.ts';
import type { IkeSa, IkeSuite } from '../sa/ike-sa.ts';
import { skeyseed } from '../sa/keymat.ts';
import { again, request, type Steps } from '../steps.ts';
import { certificateRequest } from './certificates.ts';
import type { Responder } from './exchange.ts';
import { required } from './required.ts';

export const ikeSaInit: Responder = {
  phases: ['init'],
  *respond(sa, received) {
    const candidates = servingConnections(sa.host.policy, sa.path);
    if (candidates.length === 0) {
      throw new IkeError('NO_PROPOSAL_CHOSEN', `no connection serves ${sa.path.remote.ip}`, {
        advice: 'Add a connection with role responder whose option remote includes this address.',
      });
    }
    const ke = required(received, PayloadType.KE);
    const theirs = required(received, PayloadType.SA);
    const ours = candidates.flatMap((connection) => connection.ike);
    const choice = choose(ours, theirs, { protocol: 'ike', keSent: ke.method, withKe: true });
    if (!choice) throw new IkeError('NO_PROPOSAL_CHOSEN', explainMismatch(ours, theirs));
    const suite = suiteOf(choice.chosen);
    if (suite.ke.id !== ke.method) throw wrongGroup(ke.method, suite.ke);
    const ni = nonceOf(received, suite);
    const nr = sa.host.random(nonceBytes);
    const { value, shared } = exchangeKeys(() =>
      sa.host.primitives[suite.ke.engine].answer(sa.host.random, ke.data),
    );
    beginKeying(sa, suite, { ni, nr }, shared);
    invariant(sa.handshake, 'a handshake under way');
    sa.handshake.request = received.bytes;
    sa.phase = 'auth';
    const draft = new Draft(Exchange.IKE_SA_INIT, 'response')
      .add(PayloadType.SA, choice.answer(new Uint8Array(0)))
      .add(PayloadType.KE, { method: suite.ke.id, data: value })
      .add(PayloadType.NONCE, { data: nr });
    certificateRequest(sa, draft, candidates);
    return draft;
  },
};

/** Our IKE_SA_INIT, with as many rounds of COOKIE and INVALID_KE_PAYLOAD as are reasonable (RFC 7296 §2.6.1). */
export function* initiateIkeSaInit(sa: IkeSa, connection: Connection): Steps<void> {
  const ours = connection.ike;
  const offered = ours.flatMap((proposal) => proposal.ke);
  const ni = sa.host.random(nonceBytes);
  let ke = offered[0];
  let cookie: Uint8Array | undefined;
  for (let round = 0; round < mostRounds; round++) {
    invariant(ke, 'a proposal without a key exchange');
    const attempt = keOffer(sa, ke);
    try {
      const response = yield* usefulResponse(
        sa,
        initRequest(ours, { ni, ke, value: attempt.value, cookie }),
      );
      const demanded = response.notify(Notification.COOKIE);
      const wanted = response.notify(Notification.INVALID_KE_PAYLOAD);
      if (demanded) cookie = demanded.data;
      else if (wanted) ke = wantedGroup(offered, wanted);
      else {
        acceptResponse(sa, response, { ours, ni, ke, finish: attempt.finish });
        return;
      }
      sa.window.restart();
    } finally {
      attempt.wipe();
    }
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

/** Anybody can send an unprotected refusal, so it is noted and a better answer waited for (RFC 7296 §2.21.1). */
function* usefulResponse(sa: IkeSa, draft: Draft): Steps<Received> {
  let response = yield* request(draft);
  for (;;) {
    const refusal = response.error();
    if (!refusal || refusal.type === Notification.INVALID_KE_PAYLOAD) return response;
    const why = `unprotected ${nameOf(Notification, refusal.type)}: still waiting for another answer`;
    sa.host.report({ kind: 'note', sa: sa.id, why });
    response = yield* again();
  }
}

function acceptResponse(
  sa: IkeSa,
  response: Received,
  {
    ours,
    ni,
    ke,
    finish,
  }: {
    ours: readonly Proposal[];
    ni: Uint8Array;
    ke: Ke;
    finish: (answer: Uint8Array) => Secret;
  },
): void {
  const theirs = required(response, PayloadType.SA);
  const answer = required(response, PayloadType.KE);
  const choice = choose(ours, theirs, { protocol: 'ike', keSent: ke.id, withKe: true });
  if (
    theirs.proposals.length !== 1 ||
    !choice ||
    choice.chosen.ke?.id !== ke.id ||
    answer.method !== ke.id
  ) {
    throw new IkeError('NO_PROPOSAL_CHOSEN', 'the peer chose what was not offered');
  }
  const suite = suiteOf(choice.chosen);
  const nr = nonceOf(response, suite);
  sa.spiR = response.spiR;
  invariant(sa.handshake, 'a handshake under way');
  sa.handshake.response = response.bytes;
  beginKeying(
    sa,
    suite,
    { ni, nr },
    exchangeKeys(() => finish(answer.data)),
  );
  sa.phase = 'auth';
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

function keOffer(sa: IkeSa, ke: Ke) {
  return sa.host.primitives[ke.engine].offer(sa.host.random);
}

/** The peer may ask for another method, but only for one that we offered (RFC 7296 §1.2). */
function wantedGroup(offered: readonly Ke[], { data }: Notify): Ke {
  const id = data.length === 2 ? ((data[0] as number) << 8) | (data[1] as number) : undefined;
  const ke = offered.find((row) => row.id === id);
  if (!ke)
    throw new IkeError('INVALID_SYNTAX', 'the peer wants a key exchange that was not offered');
  return ke;
}

function wrongGroup(sent: number, wanted: Ke): IkeError {
  const name = nameOf(KeyExchangeMethod, sent);
  const data = Uint8Array.of(wanted.id >> 8, wanted.id & 0xff);
  return new IkeError('INVALID_KE_PAYLOAD', `KE for ${name} came, ${wanted.keyword} is wanted`, {
    data,
  });
}

/** 16 to 256 bytes, and at least half the prf's key (RFC 7296 §2.10). */
function nonceOf(received: Received, { prf }: IkeSuite): Uint8Array {
  const { data } = required(received, PayloadType.NONCE);
  if (2 * data.length < prf.keyBytes)
    throw new IkeError('INVALID_SYNTAX', 'the nonce is too short');
  return data;
}

function exchangeKeys<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof BadPublicValue)
      throw new IkeError('INVALID_SYNTAX', `KE: ${error.message}`);
    throw error;
  }
}

function suiteOf({ encr, prf, integ, ke }: Chosen): IkeSuite {
  invariant(prf && ke, 'an IKE suite has a PRF and a key exchange');
  return { encr, prf, integ, ke };
}

const nonceBytes = 32;
const mostRounds = 5;
