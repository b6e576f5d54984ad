// What AUTH covers (RFC 7296 §2.15, RFC 9242 §3.3.2).
import { concat } from '../../base/bytes.ts';
import { invariant } from '../../base/invariant.ts';
import type { Id } from '../../wire/payloads/id.ts';
import type { IkeSa } from '../sa/ike-sa.ts';
import { intAuthOctets } from './int-auth.ts';

/**
 * <Signed>Octets = RealMessage | Nonce of the other side | prf(SK_p, RestOfIDPayload) [| IntAuth].
 * @param id of the signer, its body as it travelled, reserved bytes included
 */
export function signedOctets(sa: IkeSa, signer: 'initiator' | 'responder', id: Id): Uint8Array {
  const { handshake, suite, keys } = sa;
  invariant(handshake && suite, 'AUTH before IKE_SA_INIT');
  const prf = sa.host.primitives[suite.prf.engine];
  const intAuth = intAuthOctets(handshake.intAuth);
  return signer === 'initiator'
    ? concat(handshake.request, handshake.nr, prf.compute(keys.skPi.bytes, id.raw), intAuth)
    : concat(handshake.response, handshake.ni, prf.compute(keys.skPr.bytes, id.raw), intAuth);
}
