// What a profile is made of: a device with its credential, and the gateway as it is configured at that moment. Every
// format is a function from this to files; nothing is typed twice.
import type { Ip, Prefix } from '../base/ip.ts';
import type { Proposal } from '../transforms/parse.ts';

export interface Onboarding {
  readonly gateway: Gateway;
  readonly device: Device;
  readonly credential: Credential;
  /** Asks for ML-KEM after the first key exchange, where the format can. */
  readonly isPostQuantum?: boolean;
}

export interface Gateway {
  /** What devices dial; the certificate of the gateway proves it. */
  readonly name: string;
  /** Undefined: the certificate comes from an authority that devices know from the factory. */
  readonly authority: Authority | undefined;
  /** In order of preference. */
  readonly ike: readonly Proposal[];
  readonly esp: readonly Proposal[];
  /** Families of the addresses that devices get. */
  readonly hasIpv4: boolean;
  readonly hasIpv6: boolean;
  readonly dns: readonly Ip[];
  /** Domains that these servers know, and only they; none: they are asked about everything. */
  readonly domains: readonly string[];
  /** What devices with routing `home` reach through the tunnel. */
  readonly networks: readonly Prefix[];
  /** Largest packet inside the tunnel, in bytes. */
  readonly mtu: number;
  /** Names of the Wi-Fi at home, where no tunnel is needed. */
  readonly wifi: readonly string[];
}

export interface Authority {
  readonly commonName: string;
  readonly der: Uint8Array;
  readonly pem: string;
}

export interface Device {
  readonly name: string;
  /** What stays when the device gets another name. */
  readonly key: string;
  /** `all`: everything goes through the tunnel; `home`: what is for the networks at home. */
  readonly routing: 'all' | 'home';
  /** Connects by itself, where the system can. */
  readonly isOnDemand: boolean;
}

export type Credential = PasswordCredential | CertificateCredential;
export interface PasswordCredential {
  readonly kind: 'password';
  readonly userName: string;
  /** Undefined: it was told before, and the device asks for it. */
  readonly password: string | undefined;
}
export interface CertificateCredential {
  readonly kind: 'certificate';
  /** What the device calls itself: a subjectAltName of the certificate. */
  readonly identity: string;
  /** Certificate, key and authority, under a passphrase. */
  readonly pkcs12: { readonly legacy: Uint8Array; readonly modern: Uint8Array };
  readonly passphrase: string;
  readonly certificatePem: string;
  readonly keyPem: string;
}

/** What a device is given. */
export interface Profile {
  readonly file: ProfileFile;
  /** Files that go with it. */
  readonly extras: readonly ProfileFile[];
  /** Whether the files let in whoever has them; `asked`: the device asks for the password. */
  readonly secret: 'inside' | 'asked';
  /** What to do with it, a sentence each. */
  readonly steps: readonly string[];
}

export interface ProfileFile {
  readonly filename: string;
  /** MIME type. */
  readonly type: string;
  readonly content: string | Uint8Array;
}

/** The device cannot be served this way; the message is for the owner. */
export class CannotMake extends Error {
  override readonly name = 'CannotMake';
}

/** A name for files, whatever the device is called. */
export const fileStem = ({ name }: Pick<Device, 'name'>): string =>
  name.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[.-]+/, '') || 'device';

/** For formats that hold what they are given. */
export const secretOf = (credential: Credential): Profile['secret'] =>
  credential.kind === 'password' && credential.password === undefined ? 'asked' : 'inside';

/** What the connection is called on the device. */
export const titleOf = ({ name }: Pick<Gateway, 'name'>): string => `Home VPN (${name})`;

export const isSplit = ({ device }: Onboarding): boolean => device.routing === 'home';

/** The networks of a device that leads nothing else through the tunnel. @throws CannotMake where nobody named them */
export function homeNetworks({ gateway }: Onboarding): readonly Prefix[] {
  if (gateway.networks.length > 0) return gateway.networks;
  throw new CannotMake(
    "the networks at home are not known: set list home_net of the service, or choose routing 'all'",
  );
}
