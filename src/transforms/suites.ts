// Named lists of proposals for those who do not want to choose. Order is preference.
import { invariant } from '../base/invariant.ts';
import { type Proposal, type ProposalProtocol, parseProposal } from './parse.ts';

/** What `suite` may say in a configuration. */
export type SuiteName = (typeof suiteNames)[number];
/** Every name of a suite. */
export const suiteNames = ['modern', 'compatible', 'legacy'] as const;

/** The proposals of a suite. */
export interface Suite {
  readonly ike: readonly Proposal[];
  readonly esp: readonly Proposal[];
  /** The same with ChaCha20 first, for processors without instructions for AES. */
  readonly espWithoutAes: readonly Proposal[];
}

/**
 * All of them take ML-KEM after the first key exchange where the peer can (RFC 9370).
 *
 * - `modern`: AEAD and at least 128 bits of strength throughout
 * - `compatible`: what iOS, macOS, Android and a scripted Windows offer; SHA-1 only in ESP's HMAC, which Windows has
 *   there unless it is told otherwise
 * - `legacy`: SHA-1 and group 2 (1024 bits) as well, for clients that know nothing else: Windows as it comes
 */
export function suite(name: SuiteName): Suite {
  return suites[name];
}

/** What stands for the ESP proposals of a suite on such a processor; proposals that somebody chose stay. */
export function espWithoutAes(esp: readonly Proposal[]): readonly Proposal[] {
  const prepared = suiteNames.map(suite).find((each) => each.esp === esp);
  return prepared?.espWithoutAes ?? esp;
}

// Elliptic curves first, because a router computes them fastest; P-256 leads because Apple sends its KE for it.
const curves = 'ecp256-x25519-ecp384';
const anyGroup = `${curves}-modp2048-modp3072-modp4096`;
const strongGroup = `${curves}-modp3072-modp4096`;
// A proposal of its own, before all others: a peer that knows no additional key exchange must pass over it whole
// (RFC 7296 §3.3.6). It has curves alone, for whoever has ML-KEM has those, and the first message stays short.
const hybrid = `${curves}-ke1_mlkem768-ke1_mlkem1024`;
const aead = 'aes256gcm16-aes128gcm16-chacha20poly1305';
const anyPrf = 'prfsha256-prfsha384-prfsha512';

const modernIke = [`${aead}-${anyPrf}-${hybrid}`, `${aead}-${anyPrf}-${strongGroup}`];
const compatibleIke = [
  `${aead}-${anyPrf}-${hybrid}`,
  `${aead}-${anyPrf}-${anyGroup}`,
  `aes256-aes128-sha256-sha384-sha512-${anyGroup}`,
];
const legacyIke = [
  ...compatibleIke,
  `aes256-aes128-sha1-${anyGroup}`,
  'aes256-aes128-sha384-sha256-sha1-modp1024', // all that Windows offers unless it is told otherwise
];

// Perfect forward secrecy where the peer offers it, never demanded: each list stands with and without a KE.
const esp = (ciphers: string, groups: string): readonly string[] => [
  `${ciphers}-${groups}-noesn-esn`,
  `${ciphers}-noesn-esn`,
];
const aeadWithoutAes = 'chacha20poly1305-aes256gcm16-aes128gcm16';
const cbc = 'aes256-aes128-sha256-sha384-sha512';
const classicEsp = [...esp(cbc, anyGroup), ...esp('aes256-aes128-sha1', anyGroup)];

const hybridEsp = (ciphers: string): string => `${ciphers}-${hybrid}-noesn-esn`;
const modernEsp = withAndWithoutAes((ciphers) => [
  hybridEsp(ciphers),
  ...esp(ciphers, strongGroup),
]);
const compatibleEsp = withAndWithoutAes((ciphers) => [
  hybridEsp(ciphers),
  ...esp(ciphers, anyGroup),
  ...classicEsp,
]);

const suites: Readonly<Record<SuiteName, Suite>> = {
  modern: { ike: all('ike', modernIke), ...modernEsp },
  compatible: { ike: all('ike', compatibleIke), ...compatibleEsp },
  legacy: { ike: all('ike', legacyIke), ...compatibleEsp },
};

function withAndWithoutAes(
  proposals: (ciphers: string) => readonly string[],
): Pick<Suite, 'esp' | 'espWithoutAes'> {
  return {
    esp: all('esp', proposals(aead)),
    espWithoutAes: all('esp', proposals(aeadWithoutAes)),
  };
}

function all(protocol: ProposalProtocol, texts: readonly string[]): readonly Proposal[] {
  return texts.map((text) => {
    const parsed = parseProposal(protocol, text);
    invariant(parsed.ok, `the built-in proposal ${text} does not parse`);
    return parsed.proposal;
  });
}
