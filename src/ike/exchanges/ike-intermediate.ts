// IKE_INTERMEDIATE: the additional key exchanges between IKE_SA_INIT and IKE_AUTH (RFC 9242, RFC 9370 §2.2.2). Each has
// the keys of the one before, and gives new ones to the next; the responder is under them from its answer on.
import { invariant } from '../../base/invariant.ts';
import type { Secret } from '../../base/secret.ts';
import { Exchange } from '../../iana/exchanges.ts';
import { PayloadType } from '../../iana/payloads.ts';
import type { Ke } from '../../transforms/table.ts';
import { Draft } from '../message.ts';
import type { IkeSa } from '../sa/ike-sa.ts';
import { rekeySkeyseed } from '../sa/keymat.ts';
import type { Slot } from '../sa/slots.ts';
import { request, type Steps } from '../steps.ts';
import type { Responder } from './exchange.ts';
import { answerStep, finishKe } from './ke.ts';
import { refuseIfRefused } from './refused.ts';
import { required } from './required.ts';

export const ikeIntermediate: Responder = {
  phases: ['intermediate'],
  role: 'responder',
  *respond(sa, received) {
    const [ke] = left(sa);
    invariant(ke, 'a phase without a key exchange to come');
    const offered = required(received, PayloadType.KE);
    const { value, shared } = answerStep(sa, ke, offered);
    return new Draft(Exchange.IKE_INTERMEDIATE, 'response')
      .add(PayloadType.KE, { method: ke.id, data: value })
      .afterwards(() => advance(sa, shared));
  },
};

/** All additional key exchanges of a new IKE SA, one after the other. */
export function* exchangeMore(sa: IkeSa): Steps<void> {
  for (let [ke] = left(sa); ke; [ke] = left(sa)) {
    const own = sa.host.primitives[ke.engine].offer(sa.host.random);
    try {
      const draft = new Draft(Exchange.IKE_INTERMEDIATE, 'request');
      const response = yield* request(
        draft.add(PayloadType.KE, { method: ke.id, data: own.value }),
      );
      refuseIfRefused(response);
      advance(sa, finishKe(own, ke, required(response, PayloadType.KE)));
    } finally {
      own.wipe();
    }
  }
}

/** What follows IKE_SA_INIT: these exchanges, or IKE_AUTH at once. */
export function enterAuth(sa: IkeSa): void {
  sa.phase = left(sa).length > 0 ? 'intermediate' : 'auth';
  if (sa.phase === 'auth') sa.disclose();
}

/** SKEYSEED(n) = prf(SK_d(n-1), SK(n) | Ni | Nr), and all keys anew (RFC 9370 §2.2.2). */
function advance(sa: IkeSa, shared: Secret): void {
  const { handshake, suite, keys } = sa;
  invariant(handshake && suite, 'an additional key exchange outside a handshake');
  const { ni, nr } = handshake;
  const prf = sa.host.primitives[suite.prf.engine];
  sa.key(rekeySkeyseed(prf, keys.skD, { shared: shared.bytes, ni, nr }), suite, { ni, nr });
  shared.wipe();
  sa.slot(state).done++;
  enterAuth(sa);
}

/** Methods of the exchanges to come. */
const left = (sa: IkeSa): readonly Ke[] =>
  (sa.suite?.addKe ?? []).map(({ ke }) => ke).slice(sa.slot(state).done);

const state: Slot<{ done: number }> = { name: 'ike-intermediate', init: () => ({ done: 0 }) };
