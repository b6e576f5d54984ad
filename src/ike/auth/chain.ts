// Whether a chain of certificates may be believed, and what the owner can do where not.
import type { ChainVerdict } from '../core.ts';
import { ask, type Steps } from '../steps.ts';

export type Belief =
  | Extract<ChainVerdict, { ok: true }>
  | { readonly ok: false; readonly why: string; readonly advice: string };

/** @param chain end entity first; DER */
export function* judgeChain(
  chain: readonly Uint8Array[],
  purpose: 'client' | 'server',
): Steps<Belief> {
  if (chain.length === 0) {
    const advice = 'Choose a certificate on the device, or another way to authenticate.';
    return { ok: false, why: 'the peer sent no certificate', advice };
  }
  const verdict = yield* ask('verifyChain', { chain, purpose });
  if (verdict?.ok) return verdict;
  const why = verdict?.why ?? 'the certificate could not be checked in time';
  const known = verdict && (verdict.advice ?? adviceFor[verdict.cause]);
  const advice = known ?? 'The router is overloaded; try again.';
  return { ok: false, why, advice };
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
  revoked: 'Give the device a new certificate.',
  barred: 'Look at the sections device and user.',
  'no-status':
    'See that the router reaches whoever tells what was revoked, or set option revocation of the authority to soft.',
};
