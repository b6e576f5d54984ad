// One way to prove an identity: how AUTH is made and how it is checked (RFC 7296 §2.15, §3.8).
import type { Secret } from '../../base/secret.ts';
import type { KeyAuth, OwnCertificate } from '../../policy/policy.ts';
import type { Auth } from '../../wire/payloads/auth.ts';
import type { KeyType } from '../core.ts';
import type { IkeSa } from '../sa/ike-sa.ts';
import type { Steps } from '../steps.ts';

/** What we prove ourselves with, and what the peer is checked against. */
export interface Credentials {
  readonly psk: { readonly mine: Secret; readonly theirs: Secret };
  readonly pubkey: {
    readonly mine: OwnCertificate;
    readonly theirs: { readonly spki: Uint8Array; readonly keyType: KeyType };
  };
}

export interface Authenticator<A extends KeyAuth = KeyAuth> {
  /** Authentication Methods that it understands. */
  readonly methods: readonly number[];
  /** Undefined: it cannot be done with this credential and this peer. */
  prove(sa: IkeSa, octets: Uint8Array, mine: Credentials[A]['mine']): Steps<Auth | undefined>;
  /** Whether AUTH fits; it never says why not. */
  check(
    sa: IkeSa,
    octets: Uint8Array,
    theirs: Auth,
    credential: Credentials[A]['theirs'],
  ): Steps<boolean>;
}
