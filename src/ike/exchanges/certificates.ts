// CERT and CERTREQ: chains on the wire, and the question whether one may be believed (RFC 7296 §3.6, §3.7).
import { concat } from '../../base/bytes.ts';
import { CertEncoding } from '../../iana/authentication.ts';
import { PayloadType } from '../../iana/payloads.ts';
import { type Identity, sameIdentity } from '../../policy/identity.ts';
import { type Connection, isTwoRounds, type OwnCertificate } from '../../policy/policy.ts';
import type { Id } from '../../wire/payloads/id.ts';
import { type Belief, judgeChain } from '../auth/chain.ts';
import { authenticators, authOfMethod } from '../auth/index.ts';
import { signedOctets } from '../auth/octets.ts';
import type { ChainVerdict } from '../core.ts';
import { IkeError } from '../error.ts';
import { authWithPpk, orOtherPpk } from '../extensions/ppk.ts';
import type { Draft, Received } from '../message.ts';
import type { IkeSa } from '../sa/ike-sa.ts';
import type { Steps } from '../steps.ts';
import { takesKey } from './raw-keys.ts';
import { required } from './required.ts';

/** Says which authorities we trust, where a peer of these connections may need to know. */
export function certificateRequest(
  sa: IkeSa,
  draft: Draft,
  connections: readonly Connection[],
): void {
  const { authorities } = sa.host.policy;
  const wanting = connections.filter(({ remoteAuth }) =>
    remoteAuth.some((auth) => auth === 'pubkey' || isTwoRounds(auth)),
  );
  if (wanting.length > 0 && wanting.every(takesKey)) {
    draft.add(PayloadType.CERTREQ, { encoding: CertEncoding.RAW_PUBLIC_KEY, data: none });
    return;
  }
  if (wanting.length === 0 || authorities.length === 0) return;
  const data = concat(...authorities);
  draft.add(PayloadType.CERTREQ, { encoding: CertEncoding.X509_SIGNATURE, data });
}

/** Our whole chain, end entity first, asked for or not: Apple and Android never ask. */
export function addChain(draft: Draft, { chain, publicKey }: OwnCertificate): void {
  if (publicKey) {
    draft.add(PayloadType.CERT, { encoding: CertEncoding.RAW_PUBLIC_KEY, data: publicKey });
  }
  for (const data of chain) {
    draft.add(PayloadType.CERT, { encoding: CertEncoding.X509_SIGNATURE, data });
  }
}

/** The peer's certificate, believed. @throws IkeError AUTHENTICATION_FAILED */
export function* believedChain(
  received: Received,
  purpose: 'client' | 'server',
): Steps<Extract<ChainVerdict, { ok: true }>> {
  return believed(yield* judgeChain(chainIn(received), purpose));
}

const chainIn = (received: Received): readonly Uint8Array[] =>
  received
    .all(PayloadType.CERT)
    .filter(({ encoding }) => encoding === CertEncoding.X509_SIGNATURE)
    .map(({ data }) => data);

function believed(belief: Belief): Extract<ChainVerdict, { ok: true }> {
  if (belief.ok) return belief;
  throw new IkeError('AUTHENTICATION_FAILED', belief.why, belief);
}

/** What an initiator proved by its certificate. */
export interface Certified {
  /** The name that it goes by first, where the certificate proves that: clients send nonsense in IDi. */
  readonly identities: readonly Identity[];
  /** See ChainVerdict. */
  readonly certificate: string | undefined;
}

/** Who the initiator is by its certificate and its signature. @throws IkeError AUTHENTICATION_FAILED */
export function* certifiedInitiator(sa: IkeSa, received: Received, idI: Id): Steps<Certified> {
  const theirs = required(received, PayloadType.AUTH);
  if (authOfMethod(theirs.method) !== 'pubkey') {
    throw new IkeError('AUTHENTICATION_FAILED', 'the first of two rounds is no certificate', {
      cause: 'method-not-allowed',
    });
  }
  const belief = yield* judgeChain(chainIn(received), 'client');
  const key = belief.ok ? belief : belief.key;
  const counting = authWithPpk(sa, received, theirs, belief.ok ? belief.identities : [idI]);
  const octets = signedOctets(sa, 'initiator', idI);
  // Of a certificate that is refused, too: who copied one must not learn from the time that it was revoked.
  const fits = key && (yield* authenticators.pubkey.check(sa, octets, counting, key));
  const { identities, certificate } = believed(belief);
  if (!fits) {
    const other = 'the signature does not fit the certificate';
    const mismatch = new IkeError('AUTHENTICATION_FAILED', other, {
      cause: 'wrong-signature',
      advice: 'The device does not have the private key of its certificate; give it both anew.',
    });
    throw orOtherPpk(sa, mismatch);
  }
  const isClaimed = (identity: Identity): boolean => sameIdentity(identity, idI);
  const others = identities.filter((identity) => !isClaimed(identity));
  return { identities: [...identities.filter(isClaimed), ...others], certificate };
}

/** A bare key is not asked for by its issuer (RFC 7670 §3). */
const none = new Uint8Array(0);
