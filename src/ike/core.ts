// The contract of the IKE core on one page: inputs, effects, questions. The core is a synchronous function
// with memory; clocks, sockets, keys on disk and address pools live outside and answer through this page.

import type { Ip, SocketAddress } from '../base/ip.ts';
import type { Secret } from '../base/secret.ts';
import type { Duration, Instant } from '../base/time.ts';
import type { Identity } from '../policy/identity.ts';
import type { Policy } from '../policy/policy.ts';
import type { Selector } from '../policy/selectors.ts';
import type { Keyword } from '../transforms/table.ts';
import type { Cause, ChainFault } from './causes.ts';
import type { TraceEvent } from './events.ts';
import type { Phase } from './sa/phase.ts';

export interface Path {
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
}
export type Ticket = number & { readonly __brand: 'ticket' };
export type ChildRef = number & { readonly __brand: 'child' };
export type SaRef = number & { readonly __brand: 'sa' };
/** Names one TLS connection inside EAP, held outside the core. */
export type TlsRef = number & { readonly __brand: 'tls' };

export type Input =
  /** One IKE message without the non-ESP marker, the core’s from here on; `proven`: its cookie fits (RFC 7296 §2.6). */
  | { readonly kind: 'datagram' | 'proven'; readonly path: Path; readonly bytes: Uint8Array }
  /** The deadline passed. */
  | { readonly kind: 'wake' }
  | { readonly kind: 'command'; readonly command: Command }
  | { readonly kind: 'answer'; readonly ticket: Ticket; readonly answer: Answer }
  | { readonly kind: 'dataplane'; readonly event: DataPlaneEvent };

export type Command =
  /** Dials a connection of the policy from and to the addresses of `path`. */
  | {
      readonly kind: 'initiate';
      readonly connection: string;
      readonly path: Path;
      /** What wants the tunnel; `untrap` tells when it has it. */
      readonly packet?: WaitingPacket | undefined;
      /** The answer to `redirect`. */
      readonly redirected?: Redirection | undefined;
    }
  /** One more CHILD_SA on the IKE SA of a connection, for a packet that none carries; `untrap` is the answer. */
  | { readonly kind: 'widen'; readonly connection: string; readonly packet: WaitingPacket }
  /** Says DELETE to one IKE SA, to all of a connection, to one CHILD_SA, or to all there are. */
  | {
      readonly kind: 'terminate';
      readonly which:
        | SaRef
        | { readonly connection: string }
        | { readonly child: ChildRef }
        | 'all';
    }
  /** New keys for an IKE SA, or for one of its children. */
  | { readonly kind: 'rekey'; readonly sa: SaRef; readonly child: ChildRef | undefined }
  /**
   * An IKE SA that we dialled goes on between these addresses: ours changed, or one of the peer's serves better.
   * With the addresses it has, the way was gone and is back: what waits for an answer goes out at once.
   */
  | { readonly kind: 'roam'; readonly sa: SaRef; readonly local: Ip; readonly remote: Ip }
  /** All addresses of this host at which peers may reach its sockets, the best first. */
  | { readonly kind: 'addresses'; readonly addresses: readonly Ip[] }
  /** Whether keys that are agreed from here on are disclosed, though the policy does not ask for it. */
  | { readonly kind: 'disclose'; readonly isOn: boolean }
  /** Replaces the policy; running SAs stay. */
  | { readonly kind: 'policy'; readonly policy: Policy };

/**
 * What a packet says that waits for a tunnel, as selectors of one address each: they stand before the policy's in
 * TSi and TSr, so that whoever narrows can choose what fits it (RFC 7296 §2.9).
 */
export interface WaitingPacket {
  readonly local: Selector;
  readonly remote: Selector;
}

/** Inner addresses on our side and on the peer's. */
export interface Selectors {
  readonly local: readonly Selector[];
  readonly remote: readonly Selector[];
}

/** Which gateway sent us away (RFC 5685), and the SA that serves until the next one stands. */
export interface Redirection {
  readonly from: Ip;
  readonly instead: SaRef | undefined;
}

export type DataPlaneEvent =
  /**
   * Authenticated, in-window packets arrive from another address: the NAT mapping changed (RFC 7296 §2.23).
   * Both ports are 0 where they come as IP protocol 50.
   */
  | { readonly kind: 'moved'; readonly child: ChildRef; readonly path: Path }
  | { readonly kind: 'soft-limit' | 'hard-limit'; readonly child: ChildRef }
  /** A packet came for an inbound SPI that is expected: the peer has answered our request for it. */
  | { readonly kind: 'early'; readonly spi: number }
  /** The first authenticated packet came in on a CHILD_SA that stood by: the peer has it too. */
  | { readonly kind: 'used'; readonly child: ChildRef };

export type Effect =
  | { readonly kind: 'send'; readonly path: Path; readonly bytes: Uint8Array }
  /** The byte that keeps a NAT from forgetting us (RFC 3948 §2.3). */
  | { readonly kind: 'keepalive'; readonly path: Path }
  /**
   * A request of ours is about to name this inbound SPI. The peer may send on it as soon as it has answered (RFC 7296
   * §2.8), so its packets may be here before that answer is read, and wait for `install`.
   */
  | { readonly kind: 'expect'; readonly spi: number }
  /** Our SPI of an IKE SA that a rekey made: only an inside peer can know it, though no message of ours shows it yet. */
  | { readonly kind: 'admit'; readonly spi: Uint8Array }
  | { readonly kind: 'install'; readonly child: ChildSpec }
  | {
      readonly kind: 'move';
      readonly child: ChildRef;
      readonly path: Path;
      readonly encap: 'udp' | 'raw';
    }
  /** Send on this one from here on, instead of on another with the same selectors. */
  | { readonly kind: 'activate'; readonly child: ChildRef }
  | { readonly kind: 'remove'; readonly child: ChildRef }
  /** A packet that waited can go its way; or the peer gives us no tunnel for it. */
  /** The peer of a connection sends us to another gateway, an address or a host name: `initiate` it there. */
  | ({ readonly kind: 'redirect'; readonly connection: string; readonly to: string } & Redirection)
  | { readonly kind: 'untrap'; readonly connection: string; readonly isCarried: boolean }
  /** An address that the question `lease` gave is free again. */
  | { readonly kind: 'release'; readonly lease: Lease }
  /** A TLS connection that the question `openTls` gave has served. */
  | { readonly kind: 'closeTls'; readonly tls: TlsRef }
  | { readonly kind: 'ask'; readonly ticket: Ticket; readonly question: Question }
  /** The keys of an IKE SA for Wireshark; only when the policy or a command asks for it. */
  | { readonly kind: 'disclose'; readonly keys: DisclosedKeys }
  | { readonly kind: 'report'; readonly event: TraceEvent };

/** One direction of a CHILD_SA. `encryption` is the key followed by the salt where the cipher has one. */
export interface EspDirection {
  readonly spi: number;
  readonly encryption: Secret;
  readonly integrity: Secret | undefined;
}
/** What the data plane needs to carry a CHILD_SA. The core owns the secrets and wipes them after `remove`. */
export interface ChildSpec {
  readonly ref: ChildRef;
  readonly sa: SaRef;
  readonly path: Path;
  /** UDP encapsulation on port 4500, or ESP as IP protocol 50. */
  readonly encap: 'udp' | 'raw';
  readonly cipher: Keyword<'ENCR'>;
  readonly integrity: Keyword<'INTEG'> | undefined;
  readonly esn: boolean;
  /** Receive on it, but do not send before `activate`: the peer may not have it yet (RFC 7296 §2.8). */
  readonly standby: boolean;
  readonly inbound: EspDirection;
  readonly outbound: EspDirection;
  readonly selectors: Selectors;
  /** When `soft-limit` and `hard-limit` are told, beside what the sequence numbers allow; undefined: by those alone. */
  readonly limits: { readonly soft: Amount; readonly hard: Amount } | undefined;
}

/** Of inner packets in either direction; undefined: any. */
export interface Amount {
  readonly packets: number | undefined;
  readonly bytes: number | undefined;
}

export interface Lease {
  readonly pool: string;
  /** The authenticated identity that holds it, as text. */
  readonly identity: string;
  readonly addresses: readonly Ip[];
  /** What its holder may reach on our side; undefined: all that the connection lets through. */
  readonly reach?: readonly Selector[] | undefined;
}

export interface DisclosedKeys {
  readonly spiI: Uint8Array;
  readonly spiR: Uint8Array;
  readonly encryption: Keyword<'ENCR'>;
  readonly integrity: Keyword<'INTEG'> | undefined;
  readonly skEi: Uint8Array;
  readonly skEr: Uint8Array;
  readonly skAi: Uint8Array;
  readonly skAr: Uint8Array;
}

export type ChainVerdict =
  | {
      readonly ok: true;
      /** SubjectPublicKeyInfo, DER. */
      readonly spki: Uint8Array;
      readonly keyType: KeyType;
      /** The subject DN (DER) and the subjectAltNames: identities that the certificate proves. */
      readonly identities: readonly Identity[];
      /** Tells the certificate from all others: whoever revokes it finds its SAs by it. */
      readonly certificate?: string;
    }
  | {
      readonly ok: false;
      readonly cause: ChainFault;
      readonly why: string;
      /** Undefined: what helps against the cause in general. */
      readonly advice?: string;
      /** The key of the end entity, where it can be used at all. */
      readonly key?: { readonly spki: Uint8Array; readonly keyType: KeyType } | undefined;
    };
export type KeyType = 'rsa' | 'p256' | 'p384' | 'p521' | 'ed25519';

/** How a signature is made, apart from the key. `raw` is r‖s of methods 9–11, else ECDSA is a DER sequence. */
export type Scheme =
  | 'rsa-sha1'
  | 'rsa-sha256'
  | 'rsa-sha384'
  | 'rsa-sha512'
  | 'rsa-pss-sha256'
  | 'rsa-pss-sha384'
  | 'rsa-pss-sha512'
  | 'ecdsa-sha256'
  | 'ecdsa-sha384'
  | 'ecdsa-sha512'
  | 'ecdsa-sha256-raw'
  | 'ecdsa-sha384-raw'
  | 'ecdsa-sha512-raw'
  | 'ed25519';

/** What the core cannot decide alone: I/O, slow mathematics, keys that live elsewhere. */
export interface Questions {
  verifyChain: {
    ask: { chain: readonly Uint8Array[]; purpose: 'client' | 'server' };
    answer: ChainVerdict;
  };
  verify: {
    ask: { spki: Uint8Array; scheme: Scheme; octets: Uint8Array; signature: Uint8Array };
    answer: boolean;
  };
  /** Undefined: the key cannot be used; why is in the daemon's log. */
  sign: {
    ask: { keyId: string; scheme: Scheme; octets: Uint8Array };
    answer: Uint8Array | undefined;
  };
  lease: {
    ask: {
      pool: string;
      identity: string;
      v4: boolean;
      v6: boolean;
      /** Addresses that the identity has on another SA, and goes on with on this one. */
      held?: readonly Ip[];
      /** The account, and the certificate, by which it came in, see SaSnapshot. */
      user?: string | undefined;
      certificate?: string | undefined;
    };
    answer: LeaseAnswer;
  };
  /** Begins TLS inside EAP (RFC 5216). Undefined: our certificate cannot be used. */
  openTls: { ask: { opening: TlsOpening }; answer: { readonly tls: TlsRef } | undefined };
  /** Gives it what came in EAP packets, then `data` to say under its protection; either may be empty. */
  tls: { ask: { tls: TlsRef; records: Uint8Array; data: Uint8Array }; answer: TlsProgress };
  /** Keying material by the exporter of RFC 5705 or, with TLS 1.3, of RFC 8446 §7.5. */
  exportTls: {
    ask: { tls: TlsRef; label: string; context: Uint8Array | undefined; length: number };
    answer: Uint8Array | undefined;
  };
  /** The account of a user name, whoever asks: a name proves nothing. */
  account: { ask: { name: string }; answer: AccountAnswer };
  /** How long since an authenticated packet last came in on any of these. */
  idle: { ask: { children: readonly ChildRef[] }; answer: Duration };
  /** How many packets it has carried, both ways together. */
  carried: { ask: { child: ChildRef }; answer: number };
}
export type LeaseAnswer =
  | {
      readonly ok: true;
      readonly lease: Lease;
      readonly dns: readonly Ip[];
      readonly domains: readonly string[];
    }
  | { readonly ok: false; readonly why: string };
export type TlsOpening =
  | {
      readonly role: 'server';
      readonly own: TlsCertificate;
      /** Ask for the peer's certificate; whether it may be believed is the question `verifyChain`. */
      readonly wantsCertificate: boolean;
      /** Where the peer is; a whole IPv6 prefix is one source. */
      readonly source: string;
    }
  | { readonly role: 'client'; readonly own: TlsCertificate | undefined };
export interface TlsCertificate {
  readonly keyId: string;
  /** End entity first, then intermediates; DER. */
  readonly chain: readonly Uint8Array[];
}
export type TlsProgress =
  | {
      readonly ok: true;
      /** Records to send; may be empty. */
      readonly records: Uint8Array;
      /** What the peer said under the protection of TLS. */
      readonly data: Uint8Array;
      /** The version, once the handshake is complete. */
      readonly established: '1.2' | '1.3' | undefined;
      /** The certificates of the peer as far as they came, end entity first; DER, judged by nobody. */
      readonly chain: readonly Uint8Array[];
    }
  /** `records` is the alert that says so to the peer, if there is one. */
  | { readonly ok: false; readonly why: string; readonly records: Uint8Array };
export type AccountAnswer =
  | {
      readonly ok: true;
      /** As its owner is called here, however the name was written. */
      readonly name: string;
      /** Of the password (RFC 2759 §8.3); it belongs to who answered, and serves this turn alone. */
      readonly ntHash: Secret;
      /** Of the password before, where that still lets in. */
      readonly former?: Secret | undefined;
      /** Connections that the user may come in by; undefined: all. */
      readonly connections: readonly string[] | undefined;
      /** IKE SAs that the user may have at one time; undefined: as many as anybody. */
      readonly most?: number | undefined;
    }
  | {
      readonly ok: false;
      readonly cause: Cause;
      readonly why: string;
      readonly advice: string;
    };
export type QuestionKind = keyof Questions;
export type Question = {
  [K in QuestionKind]: { readonly kind: K } & Questions[K]['ask'];
}[QuestionKind];
/** Undefined stands for «no answer»: the port failed or took too long. */
export type Answer = Questions[QuestionKind]['answer'] | undefined;

export interface Output {
  readonly effects: readonly Effect[];
  /** When to send `wake` if nothing else happens first; undefined: never. */
  readonly deadline: Instant | undefined;
}

export interface Core {
  handle(now: Instant, input: Input): Output;
  /** For rpc and the web page: plain data, no references inside, no secrets. */
  snapshot(): CoreSnapshot;
}

export interface CoreSnapshot {
  readonly sas: readonly SaSnapshot[];
  /** Dropped datagrams by reason, retransmissions, refused attempts. */
  readonly counters: Readonly<Record<string, number>>;
}
export interface SaSnapshot {
  readonly id: SaRef;
  readonly spiI: string;
  readonly spiR: string;
  readonly role: 'initiator' | 'responder';
  /** Whether we brought it up, whoever rekeyed it since. */
  readonly dialled: boolean;
  readonly phase: Phase;
  readonly connection: string | undefined;
  /** The authenticated identity of the peer, once there is one. */
  readonly peer: string | undefined;
  /** The peer's certificate as the verdict on its chain named it; undefined: it proved itself in another way. */
  readonly certificate: string | undefined;
  /** The account that it logged in with, where it did so with a password. */
  readonly user: string | undefined;
  readonly path: Path;
  /** Where the peer may be reached, as far as it told. */
  readonly peerAddresses: readonly Ip[];
  readonly nat: { readonly local: boolean; readonly remote: boolean };
  readonly suite: string | undefined;
  /** Recorded today, its traffic stays closed to a quantum computer: ML-KEM is in the keys. */
  readonly postQuantum: boolean;
  /** The id of the PPK that went into its keys. */
  readonly ppk: string | undefined;
  readonly createdAt: Instant;
  readonly establishedAt: Instant | undefined;
  /** When we ask for new keys, unless the peer does before. */
  readonly rekeyAt: Instant | undefined;
  readonly addresses: readonly Ip[];
  readonly children: readonly ChildSnapshot[];
}
export interface ChildSnapshot {
  readonly ref: ChildRef;
  readonly spiIn: string;
  readonly spiOut: string;
  readonly suite: string;
  readonly encap: 'udp' | 'raw';
  readonly local: readonly string[];
  readonly remote: readonly string[];
  readonly createdAt: Instant;
  readonly rekeyAt: Instant | undefined;
}
