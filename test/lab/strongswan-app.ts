// The strongSwan app for Android, as far as a profile of it goes: what it reads from the JSON, by its own names and
// defaults, and what charon then dials with. The app gives charon the same by code that swanctl gives it by settings.
import type { CharonFiles } from './charon.ts';
import { openssl } from './openssl.ts';
import type { Settings } from './swanctl.ts';

interface Sswan {
  readonly uuid: string;
  readonly name: string;
  readonly type: string;
  readonly remote: {
    readonly addr: string;
    readonly port?: number;
    readonly id?: string;
    readonly cert?: string;
    readonly revocation?: { readonly crl?: boolean; readonly ocsp?: boolean };
  };
  readonly local?: {
    readonly id?: string;
    readonly eap_id?: string;
    readonly shared_secret?: string;
    readonly p12?: string;
  };
  readonly 'ike-proposal'?: string;
  readonly 'esp-proposal'?: string;
  readonly 'split-tunneling'?: { readonly subnets?: string };
}

export interface AppDial {
  readonly config: Settings;
  readonly files: CharonFiles;
  readonly plugins: Settings;
  /** What leads into the tunnel; none: everything that the gateway lets through. The gateway never hears of it. */
  readonly subnets: readonly string[];
}

/** @param typed what somebody types while it is imported: the passphrase of the PKCS#12 */
export function readSswan(text: string, typed: string): AppDial {
  const { remote, local = {}, type, ...profile } = JSON.parse(text) as Sswan;
  const isByCertificate = type === 'ikev2-cert';
  if (!isByCertificate && type !== 'ikev2-eap') throw new Error(`the app has no type ${type}`);
  const login = isByCertificate
    ? { auth: 'pubkey', id: local.id, certs: 'device.pem' }
    : { auth: 'eap', id: local.id ?? local.eap_id, eap_id: local.eap_id };
  const device = isByCertificate ? installed(local.p12 ?? '', typed) : undefined;
  return {
    config: {
      connections: {
        android: {
          ...{ version: 2, remote_addrs: remote.addr, remote_port: remote.port },
          ...{ vips: ['0.0.0.0', '::'], encap: true, fragmentation: 'yes', send_cert: 'always' },
          proposals: profile['ike-proposal'] ?? 'default',
          local: login,
          // Without an identity it asks for none, and takes who is called as it dialled.
          remote: { auth: 'pubkey', id: remote.id, cacerts: remote.cert && 'authority.pem' },
          children: {
            android: {
              // It asks for everything, whatever leads into the tunnel then.
              ...{ local_ts: everything, remote_ts: everything },
              esp_proposals: profile['esp-proposal'] ?? espProposals,
            },
          },
        },
      },
      secrets: isByCertificate
        ? {}
        : { 'eap-android': { id: local.eap_id, secret: local.shared_secret } },
    },
    files: {
      authorities: remote.cert ? { 'authority.pem': pem('CERTIFICATE', remote.cert) } : {},
      ...(device && {
        certificates: { 'device.pem': device.certificate },
        keys: { 'device.key': device.key },
      }),
    },
    plugins: {
      revocation: {
        enable_crl: remote.revocation?.crl ?? true,
        enable_ocsp: remote.revocation?.ocsp ?? true,
      },
    },
    subnets: profile['split-tunneling']?.subnets?.split(/\s+/) ?? [],
  };
}

const everything = ['0.0.0.0/0', '::/0'];

/** Its own, with a group and without one. */
const aead = 'aes256gcm16-aes128gcm16-chacha20poly1305';
const separate = 'aes256-aes192-aes128-sha384-sha256-sha512-sha1';
const espProposals = [
  `${aead}-curve25519-ecp384-ecp521-modp3072-modp4096-ecp256-modp8192`,
  `${separate}-curve25519-ecp384-ecp521-modp3072-modp4096-ecp256-modp2048-modp8192`,
  ...[aead, separate],
];

/** Android's own store takes it in, and knows 3DES and SHA-1 on every version. */
function installed(p12: string, passphrase: string): { certificate: string; key: string } {
  const files = { 'device.p12': Buffer.from(p12, 'base64') };
  const open = ['pkcs12', '-in', 'device.p12', '-passin', `pass:${passphrase}`];
  const told = `${openssl(files, ...open, '-nodes')}`;
  const part = (label: string): string =>
    new RegExp(`-----BEGIN ${label}-----[^]*?-----END ${label}-----\n`).exec(told)?.[0] ?? '';
  return { certificate: part('CERTIFICATE'), key: part('PRIVATE KEY') };
}

const pem = (label: string, base64: string): string =>
  `-----BEGIN ${label}-----\n${base64.replace(/.{64}/g, '$&\n')}\n-----END ${label}-----\n`;
