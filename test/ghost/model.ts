// What makes one client differ from another, as data: what it offers, how it orders its payloads, what it insists on,
// and when it speaks. The machine that plays it is ghost.ts.
import type { Notification } from '../../src/iana/notifies.ts';
import type { Identity } from '../../src/policy/identity.ts';

/** Transform ID, and key length in bits where the registry has one per ID. */
export type Encr = readonly [id: number, keyBits?: number];

/** One proposal, by transform IDs. */
export interface Offer {
  readonly encr: readonly Encr[];
  readonly prf?: readonly number[];
  readonly integ?: readonly number[];
  /** `same`: the method of the IKE SA. */
  readonly ke?: readonly number[] | 'same';
  /** Of ADDKE1 and so on; 0 is NONE. */
  readonly addKe?: readonly (readonly number[])[];
  /** Extended Sequence Numbers: 0 without, 1 with. */
  readonly esn?: readonly number[];
}

/** A place in a message; a name of the registry is a notify without data, unless the machine knows what to say. */
export type Part =
  | 'SA'
  | 'KE'
  | 'Nonce'
  | 'VendorIDs'
  | 'IDi'
  | 'IDr'
  | 'CERT'
  | 'CERTREQ'
  | 'AUTH'
  | 'CP'
  | 'TSi'
  | 'TSr'
  | keyof typeof Notification;

/** What NAT_DETECTION_SOURCE_IP says: the truth, a lie that makes both ends use UDP, or nothing at all. */
export type Source = 'true' | 'false' | 'none';

/** What the client's owner typed and what it has. */
export interface Owner {
  /** Of the gateway, as dialled. */
  readonly server: string;
  /** Own name: of the user, or of the device. */
  readonly name: string;
  /** The address of the interface that it dials from. */
  readonly address: string;
  /** Subject of its certificate, DER, where it logs in with one. */
  readonly subject: Uint8Array | undefined;
}

export interface Model {
  readonly name: string;
  readonly ike: readonly Offer[];
  readonly esp: readonly Offer[];
  /** Of the first KE payload. */
  readonly firstKe: number;
  readonly nonceBytes: number;
  /** Hash numbers of SIGNATURE_HASH_ALGORITHMS, where its messages carry it. */
  readonly hashes: readonly number[];
  /** Source ports: 500 and 4500, or whatever its system gives it. */
  readonly ports: 'well known' | 'random';
  /** The messages, payload by payload. */
  readonly initParts: readonly Part[];
  readonly authParts: readonly Part[];
  readonly vendorIds: readonly Uint8Array[];
  /** How it can log in (`eap`: MSCHAPv2), how it signs, and whether EAP-Identity has a name in it. */
  readonly logins: readonly ('psk' | 'certificate' | 'eap')[];
  readonly eapIdentity: 'filled' | 'empty';
  readonly signs: 'method 1' | 'sha256' | 'sha512';
  readonly identify: (owner: Owner) => Identity;
  /** Authorities that CERTREQ names. */
  readonly authorities: number;
  /** CFG_REQUEST attributes. */
  readonly config: readonly number[];
  readonly source: { readonly v4: Source; readonly v6: Source };
  /** Largest IP datagram for a message. */
  readonly datagramBytes: number;
  /** Seconds from each sending to the next; after the last it gives up. */
  readonly retransmit: readonly number[];
  /** Seconds of silence before it asks whether the gateway is there; undefined: never. */
  readonly liveness: number | undefined;
  /** Seconds between NAT keepalives. */
  readonly keepalive: number;
  readonly rekey: Rekeying;
  readonly insists: Insistence;
}

export interface Rekeying {
  /** Age in seconds at which it renews. */
  readonly child: number;
  readonly ike: number;
  /** What it proposes for a new CHILD_SA. */
  readonly esp: readonly Offer[];
  /** For a new IKE SA: all it offered first, or the chosen one alone under its old number. */
  readonly ikeList: 'all' | 'the chosen one';
  /** Whether it asks again for all that it asked for at first, or for what was agreed. */
  readonly selectors: 'agreed' | 'everything';
  /** Tries another group when told to. */
  readonly heedsInvalidKe: boolean;
  /** What it answers when the gateway renews a CHILD_SA. */
  readonly answersChild: 'yes' | 'not behind a NAT';
  /** Seconds of nothing but TEMPORARY_FAILURE after which it hangs up. */
  readonly patience: number | undefined;
}

/** What it hangs up over. */
export interface Insistence {
  /** IDr in the response equals what was sent. */
  readonly sameIdR: boolean;
  /** Public keys of the gateway that it takes. */
  readonly serverKeys: readonly ('rsa' | 'ec')[];
  /** Authentication methods of the gateway that it takes. */
  readonly serverMethods: readonly number[];
  /** The dialled name is a subjectAltName; without: the common name will do. */
  readonly subjectAltName: boolean;
  /** serverAuth in extendedKeyUsage. */
  readonly serverAuth: boolean;
  /** Days from notBefore to notAfter at most. */
  readonly certificateDays: number | undefined;
  /** No NAT on IPv6: its kernel has no ESP in UDP there. */
  readonly noNatOnIpv6: boolean;
  /** Says DELETE when it hangs up in anger; without, it goes silent. */
  readonly saysGoodbye: boolean;
}
