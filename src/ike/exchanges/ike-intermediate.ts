// IKE_INTERMEDIATE: the additional key exchanges between IKE_SA_INIT and IKE_AUTH (RFC 9242, RFC 9370 §2.2.2), and with
// the last of them, or alone, a PPK (RFC 9867). Each has the keys of the one before, and gives new ones to the next; the
// responder is under them from its answer on.
import { invariant } from '../../base/invariant.ts';
import type { Secret } from '../../base/secret.ts';
import { Exchange } from '../../iana/exchanges.ts';
import { PayloadType } from '../../iana/payloads.ts';
import type { Ke } from '../../transforms/table.ts';
import { answerPpk, isPpkDue, offerPpk, takePpk } from '../extensions/ppk-int.ts';
import { Draft } from '../message.ts';
import type { IkeSa } from '../sa/ike-sa.ts';
import { ppkSkeyseed, rekeySkeyseed } from '../sa/keymat.ts';
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
    const [ke, ...later] = left(sa);
    const draft = new Draft(Exchange.IKE_INTERMEDIATE, 'response');
    const offered = ke ? required(received, PayloadType.KE) : received.find(PayloadType.KE);
    const answer = offered && answerStep(sa, ke, offered);
    if (answer && ke) draft.add(PayloadType.KE, { method: ke.id, data: answer.value });
    const ppk = later.length === 0 ? answerPpk(sa, received, draft) : undefined;
    return draft.afterwards(() => advance(sa, answer?.shared, ppk));
  },
};

/** All exchanges of a new IKE SA before IKE_AUTH, one after the other. */
export function* exchangeMore(sa: IkeSa): Steps<void> {
  while (sa.phase === 'intermediate') {
    const [ke, ...later] = left(sa);
    const isLast = later.length === 0;
    const own = ke && sa.host.primitives[ke.engine].offer(sa.host.random);
    try {
      const draft = new Draft(Exchange.IKE_INTERMEDIATE, 'request');
      if (ke && own) draft.add(PayloadType.KE, { method: ke.id, data: own.value });
      if (isLast) offerPpk(sa, draft);
      const response = yield* request(draft);
      refuseIfRefused(response);
      const shared = ke && own && finishKe(own, ke, required(response, PayloadType.KE));
      advance(sa, shared, isLast ? takePpk(sa, response) : undefined);
    } finally {
      own?.wipe();
    }
  }
}

/** What follows IKE_SA_INIT: these exchanges, or IKE_AUTH at once. */
export function enterAuth(sa: IkeSa): void {
  sa.phase = left(sa).length > 0 || isPpkDue(sa) ? 'intermediate' : 'auth';
  if (sa.phase === 'auth') sa.disclose();
}

/**
 * SKEYSEED(n) = prf(SK_d(n-1), SK(n) | Ni | Nr), and all keys anew (RFC 9370 §2.2.2); a PPK goes in behind all of that
 * (RFC 9867).
 */
function advance(sa: IkeSa, shared: Secret | undefined, ppk: Secret | undefined): void {
  const { handshake, suite, keys } = sa;
  invariant(handshake && suite, 'an additional key exchange outside a handshake');
  const { ni, nr } = handshake;
  const prf = sa.host.primitives[suite.prf.engine];
  if (shared) {
    const seed = rekeySkeyseed(prf, keys.skD, { shared: shared.bytes, ni, nr });
    sa.key(seed, suite, { ni, nr }, ppk);
    shared.wipe();
    sa.slot(state).done++;
  } else if (ppk) sa.key(ppkSkeyseed(prf, keys.skD, ppk), suite, { ni, nr });
  enterAuth(sa);
}

/** Methods of the exchanges to come. */
const left = (sa: IkeSa): readonly Ke[] =>
  (sa.suite?.addKe ?? []).map(({ ke }) => ke).slice(sa.slot(state).done);

const state: Slot<{ done: number }> = { name: 'ike-intermediate', init: () => ({ done: 0 }) };
