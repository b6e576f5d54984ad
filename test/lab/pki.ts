// A maker of certificates, good and bad ones, for tests alone. The reader under test stands on the same library, so
// what it reads is held against node:crypto and the openssl command as well.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { fromText } from '../../src/base/bytes.ts';

export type LabKey = 'rsa1024' | 'rsa2048' | 'p256' | 'p384' | 'p521' | 'ed25519';
export type Eku = 'serverAuth' | 'clientAuth' | 'ipsecIKE' | 'any' | 'emailProtection';

export type KeyUse = keyof typeof x509.KeyUsageFlags;

export interface CertificateOptions {
  /** `C=CH, O=Home, CN=anna`; empty: no subject. */
  readonly name?: string;
  readonly key?: LabKey;
  /** Certifies the key of this one instead of a new key: a renewal, a cross-certificate. */
  readonly keyOf?: LabCertificate;
  /** `vpn.example.org`, `anna@example.org`, `10.0.0.1`, `fd00::1`, `https://…`. */
  readonly san?: readonly string[];
  /** Empty: no extendedKeyUsage at all. */
  readonly eku?: readonly Eku[];
  /** Empty: no keyUsage at all. */
  readonly keyUsage?: readonly KeyUse[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** Hash of the issuer's signature where its key leaves a choice. */
  readonly hash?: 'SHA-1' | 'SHA-256' | 'SHA-384' | 'SHA-512';
  /** Sign with RSASSA-PSS, salt as long as the hash. */
  readonly pss?: boolean;
  /** Marks the certificate as an authority or expressly not. */
  readonly ca?: boolean;
  readonly pathLength?: number;
  /** Whatever else shall be in it. */
  readonly extensions?: readonly x509.Extension[];
}

/** A certificate with its private key. */
export interface LabCertificate {
  readonly der: Uint8Array;
  readonly pem: string;
  /** PKCS#8. */
  readonly keyPem: string;
  readonly certificate: x509.X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
  readonly key: LabKey;
}

/** Makes a root, or below `issuer` an intermediate. */
export function makeCa(
  options: CertificateOptions = {},
  issuer?: LabCertificate,
): Promise<LabCertificate> {
  const keyUsage = ['keyCertSign', 'cRLSign'] as const;
  const own = { name: 'C=CH, O=Home, CN=Home CA', ca: true, eku: [], keyUsage };
  return make({ ...own, ...options }, issuer);
}

/** Makes a certificate below `ca`: for a client unless `eku` says otherwise. */
export function issue(
  ca: LabCertificate,
  options: CertificateOptions = {},
): Promise<LabCertificate> {
  return make(options, ca);
}

/** Makes a certificate that vouches for itself and is no authority. */
export const selfSigned = (options: CertificateOptions = {}): Promise<LabCertificate> =>
  make(options, undefined);

/** An extension that is critical and that nobody knows. */
export const unknownCritical = (): x509.Extension =>
  new x509.Extension('1.3.6.1.4.1.55555.1', true, Uint8Array.of(0x05, 0x00).buffer);

/** An extension with the given DER. */
export const extension = (oid: string, critical: boolean, value: Uint8Array): x509.Extension =>
  new x509.Extension(oid, critical, Uint8Array.from(value).buffer);

/** Where to ask about revocation: a CRL and an OCSP responder. */
export const pointers = (crl: string, ocsp: string): x509.Extension[] => [
  new x509.CRLDistributionPointsExtension([crl]),
  new x509.AuthorityInfoAccessExtension({ ocsp }),
];

/** Appoints the holder to answer OCSP for the authority. */
export const ocspSigning = (): x509.Extension =>
  new x509.ExtendedKeyUsageExtension(['1.3.6.1.5.5.7.3.9']);

/** PEM of several certificates: what servers call fullchain. */
export const bundle = (...certificates: readonly LabCertificate[]): Uint8Array =>
  fromText(certificates.map(({ pem }) => pem).join('\n'));

async function make(
  options: CertificateOptions,
  issuer: LabCertificate | undefined,
): Promise<LabCertificate> {
  const { keyOf, name = 'C=CH, O=Home, CN=anna' } = options;
  const key = keyOf?.key ?? options.key ?? 'p256';
  const keys = keyOf?.keys ?? (await keyPair(key));
  const signer = issuer ?? { keys, key };
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: `01${(++serial).toString(16).padStart(8, '0')}`,
    subject: name,
    issuer: issuer ? issuer.certificate.subjectName : name,
    notBefore: options.notBefore ?? new Date('2020-01-01T00:00:00Z'),
    notAfter: options.notAfter ?? new Date('2045-01-01T00:00:00Z'),
    publicKey: keys.publicKey,
    signingKey: await signingKey(signer, options),
    signingAlgorithm: signature(signer.key, options),
    extensions: extensionsOf(options),
  });
  const secret = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    der: new Uint8Array(certificate.rawData),
    pem: certificate.toString('pem'),
    keyPem: x509.PemConverter.encode(secret, 'PRIVATE KEY'),
    certificate,
    keys,
    key,
  };
}

function extensionsOf(options: CertificateOptions): x509.Extension[] {
  const { eku = ['clientAuth'], keyUsage = ['digitalSignature'] } = options;
  const { ca, pathLength, san = [], extensions = [] } = options;
  return [
    ...(ca === undefined ? [] : [new x509.BasicConstraintsExtension(ca, pathLength, true)]),
    ...(keyUsage.length === 0 ? [] : [new x509.KeyUsagesExtension(keyUsageBits(keyUsage), true)]),
    ...(eku.length === 0 ? [] : [new x509.ExtendedKeyUsageExtension(eku.map((n) => ekuOids[n]))]),
    ...(san.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(san.map(generalName))]),
    ...extensions,
  ];
}

const keyUsageBits = (uses: readonly KeyUse[]): number =>
  uses.reduce((bits, use) => bits | x509.KeyUsageFlags[use], 0);

function generalName(text: string): { type: x509.GeneralNameType; value: string } {
  if (text.includes('://')) return { type: 'url', value: text };
  if (text.includes('@')) return { type: 'email', value: text };
  const isIp = text.includes(':') || /^[\d.]+$/.test(text);
  return { type: isIp ? 'ip' : 'dns', value: text };
}

/** RSA keys are slow to make: three of each size serve the whole process in turn. */
async function keyPair(key: LabKey): Promise<webcrypto.CryptoKeyPair> {
  if (!key.startsWith('rsa')) return generate(key);
  const place = `${key}/${serial % 3}`;
  const pair = rsaKeys.get(place) ?? generate(key);
  rsaKeys.set(place, pair);
  return pair;
}

async function generate(key: LabKey): Promise<webcrypto.CryptoKeyPair> {
  const pair = await webcrypto.subtle.generateKey(generation(key), true, ['sign', 'verify']);
  if (!('privateKey' in pair)) throw new Error('a key pair was expected');
  return pair;
}

function generation(key: LabKey): webcrypto.RsaHashedKeyGenParams | webcrypto.EcKeyGenParams {
  const curve = curves[key];
  if (curve) return { name: 'ECDSA', namedCurve: curve };
  if (key === 'ed25519') return { name: 'Ed25519', namedCurve: 'Ed25519' };
  const modulusLength = Number(key.slice(3));
  return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength, publicExponent: f4 };
}

function signature(key: LabKey, { hash = 'SHA-256', pss = false }: CertificateOptions) {
  if (curves[key]) return { name: 'ECDSA', namedCurve: curves[key], hash };
  if (key === 'ed25519') return { name: 'Ed25519' };
  if (pss) return { name: 'RSA-PSS', hash, saltLength: Number(hash.slice(4)) / 8 };
  return { name: 'RSASSA-PKCS1-v1_5', hash };
}

/** WebCrypto ties an RSA key to one hash and padding. */
async function signingKey(
  { keys, key }: Pick<LabCertificate, 'keys' | 'key'>,
  options: CertificateOptions,
): Promise<webcrypto.CryptoKey> {
  if (!key.startsWith('rsa')) return keys.privateKey;
  const secret = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  const { name, hash = 'SHA-256' } = signature(key, options);
  return webcrypto.subtle.importKey('pkcs8', secret, { name, hash }, true, ['sign']);
}

const rsaKeys = new Map<string, Promise<webcrypto.CryptoKeyPair>>();
const f4 = Uint8Array.of(1, 0, 1);
const curves: Readonly<Partial<Record<LabKey, string>>> = {
  p256: 'P-256',
  p384: 'P-384',
  p521: 'P-521',
};
const ekuOids: Readonly<Record<Eku, string>> = {
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  emailProtection: '1.3.6.1.5.5.7.3.4',
  ipsecIKE: '1.3.6.1.5.5.7.3.17',
  any: '2.5.29.37.0',
};
let serial = 0;
