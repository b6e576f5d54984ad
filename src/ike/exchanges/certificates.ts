// CERT and CERTREQ: chains on the wire, and the question whether one may be believed (RFC 7296 §3.6, §3.7).
import { concat } from '../../base/bytes.ts';
import { CertEncoding } from '../../iana/authentication.ts';
import { PayloadType } from '../../iana/payloads.ts';
import type { Connection, OwnCertificate } from '../../policy/policy.ts';
import type { ChainVerdict } from '../core.ts';
import { IkeError } from '../error.ts';
import type { Draft, Received } from '../message.ts';
import type { IkeSa } from '../sa/ike-sa.ts';
import { ask, type Steps } from '../steps.ts';

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
  if (chain.length === 0) {
    throw new IkeError('AUTHENTICATION_FAILED', 'the peer sent no certificate', {
      advice: 'Choose a certificate on the device, or another way to authenticate.',
    });
  }
  const verdict = yield* ask('verifyChain', { chain, purpose });
  if (verdict?.ok) return verdict;
  const why = verdict?.why ?? 'the certificate could not be checked in time';
  const advice = verdict ? adviceFor[verdict.cause] : 'The router is overloaded; try again.';
  throw new IkeError('AUTHENTICATION_FAILED', why, { advice });
}

const adviceFor: Readonly<Record<Extract<ChainVerdict, { ok: false }>['cause'], string>> = {
  malformed: 'Issue the certificate anew; this one is damaged.',
  untrusted:
    'Add the authority that issued it as section authority, or issue it by one that is there.',
  expired: 'Renew the certificate on the peer.',
  'not-yet-valid': 'Check the clock of this router and the first day of the certificate.',
  clock: 'Wait until the router has the time (NTP); certificates cannot be judged before.',
  purpose: 'Issue the certificate for this purpose (extended key usage).',
  constraint: 'The authority did not allow this certificate; issue it anew.',
  revoked: 'It was revoked here; give the device a new one.',
};
