// Answers `verifyChain` by what is in use at that moment: authorities, lists of revoked certificates, the wall clock.
import { randomFillSync } from 'node:crypto';
import type { Account } from '../config/configuration.ts';
import type { ChainVerdict, Questions } from '../ike/core.ts';
import { verifyChain } from '../pki/chain.ts';
import type { CertificationPath } from '../pki/path.ts';
import { type Fetch, policiesOf, RevocationCheck } from '../pki/revocation.ts';
import type { Store } from '../pki/store.ts';
import { whyCertificateBarred } from './accounts.ts';
import { isPlausible } from './clock.ts';

/** @param store and accounts are asked anew for each chain: a reload replaces them */
export function chainJudge(
  store: () => Store,
  accounts: () => readonly Account[],
  fetch: Fetch,
): (ask: Questions['verifyChain']['ask']) => Promise<ChainVerdict> {
  const check = new RevocationCheck(fetch, (bytes) => randomFillSync(new Uint8Array(bytes)));
  return async ({ chain, purpose }) => {
    const now = new Date();
    const { anchors, held, revoked, crls } = store();
    const sources = { revoked, crls, policyOf: policiesOf(anchors) };
    const revocation = (path: CertificationPath) => check.faultOf(path, now, sources);
    const isTime = isPlausible(now, held);
    const verdict = await verifyChain(chain, purpose, anchors, now, isTime, revocation);
    return verdict.ok ? ofDevice(verdict, accounts(), now) : verdict;
  };
}

/** The record of a device may bar it when its certificate does not. */
function ofDevice(
  verdict: Extract<ChainVerdict, { ok: true }>,
  accounts: readonly Account[],
  now: Date,
): ChainVerdict {
  const bar = whyCertificateBarred(verdict.certificate, accounts, now.getTime());
  const { spki, keyType } = verdict;
  return bar ? { ok: false, cause: 'barred', ...bar, key: { spki, keyType } } : verdict;
}
