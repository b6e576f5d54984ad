// Why a handshake leads nowhere, in one word each: what the evidence says, finer than what the peer hears. The words for
// the owner stand beside it at the place that knows; this is for who sorts, counts or translates.

export const causes = [
  // what is offered
  'group-2-only',
  'no-common-algorithm',
  'no-common-tunnel-algorithm',
  'old-version',
  'extension-missing',
  // who may come, and how
  'no-connection',
  'method-not-allowed',
  'unknown-identity',
  'other-name-wanted',
  'we-are-not-believed',
  'unknown-user',
  'account-barred',
  'no-password',
  'wrong-password',
  'too-many-guesses',
  'login-given-up',
  'login-refused',
  'no-shared-key',
  'other-shared-key',
  'other-ppk',
  'unknown-ppk',
  'ppk-missing',
  'unknown-public-key',
  'wrong-signature',
  'own-key-unusable',
  'connected-already',
  'configuration-changed',
  // certificates of the peer
  'certificate-missing',
  'certificate-malformed',
  'certificate-untrusted',
  'certificate-expired',
  'certificate-not-yet-valid',
  'certificate-purpose',
  'certificate-constraint',
  'certificate-revoked',
  'certificate-unknown-status',
  'clock-wrong',
  // the way
  'nothing-on-4500',
  'behind-cgnat',
  'behind-router',
  'esp-blocked',
  'answer-lost',
  'fragments-lost',
  'no-answer',
  'address-gone',
  'no-encapsulation',
  // the tunnel
  'pool-empty',
  'no-address-wanted',
  'networks-refused',
  'tunnel-refused',
  'too-many-tunnels',
  // the rest
  'broken-message',
  'overloaded',
  'peer-refused',
  'try-again',
] as const;
export type Cause = (typeof causes)[number];

/** Why a certificate chain is not believed. */
export type ChainFault =
  | 'malformed'
  | 'untrusted'
  | 'expired'
  | 'not-yet-valid'
  | 'clock'
  | 'purpose'
  | 'constraint'
  | 'revoked'
  | 'no-status'
  /** The owner keeps its holder out. */
  | 'barred';
