// CREATE_CHILD_SA as responder: which of its three uses it is, and whether it may be now (RFC 7296 §1.3, §2.25).
import { Notification } from '../../iana/notifies.ts';
import { PayloadType } from '../../iana/payloads.ts';
import { Protocol } from '../../iana/protocols.ts';
import { IkeError } from '../error.ts';
import type { Received } from '../message.ts';
import type { IkeSa } from '../sa/ike-sa.ts';
import type { Responder } from './exchange.ts';
import { refuseIfLeaving } from './leaving.ts';
import { answerNewChild } from './new-child.ts';
import { answerChildRekey } from './rekey-child.ts';
import { answerIkeRekey } from './rekey-ike.ts';
import { required } from './required.ts';

export const createChild: Responder = {
  phases: ['established', 'rekeying'],
  *respond(sa, received) {
    refuseIfLeaving(sa);
    if (isAboutIke(received)) return answerIkeRekey(sa, received);
    refuseIfRekeyingIke(sa);
    const rekeyed = received.notify(Notification.REKEY_SA);
    return rekeyed ? answerChildRekey(sa, received, rekeyed) : yield* answerNewChild(sa, received);
  },
};

function isAboutIke(received: Received): boolean {
  const { proposals } = required(received, PayloadType.SA);
  return proposals.some(({ protocol }) => protocol === Protocol.IKE);
}

/** The children are on their way to the new IKE SA: the peer asks again there (RFC 7296 §2.25.2). */
function refuseIfRekeyingIke(sa: IkeSa): void {
  if (sa.task?.kind !== 'rekey-ike') return;
  throw new IkeError('TEMPORARY_FAILURE', 'this IKE SA is being rekeyed');
}
