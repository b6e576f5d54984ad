// Whether a chain of certificates may be believed, and what the owner can do where not.
import type { Cause, ChainFault } from '../causes.ts';
import type { ChainVerdict } from '../core.ts';
import { ask, type Steps } from '../steps.ts';

export type Belief =
  | Extract<ChainVerdict, { ok: true }>
  | (Pick<Extract<ChainVerdict, { ok: false }>, 'ok' | 'why' | 'key'> & {
      readonly cause: Cause;
      readonly advice: string;
    });

/** @param chain end entity first; DER */
export function* judgeChain(
  chain: readonly Uint8Array[],
  purpose: 'client' | 'server',
): Steps<Belief> {
  if (chain.length === 0) {
    const advice = 'Choose a certificate on the device, or another way to authenticate.';
    return { ok: false, cause: 'certificate-missing', why: 'the peer sent no certificate', advice };
  }
  const verdict = yield* ask('verifyChain', { chain, purpose });
  if (verdict?.ok) return verdict;
  const why = verdict?.why ?? 'the certificate could not be checked in time';
  const known = verdict && faults[verdict.cause];
  const advice = verdict?.advice ?? known?.advice ?? 'The router is overloaded; try again.';
  return { ok: false, cause: known?.cause ?? 'overloaded', why, advice, key: verdict?.key };
}

const faults: Readonly<Record<ChainFault, { readonly cause: Cause; readonly advice: string }>> = {
  malformed: {
    cause: 'certificate-malformed',
    advice: 'Issue the certificate anew; this one is damaged.',
  },
  untrusted: {
    cause: 'certificate-untrusted',
    advice:
      'Add the authority that issued it as section authority, or issue it by one that is there.',
  },
  expired: {
    cause: 'certificate-expired',
    advice: 'Give the device a new certificate, with «ikectl device add» if this router issued it.',
  },
  'not-yet-valid': {
    cause: 'certificate-not-yet-valid',
    advice: 'Check the clock of this router and the first day of the certificate.',
  },
  clock: {
    cause: 'clock-wrong',
    advice: 'Wait until the router has the time (NTP); certificates cannot be judged before.',
  },
  purpose: {
    cause: 'certificate-purpose',
    advice: 'Issue the certificate for this purpose (extended key usage).',
  },
  constraint: {
    cause: 'certificate-constraint',
    advice: 'The authority did not allow this certificate; issue it anew.',
  },
  revoked: {
    cause: 'certificate-revoked',
    advice: 'If the device is in good hands, give it a new certificate with «ikectl device add».',
  },
  barred: { cause: 'account-barred', advice: 'Look at the sections device and user.' },
  'no-status': {
    cause: 'certificate-unknown-status',
    advice:
      'See that the router reaches whoever tells what was revoked, or set option revocation of the authority to soft.',
  },
};
