// AUTH after EAP (RFC 7296 §2.16): made like a pre-shared key's, of the key that the method made; of SK_pi or SK_pr
// where it made none.
import type { Secret } from '../../base/secret.ts';
import type { Auth } from '../../wire/payloads/auth.ts';
import type { IkeSa } from '../sa/ike-sa.ts';
import { sharedKeyAuth, sharedKeyFits } from './psk.ts';

type Signer = 'initiator' | 'responder';

/** Our AUTH over `octets`. */
export function eapAuth(
  sa: IkeSa,
  signer: Signer,
  octets: Uint8Array,
  msk: Secret | undefined,
): Auth {
  return sharedKeyAuth(sa, octets, keyOf(sa, signer, msk));
}

/** Whether the AUTH of `signer` fits. */
export function eapAuthFits(
  sa: IkeSa,
  signer: Signer,
  octets: Uint8Array,
  proof: { readonly theirs: Auth; readonly msk: Secret | undefined },
): boolean {
  return sharedKeyFits(sa, octets, proof.theirs, keyOf(sa, signer, proof.msk));
}

const keyOf = (sa: IkeSa, signer: Signer, msk: Secret | undefined): Secret =>
  msk ?? (signer === 'initiator' ? sa.keys.skPi : sa.keys.skPr);
