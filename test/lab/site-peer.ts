// Somebody else's daemon in the cabin (cabin.ts): what the matrix of peers asks of it, and how it is joined to ours.
import { cabin, type Family } from './cabin.ts';
import { Authority, type Credential } from './certificates.ts';
import { network } from './home.ts';
import { gatewayName } from './phone.ts';

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

export function sitePapers(): Papers {
  const authority = new Authority();
  const of = (name: string) =>
    authority.issue({
      dn: `C=CH, O=Home, CN=${name}`,
      san: [name],
      purpose: 'serverAuth',
      more: ['--flag', 'clientAuth'], // each side dials in some of them
    });
  return { authority: authority.certificate, ours: of(gatewayName), theirs: of(cabin.name) };
}

/** What the cabin reaches at home. */
export const homeNetwork = network.lan;

/** The secret of joints by PSK. */
export const sharedSecret = 'correct horse battery staple';
