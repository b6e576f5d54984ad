// What the administrator wants, as plain immutable data. `config/load.ts` makes it; the core only reads it.
import type { Ip, IpRange } from '../base/ip.ts';
import type { Secret } from '../base/secret.ts';
import type { Duration } from '../base/time.ts';
import type { Proposal } from '../transforms/parse.ts';
import type { Identity, IdentityPattern } from './identity.ts';
import type { SelectorPolicy } from './selectors.ts';

export interface Policy {
  readonly connections: readonly Connection[];
  readonly presharedKeys: readonly PresharedKey[];
  readonly ppks: readonly Ppk[];
  readonly certificates: readonly OwnCertificate[];
  /** SHA-1 of the SubjectPublicKeyInfo of each authority that we trust: the content of CERTREQ (RFC 7296 §3.7). */
  readonly authorities: readonly Uint8Array[];
  readonly timing: Timing;
  readonly limits: Limits;
  /** Our own port for messages and ESP behind a NAT (RFC 7296 §2.23). */
  readonly nattPort: number;
  /** Disclose keys for Wireshark. */
  readonly keylog: boolean;
}

/** AUTH by a key: a certificate's, or one that both sides share. */
export type KeyAuth = 'pubkey' | 'psk';
/** AUTH by what an EAP method made, after its rounds (RFC 7296 §2.16). */
export type EapAuth = (typeof eapAuths)[number];
export const eapAuths = ['eap-mschapv2', 'eap-gtc', 'eap-tls', 'eap-ttls', 'eap-peap'] as const;
/** A certificate and then a login by EAP, both of the one who dials (RFC 4739). EAP-TLS would prove nothing more. */
export type TwoRounds = `pubkey+${(typeof secondRounds)[number]}`;
const secondRounds = ['eap-mschapv2', 'eap-gtc', 'eap-ttls', 'eap-peap'] as const;
export const twoRounds: readonly TwoRounds[] = secondRounds.map(
  (auth) => `pubkey+${auth}` as const,
);
/** EAP runs from the initiator to the responder: only one who dials logs in by it. */
export type LocalAuth = KeyAuth | EapAuth | TwoRounds;
export type RemoteAuth = KeyAuth | EapAuth | TwoRounds;
export const isEap = (auth: string): auth is EapAuth => eapAuths.some((one) => one === auth);
export const isTwoRounds = (auth: string): auth is TwoRounds =>
  twoRounds.some((one) => one === auth);
/** The method of EAP by which it ends, alone or after a certificate. */
export const eapOf = (auth: LocalAuth): EapAuth | undefined =>
  eapAuths.find((one) => auth === one || auth === `pubkey+${one}`);

/**
 * `device`: those go that do not answer; `replace`: they go; `keep`: the new one is refused while an older one
 * answers; `never`: they stay, even if the peer says that it knows of none.
 */
export type Uniqueness = (typeof uniquenesses)[number];
export const uniquenesses = ['device', 'replace', 'keep', 'never'] as const;

export type Childless = (typeof childlessModes)[number];
export const childlessModes = ['allow', 'prefer', 'force', 'never'] as const;

export interface Connection {
  readonly name: string;
  /** `both`: dials, and answers a peer that dials first. */
  readonly role: 'initiator' | 'responder' | 'both';
  /** Peers it serves; names are resolved outside. Empty: anybody. */
  readonly remote: readonly IpRange[];
  /** What we call ourselves; undefined: what the peer asks for, if a certificate or key of ours has it. */
  readonly localId: Identity | undefined;
  readonly remoteId: IdentityPattern;
  readonly localAuth: LocalAuth;
  readonly remoteAuth: readonly RemoteAuth[];
  /** Keys of which the peer must have one, instead of a certificate (RFC 7670); empty: any certificate will do. */
  readonly remoteKeys: readonly PinnedKey[];
  /** Responder: the users that may log in by EAP. */
  readonly eapId: IdentityPattern;
  /** Initiator: whom we log in as by EAP; undefined: as our identity, without a password. */
  readonly login: { readonly name: string; readonly password: Secret } | undefined;
  /** Initiator: the id of the PPK to use; undefined: the first that is for the peer. */
  readonly ppkId: Uint8Array | undefined;
  /** Whether a PPK must be in the keys (RFC 8784, RFC 9867); else it is where both sides know it. */
  readonly ppkRequired: boolean;
  /** Lets in by PEAP who does not bind the method inside to the TLS around it. */
  readonly peapUnbound: boolean;
  /** Name of an OwnCertificate; undefined: the one that carries our identity. */
  readonly certificate: string | undefined;
  readonly ike: readonly Proposal[];
  readonly esp: readonly Proposal[];
  /** Responder: where virtual addresses come from. */
  readonly pool: string | undefined;
  /** Initiator: virtual addresses to ask for; the unspecified address asks for any of its family. */
  readonly virtualIps: readonly Ip[];
  readonly localTs: SelectorPolicy;
  readonly remoteTs: SelectorPolicy;
  /** `auto`: UDP encapsulation is forced on IPv4 and as detected on IPv6. */
  readonly encap: 'auto' | 'always' | 'never';
  /** Largest IP datagram that carries an IKE message, in bytes. */
  readonly fragmentSize: number;
  /** How long a peer may be silent before we probe it; undefined: never probe. */
  readonly dpd: Duration | undefined;
  /** How long a tunnel may carry nothing before it is closed, and the IKE SA kept; undefined: for ever. */
  readonly inactivity: Duration | undefined;
  /** May move to another address without a new handshake (RFC 4555). */
  readonly mobike: boolean;
  /** How long keys serve before they are rekeyed; undefined: for ever. */
  readonly ikeLifetime: Duration | undefined;
  readonly childLifetime: Duration | undefined;
  /** How much the keys of a CHILD_SA serve for in either direction, likewise. */
  readonly childPackets: number | undefined;
  readonly childBytes: number | undefined;
  /**
   * How long an authentication is good for: an initiator renews it before, a responder announces it and ends the
   * SA then (RFC 4478); undefined: for ever.
   */
  readonly reauthLifetime: Duration | undefined;
  /** What becomes of the older SAs of a peer that is authenticated again. */
  readonly unique: Uniqueness;
  /**
   * Whether the first CHILD_SA is made after the IKE SA (RFC 6023). `allow`: where the peer wants it; `prefer`: as
   * initiator where the peer can; `force`: always; `never`.
   */
  readonly childless: Childless;
  /** Initiator: a tunnel that the peer deletes is made again. */
  readonly persistent: boolean;
  /** Initiator: follows a peer that sends it to another gateway (RFC 5685). */
  readonly redirect: boolean;
  /** Share of a lifetime by which rekeys are spread, 0 to 1. */
  readonly jitter: number;
}

export interface PresharedKey {
  /** Peers and possibly ourselves; empty: fits everybody. */
  readonly ids: readonly IdentityPattern[];
  readonly secret: Secret;
}

/** A post-quantum pre-shared key (RFC 8784): it proves nobody, and goes into the keys besides the key exchange. */
export interface Ppk {
  /** What both sides know it by: PPK_ID without its type. */
  readonly id: Uint8Array;
  readonly secret: Secret;
  /** Peers that have it; empty: everybody. */
  readonly peers: readonly IdentityPattern[];
}

/** A public key that the owner believes as it is. */
export interface PinnedKey {
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
  readonly keyType: OwnCertificate['keyType'];
  /** Its hash as ID_KEY_ID: who has the key, where it has no other name. */
  readonly identity: Identity;
}

export interface OwnCertificate {
  readonly name: string;
  /** How the question `sign` names the key. */
  readonly keyId: string;
  readonly keyType: 'rsa' | 'p256' | 'p384' | 'p521' | 'ed25519';
  /** End entity first, then intermediates; DER. Empty: there is only a key. */
  readonly chain: readonly Uint8Array[];
  /** SubjectPublicKeyInfo (DER) of a key that has no certificate. */
  readonly publicKey?: Uint8Array;
  /** Subject DN and subjectAltNames. */
  readonly identities: readonly Identity[];
}

export interface Timing {
  /** First retransmission of a request; each further one waits 1.8 times as long. */
  readonly retransmitBase: Duration;
  /** Retransmissions before the peer counts as dead. */
  readonly retransmitTries: number;
  /** A half-open IKE SA is dropped after this. */
  readonly halfOpen: Duration;
  /** Between two bytes that keep a NAT in front of us awake; undefined: none are sent (RFC 3948 §4). */
  readonly keepalive: Duration | undefined;
  /** How long the core waits for the answer to a question. */
  readonly question: Duration;
}

export interface Limits {
  /** Half-open IKE SAs in all before COOKIE is demanded (RFC 7296 §2.6). */
  readonly cookieThreshold: number;
  /** Half-open IKE SAs of one source address before COOKIE is demanded of it. */
  readonly cookieThresholdPerSource: number;
  /** Half-open IKE SAs in all and of one source: more are not created. */
  readonly halfOpen: number;
  readonly halfOpenPerSource: number;
}
