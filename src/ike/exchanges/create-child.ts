// CREATE_CHILD_SA as responder. One CHILD_SA per IKE SA, from IKE_AUTH: further ones and rekeys are refused in
// the way that tells the peer to start over (RFC 7296 §1.3, §4).
import { IkeError } from '../error.ts';
import type { Responder } from './exchange.ts';

export const createChild: Responder = {
  phases: ['established', 'rekeying'],
  // biome-ignore lint/correctness/useYield: there is nothing to wait for
  *respond() {
    throw new IkeError('NO_ADDITIONAL_SAS', 'the peer asked for another CHILD_SA or for new keys');
  },
};
