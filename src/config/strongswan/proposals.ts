// The sections crypto_proposal, as algorithms in one word each: `aes256-sha256-modp2048`.
import { parseProposal } from '../../transforms/parse.ts';
import type { Findings } from './findings.ts';
import type { Source } from './source.ts';

/** What `user` (a remote or a tunnel) offers; algorithms that are not known here are left out, with a word. */
export function proposalsOf(
  user: Source,
  protocol: 'ike' | 'esp',
  all: readonly Source[],
  findings: Findings,
): readonly string[] {
  return user.list('crypto_proposal').flatMap((name) => {
    const found = all.find((one) => one.type === 'crypto_proposal' && one.name === name);
    if (!found) {
      findings.remark(user, 'crypto_proposal', `there is no section crypto_proposal '${name}'`);
      return [];
    }
    const text = wordsOf(found, protocol).join('-');
    const parsed = parseProposal(protocol, text);
    if (parsed.ok) return [text];
    findings.remark(found, undefined, `left out: ${parsed.why}. ${parsed.cure}`);
    return [];
  });
}

/** A hash says nothing where the cipher protects integrity itself; for IKE it may stand for the PRF. */
function wordsOf(proposal: Source, protocol: 'ike' | 'esp'): readonly string[] {
  const encryption = proposal.text('encryption_algorithm') ?? '';
  const hash = proposal.text('hash_algorithm');
  const prf = proposal.text('prf_algorithm');
  const group = proposal.text('dh_group');
  const isAead = /gcm|ccm|gmac|poly1305/.test(encryption);
  const words = [
    encryption,
    isAead ? undefined : hash,
    protocol === 'ike' ? prf : undefined,
    group,
  ];
  return words.flatMap((word) => word ?? []);
}
