// What an EAP method is, on either side: it reads and writes what follows the Type octet. Identity, NAK, identifiers
// and results are the dialogue's (RFC 3748 §5).
import type { Ip } from '../../base/ip.ts';
import type { Secret } from '../../base/secret.ts';
import type { Primitives, Rng } from '../../crypto/primitives.ts';
import type { Identity, IdentityPattern } from '../../policy/identity.ts';
import type { EapAuth, OwnCertificate } from '../../policy/policy.ts';
import type { Cause } from '../causes.ts';
import type { TlsRef } from '../core.ts';
import type { Steps } from '../steps.ts';

/** One row of the table of methods. */
export interface EapMethodRow {
  readonly name: EapAuth;
  /** One of EapType. */
  readonly type: number;
  /** Proves the server too, so that EAP-only authentication is allowed (RFC 5998 §4). */
  readonly isMutual: boolean;
  /** Makes an MSK. Without one AUTH rests on SK_pi and SK_pr alone (RFC 7296 §2.16). */
  readonly makesKey: boolean;
  readonly server: (setting: ServerSetting) => EapMethod;
  readonly peer: (setting: PeerSetting) => EapMethod;
}
/** One conversation. Whoever made it calls `wipe` at the end, whatever the end was. */
export interface EapMethod {
  /**
   * Server: the first request. A peer only ever receives.
   * @param identifier of the packet that will carry the step's data: MSCHAPv2 repeats it inside
   */
  begin(identifier: number): Steps<EapStep>;
  /**
   * @param data what follows the Type octet; a view, to be copied if it is kept
   * @param identifier of the packet that will carry the step's data
   * @throws WireError when it does not parse: the conversation has failed
   */
  receive(data: Uint8Array, identifier: number): Steps<EapStep>;
  wipe(): void;
}

export type EapStep =
  | {
      readonly kind: 'send';
      readonly data: Uint8Array;
      /** Peer: what the method came to. Only with it may EAP-Success, or -Failure, follow as it says. */
      readonly end?: EapEnd;
    }
  /** Server: the last word is EAP-Success or -Failure. Peer: it goes no further, and nothing is sent. */
  | { readonly kind: 'end'; readonly end: EapEnd };

export type EapEnd =
  | { readonly kind: 'success'; readonly outcome: EapOutcome }
  /** For the owner's eyes: the other side hears EAP-Failure. */
  | {
      readonly kind: 'failure';
      readonly cause?: Cause;
      readonly why: string;
      readonly advice?: string;
    };

export interface EapOutcome {
  /** What the other side proved to be, best first; what it claimed before counts for nothing. Peer: may be empty. */
  readonly identities: readonly Identity[];
  /** 64 bytes; undefined where the method makes none. It goes to the dialogue, which wipes it. */
  readonly msk: Secret | undefined;
  /** Server, where a password was checked: what its owner may do. */
  readonly grant?: Grant;
  /**
   * Server: the method inside TLS made a key, and nothing shows that both ends of TLS know it. Somebody between may have
   * taken it from a login that he was shown elsewhere (RFC 3748 §7.4).
   */
  readonly isUnbound?: boolean;
  /** Where a certificate of the other side was believed: which, see ChainVerdict. */
  readonly certificate?: string | undefined;
}

/** What the owner of an account may do. */
export interface Grant {
  /** Names of the connections that he may use; undefined: all. */
  readonly connections: readonly string[] | undefined;
  /** IKE SAs that he may have at one time; undefined: as many as anybody. */
  readonly most?: number | undefined;
}

export interface EapSetting {
  readonly primitives: Pick<Primitives, 'sha1' | 'sha256' | 'hmacSha1'>;
  readonly random: Rng;
  /** Server: the answer to EAP-Request/Identity, empty if it was not asked. Peer: our own user name. */
  readonly identity: Uint8Array;
  /** The certificate that we show inside TLS. */
  readonly certificate: OwnCertificate | undefined;
  /** Gives back what the question `openTls` gave. */
  readonly closeTls: (tls: TlsRef) => void;
}

export interface ServerSetting extends EapSetting {
  /** Where the peer is. */
  readonly source: Ip;
  /** What we call ourselves: the name in the challenge of MSCHAPv2. */
  readonly serverName: string;
  /**
   * Checks a password. Guesses are counted, too many of them fail whatever they are, and a user that nobody knows
   * costs the same work as a wrong password. One call is one guess.
   * @param name as the peer wrote it
   * @param check gets the NT hash (16 bytes, a view) and returns what it proves, or undefined where it does not fit
   */
  login<T>(name: Uint8Array, check: (ntHash: Uint8Array) => T | undefined): Steps<Login<T>>;
}

export type Login<T> =
  | { readonly ok: true; readonly identity: Identity; readonly grant: Grant; readonly proof: T }
  | {
      readonly ok: false;
      readonly cause: Cause;
      readonly why: string;
      readonly advice: string;
    };

export interface PeerSetting extends EapSetting {
  /** UTF-8. Undefined: there is none, only a certificate will do. */
  readonly password: Secret | undefined;
  /** What the certificate of the server must prove, where the method sees one. */
  readonly serverId: IdentityPattern;
  /** Whether the server proved who it is before EAP began: a password may go to nobody else (RFC 3748 §7.3). */
  readonly isServerProven: boolean;
}
