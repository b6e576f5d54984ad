// Peers that prove themselves by a key that the owner pasted here, without any certificate (RFC 7670). The key may come
// along in CERT, or not at all: then those of the connections that the peer's identity fits are tried.
import { equal } from '../../base/bytes.ts';
import { CertEncoding } from '../../iana/authentication.ts';
import { PayloadType } from '../../iana/payloads.ts';
import type { Identity } from '../../policy/identity.ts';
import type { Connection, PinnedKey } from '../../policy/policy.ts';
import type { Auth } from '../../wire/payloads/auth.ts';
import { authenticators } from '../auth/index.ts';
import { IkeError } from '../error.ts';
import { orOtherPpk } from '../extensions/ppk.ts';
import type { Received } from '../message.ts';
import { fitting } from '../negotiate/identities.ts';
import type { IkeSa } from '../sa/ike-sa.ts';
import type { Steps } from '../steps.ts';

export interface Proven {
  readonly connection: Connection;
  readonly peer: Identity;
}

/** Whether the peer does without a certificate: it shows a bare key, or nothing. */
export function isWithoutChain(received: Received): boolean {
  return received
    .all(PayloadType.CERT)
    .every(({ encoding }) => encoding !== CertEncoding.X509_SIGNATURE);
}

/** Those that take a pasted key, and nothing else. */
export const takesKey = ({ remoteKeys, remoteAuth }: Connection): boolean =>
  remoteKeys.length > 0 && remoteAuth.includes('pubkey');

/**
 * @param connections that take keys
 * @param octets what AUTH covers
 * @throws IkeError AUTHENTICATION_FAILED
 */
export function* authenticateByRawKey(
  sa: IkeSa,
  received: Received,
  connections: readonly Connection[],
  claim: { readonly id: Identity; readonly theirs: Auth; readonly octets: Uint8Array },
): Steps<Proven> {
  const shown = received
    .all(PayloadType.CERT)
    .find(({ encoding }) => encoding === CertEncoding.RAW_PUBLIC_KEY)?.data;
  const tries = fitting(connections, 'remoteId', [claim.id])
    .flatMap(({ connection }) => connection.remoteKeys.map((key) => ({ connection, key })))
    .filter(({ key }) => !shown || equal(key.spki, shown))
    .slice(0, mostTries);
  for (const { connection, key } of tries) {
    if (!(yield* fits(sa, key, claim))) continue;
    // A key proves no name: where the owner wrote none, the peer is its key.
    const isNamed = connection.remoteId.kind === 'exact';
    return { connection, peer: isNamed ? claim.id : key.identity };
  }
  // An unknown key costs as much time as a wrong signature.
  const [any] = connections.flatMap(({ remoteKeys }) => remoteKeys);
  if (tries.length === 0 && any) yield* fits(sa, any, claim);
  throw tries.length === 0 ? unknownKey() : orOtherPpk(sa, wrongSignature());
}

const fits = (
  sa: IkeSa,
  key: PinnedKey,
  { octets, theirs }: { readonly octets: Uint8Array; readonly theirs: Auth },
): Steps<boolean> => authenticators.pubkey.check(sa, octets, theirs, key);

const unknownKey = (): IkeError =>
  new IkeError('AUTHENTICATION_FAILED', 'no connection knows the public key of this peer', {
    cause: 'unknown-public-key',
    advice:
      'Paste the line of «ikectl key show» from there as option remote_key, and look at its identity.',
  });
const wrongSignature = (): IkeError =>
  new IkeError('AUTHENTICATION_FAILED', 'the signature does not fit the public key of the peer', {
    cause: 'wrong-signature',
    advice:
      'The peer may have another key by now: paste the line of «ikectl key show» from there again.',
  });

/** Where peers that show no key are many, each try costs a signature. */
const mostTries = 8;
