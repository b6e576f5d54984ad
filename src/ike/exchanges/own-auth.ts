// How we prove who we are by a key, in either role (RFC 7296 §2.15).
import { PayloadType } from '../../iana/payloads.ts';
import type { Auth } from '../../wire/payloads/auth.ts';
import { ownId } from '../../wire/payloads/id.ts';
import { authenticators } from '../auth/index.ts';
import { signedOctets } from '../auth/octets.ts';
import { IkeError } from '../error.ts';
import type { Draft } from '../message.ts';
import { certificateOf, presharedKey, type Selected } from '../negotiate/identities.ts';
import type { IkeSa } from '../sa/ike-sa.ts';
import type { Steps } from '../steps.ts';
import { addChain } from './certificates.ts';

/** IDr, our certificate chain and AUTH. */
export function* proveOurselves(
  sa: IkeSa,
  { connection, localId, peer }: Selected,
  draft: Draft,
): Steps<void> {
  const idR = ownId(localId.type, localId.data);
  draft.add(PayloadType.IDR, idR);
  const octets = signedOctets(sa, 'responder', idR);
  draft.add(PayloadType.AUTH, yield* ownAuth(sa, { connection, localId, peer }, octets));
  const certificate = certificateOf(sa.host.policy, connection);
  if (connection.localAuth !== 'psk' && certificate) addChain(draft, certificate);
}

/** AUTH over `octets` by the connection's own method. @throws IkeError when we lack what it takes */
export function* ownAuth(
  sa: IkeSa,
  { connection, localId, peer }: Selected,
  octets: Uint8Array,
): Steps<Auth> {
  const { policy } = sa.host;
  if (connection.localAuth === 'psk') {
    const secret = presharedKey(policy, peer, localId);
    const auth = secret && (yield* authenticators.psk.prove(sa, octets, secret));
    if (auth) return auth;
    throw new IkeError('AUTHENTICATION_FAILED', 'we have no pre-shared key for this peer', {
      cause: 'no-shared-key',
    });
  }
  const certificate = certificateOf(policy, connection);
  const auth = certificate && (yield* authenticators.pubkey.prove(sa, octets, certificate));
  if (auth) return auth;
  throw new IkeError('AUTHENTICATION_FAILED', 'we could not sign with our certificate', {
    cause: 'own-key-unusable',
    advice:
      'Check option certificate of the connection, and that the peer verifies its kind of key.',
  });
}
