// Somebody else's daemon in the cabin (cabin.ts): what the matrix of peers asks of it, and how it is joined to ours.
import type { Family } from './cabin.ts';
import type { Credential } from './certificates.ts';
import { network } from './home.ts';

/** One way in which two gateways may be joined. */
export interface Joint {
  readonly dials: 'we' | 'they';
  readonly auth: 'psk' | 'certificate' | 'EAP-TLS';
  readonly outer: Family;
  readonly encap: 'UDP' | 'ESP';
  readonly cipher: 'aes256gcm16' | 'chacha20poly1305' | 'aes256-sha512';
  readonly esn: boolean;
}

/** What a daemon does for the matrix; each of these fails when the daemon says so. */
export interface SitePeer {
  /** Makes the joint its only one: from here on it answers, or dials when told. */
  configure(joint: Joint): Promise<void>;
  dial(): Promise<void>;
  /** What it renews when asked to, or by traffic. */
  readonly renews: readonly ('child' | 'ike')[];
  rekey(what: 'child' | 'ike'): Promise<void>;
  /** The last it wrote, for a test that failed. */
  readonly log: string;
}

/** Certificates of both ends, and of the authority that each believes. */
export interface Papers {
  readonly authority: string;
  readonly ours: Credential;
  readonly theirs: Credential;
}

/** What the cabin reaches at home. */
export const homeNetwork = network.lan;

/** The secret of joints by PSK. */
export const sharedSecret = 'correct horse battery staple';
