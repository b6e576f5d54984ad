// Authentication by a pre-shared key (RFC 7296 §2.15).
import { equal, fromText } from '../../base/bytes.ts';
import { invariant } from '../../base/invariant.ts';
import type { Secret } from '../../base/secret.ts';
import { AuthMethod } from '../../iana/authentication.ts';
import type { Auth } from '../../wire/payloads/auth.ts';
import type { IkeSa } from '../sa/ike-sa.ts';
import type { Authenticator } from './authenticator.ts';

export const psk: Authenticator<'psk'> = {
  methods: [AuthMethod.SHARED_KEY],
  // biome-ignore lint/correctness/useYield: nothing has to be asked
  *prove(sa, octets, secret) {
    return sharedKeyAuth(sa, octets, secret);
  },
  // biome-ignore lint/correctness/useYield: nothing has to be asked
  *check(sa, octets, theirs, secret) {
    return sharedKeyFits(sa, octets, theirs, secret);
  },
};

/** AUTH of a key that both sides share, whoever made it. */
export function sharedKeyAuth(sa: IkeSa, octets: Uint8Array, secret: Secret): Auth {
  return { method: AuthMethod.SHARED_KEY, data: sharedKeyMac(sa, octets, secret) };
}

/** Whether it is such an AUTH, and fits. */
export function sharedKeyFits(
  sa: IkeSa,
  octets: Uint8Array,
  { method, data }: Auth,
  secret: Secret,
): boolean {
  return equal(data, sharedKeyMac(sa, octets, secret)) && method === AuthMethod.SHARED_KEY;
}

/** AUTH = prf( prf(Shared Secret, "Key Pad for IKEv2"), <SignedOctets>). */
function sharedKeyMac(sa: IkeSa, octets: Uint8Array, secret: Secret): Uint8Array {
  invariant(sa.suite, 'AUTH before IKE_SA_INIT');
  const prf = sa.host.primitives[sa.suite.prf.engine];
  const key = prf.compute(secret.bytes, keyPad);
  const mac = prf.compute(key, octets);
  key.fill(0);
  return mac;
}

/** 17 ASCII characters without a terminator. */
const keyPad = fromText('Key Pad for IKEv2');
