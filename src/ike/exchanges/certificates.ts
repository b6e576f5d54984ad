// CERT and CERTREQ: chains on the wire, and the question whether one may be believed (RFC 7296 §3.6, §3.7).
import { concat } from '../../base/bytes.ts';
import { CertEncoding } from '../../iana/authentication.ts';
import { PayloadType } from '../../iana/payloads.ts';
import type { Connection, OwnCertificate } from '../../policy/policy.ts';
import { judgeChain } from '../auth/chain.ts';
import type { ChainVerdict } from '../core.ts';
import { IkeError } from '../error.ts';
import type { Draft, Received } from '../message.ts';
import type { IkeSa } from '../sa/ike-sa.ts';
import type { Steps } from '../steps.ts';

/** Says which authorities we trust, where a peer of these connections may need to know. */
export function certificateRequest(
  sa: IkeSa,
  draft: Draft,
  connections: readonly Connection[],
): void {
  const { authorities } = sa.host.policy;
  const isWanted = connections.some(({ remoteAuth }) => remoteAuth.includes('pubkey'));
  if (!isWanted || authorities.length === 0) return;
  const data = concat(...authorities);
  draft.add(PayloadType.CERTREQ, { encoding: CertEncoding.X509_SIGNATURE, data });
}

/** Our whole chain, end entity first, asked for or not: Apple and Android never ask. */
export function addChain(draft: Draft, { chain }: OwnCertificate): void {
  for (const data of chain) {
    draft.add(PayloadType.CERT, { encoding: CertEncoding.X509_SIGNATURE, data });
  }
}

/** The peer's certificate, believed. @throws IkeError AUTHENTICATION_FAILED */
export function* believedChain(
  received: Received,
  purpose: 'client' | 'server',
): Steps<Extract<ChainVerdict, { ok: true }>> {
  const chain = received
    .all(PayloadType.CERT)
    .filter(({ encoding }) => encoding === CertEncoding.X509_SIGNATURE)
    .map(({ data }) => data);
  const belief = yield* judgeChain(chain, purpose);
  if (belief.ok) return belief;
  throw new IkeError('AUTHENTICATION_FAILED', belief.why, { advice: belief.advice });
}
