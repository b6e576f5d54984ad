// Answers `verifyChain` by what is in use at that moment: authorities, lists of revoked certificates, the wall clock.
import { randomFillSync } from 'node:crypto';
import type { ChainVerdict, Questions } from '../ike/core.ts';
import { verifyChain } from '../pki/chain.ts';
import type { CertificationPath } from '../pki/path.ts';
import { type Fetch, policiesOf, RevocationCheck } from '../pki/revocation.ts';
import type { Store } from '../pki/store.ts';
import { isPlausible } from './clock.ts';

/** @param store asked anew for each chain: a reload replaces it */
export function chainJudge(
  store: () => Store,
  fetch: Fetch,
): (ask: Questions['verifyChain']['ask']) => Promise<ChainVerdict> {
  const check = new RevocationCheck(fetch, (bytes) => randomFillSync(new Uint8Array(bytes)));
  return ({ chain, purpose }) => {
    const now = new Date();
    const { anchors, held, revoked, crls } = store();
    const sources = { revoked, crls, policyOf: policiesOf(anchors) };
    const revocation = (path: CertificationPath) => check.faultOf(path, now, sources);
    return verifyChain(chain, purpose, anchors, now, isPlausible(now, held), revocation);
  };
}
