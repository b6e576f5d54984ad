// What the methods may ask about certificates; the daemon answers, and so does `ikectl` itself where none runs.

export interface CertificateDesk {
  /** Authorities, the gateway's own certificates, and those of devices. */
  list(): readonly CertificateFacts[];
  /** Makes the home CA and the certificate of the gateway, and writes both into the configuration. */
  create(request: NewAuthority): Promise<CreatedAuthority>;
  /** Makes a key and a certificate for a device; the key is given away and not kept. */
  issue(request: NewDevice): Promise<IssuedDevice>;
  /** Issues the gateway's certificate anew, for other names where some are given. */
  renew(request: Renewal): Promise<CertificateFacts>;
  /** @param which name or serial number; a tunnel that was made with the certificate ends at once */
  revoke(which: string): { readonly name: string; readonly serial: string };
  /** Takes in a certificate of the gateway that was made elsewhere. */
  take(request: ForeignCertificate): Promise<CertificateFacts>;
  /** Takes in an authority from elsewhere, such as that of a provider. */
  trust(request: ForeignAuthority): Promise<CertificateFacts>;
  /** The certificate of the home CA, for devices to trust. */
  authority(): AuthorityFile;
  /** The public key of this router, which other routers are given; makes the key where there is none. */
  key(): RouterKey;
}

export interface CertificateFacts {
  readonly kind: 'authority' | 'gateway' | 'device';
  /** Section of the configuration, or the device. */
  readonly name: string;
  readonly subject: string;
  /** Device: the user whose it is; undefined: nobody was named. */
  readonly owner: string | undefined;
  readonly issuer: string;
  /** In hexadecimal. */
  readonly serial: string;
  /** What it proves besides its subject. */
  readonly names: readonly string[];
  /** Seconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** Whether the home CA issued it, and so can renew it; or is it. */
  readonly isOurs: boolean;
  /** Whether any authority of this gateway issued it: only then does it let anybody in. */
  readonly isBelieved: boolean;
  readonly revokedAt: number | undefined;
  readonly file: string;
}

export interface NewAuthority {
  /** Host names or addresses that clients dial; at least one. */
  readonly names: readonly string[];
  /** Puts another home CA in the place of one that is there: no device that trusts the old one connects any more. */
  readonly force: boolean;
}
export interface CreatedAuthority {
  readonly authority: CertificateFacts;
  readonly gateway: CertificateFacts;
  /** What was done, and what the owner may want to do next: a sentence each. */
  readonly done: readonly string[];
  readonly next: readonly string[];
}

export interface NewDevice {
  readonly name: string;
  readonly owner: string | undefined;
  /** How the key is protected, see `Pkcs12Form`. */
  readonly form: 'legacy' | 'modern';
}
export interface IssuedDevice {
  readonly device: CertificateFacts;
  readonly pkcs12: Uint8Array;
  /** Opens it; told this once. */
  readonly passphrase: string;
  /** The same in each form, and in parts: what profiles are made of. */
  readonly forms: { readonly legacy: Uint8Array; readonly modern: Uint8Array };
  readonly certificatePem: string;
  readonly keyPem: string;
}

export interface Renewal {
  /** Section; undefined: the only one that the home CA issued. */
  readonly name: string | undefined;
  /** Host names or addresses; empty: those that it has. */
  readonly names: readonly string[];
}

export interface ForeignCertificate {
  /** Name of the section that it gets. */
  readonly name: string;
  /** PEM, or PKCS#12. */
  readonly content: Uint8Array;
  /** PEM, where `content` has no key. Both are wiped. */
  readonly key: Uint8Array | undefined;
  readonly passphrase: string | undefined;
  readonly force: boolean;
}

export interface ForeignAuthority {
  /** Name of the section that it gets. */
  readonly name: string;
  /** PEM or DER. */
  readonly content: Uint8Array;
  /** Of which peers it makes certificates believable. */
  readonly vouchesFor: 'clients' | 'servers' | 'any';
}

export interface RouterKey {
  /** SubjectPublicKeyInfo (DER), in base64: one line. */
  readonly publicKey: string;
  readonly file: string;
  readonly isMade: boolean;
}

export interface AuthorityFile {
  readonly name: string;
  readonly der: Uint8Array;
  readonly pem: string;
}
