// Signatures with keys of ours and of peers, by node:crypto. Private keys stay inside KeyObject.
import {
  constants,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  generateKeyPairSync,
  type KeyObject,
  type SigningOptions,
  sign,
  verify,
} from 'node:crypto';
import { promisify } from 'node:util';
import { invariant } from '../base/invariant.ts';
import { SignatureHash } from '../iana/authentication.ts';
import { fitsKey, schemes } from '../ike/auth/schemes.ts';
import type { KeyType, Scheme } from '../ike/core.ts';
import { judgePublicKey, type PublicKeyReading, readPublicKey } from './spki.ts';

export interface PrivateKey {
  readonly keyType: KeyType;
  readonly object: KeyObject;
  /** SubjectPublicKeyInfo of its public half, DER. */
  readonly spki: Uint8Array;
}

export type PrivateKeyReading =
  | { readonly ok: true; readonly key: PrivateKey }
  | { readonly ok: false; readonly why: string; readonly cure: string };

/**
 * Reads a private key as PEM: PKCS#8, PKCS#1 (RSA) or SEC 1 (EC). A file with certificates around it will do.
 * @param pem stays the caller's, who wipes it
 * @param passphrase where somebody is there to type it
 */
export function readPrivateKey(pem: Uint8Array, passphrase?: string): PrivateKeyReading {
  const text = Buffer.from(pem.buffer, pem.byteOffset, pem.byteLength);
  const isEncrypted = encryptedMarks.some((mark) => text.includes(mark));
  if (isEncrypted && passphrase === undefined) {
    return refuse('is encrypted, and nobody is there to type the passphrase', importIt);
  }
  if (!text.includes('PRIVATE KEY-----')) return refuse('holds no private key', convertIt);
  try {
    const secret = passphrase === undefined ? {} : { passphrase };
    return privateKeyOf(createPrivateKey({ key: text, format: 'pem', ...secret }));
  } catch {
    // OpenSSL's words may quote what it read.
    if (isEncrypted) return refuse('does not open with this passphrase', 'Type it again');
    return refuse('holds a private key that cannot be read', convertIt);
  }
}

/** Takes a key that we work with. */
export function privateKeyOf(object: KeyObject): PrivateKeyReading {
  const spki = createPublicKey(object).export({ type: 'spki', format: 'der' });
  const judgement = judgePublicKey(spki);
  if (!judgement.ok) return refuse(`holds ${judgement.why}`, makeAnother);
  return { ok: true, key: { keyType: judgement.keyType, object, spki } };
}

/** The key as PKCS#8 in PEM. The caller wipes it; the text it is made from stays to the garbage collector. */
export function exportPrivateKey({ object }: PrivateKey): Uint8Array {
  return Buffer.from(object.export({ type: 'pkcs8', format: 'pem' }));
}

/** Makes an RSA key, off the loop: seconds on a small router. */
export async function makeRsaKey(modulusLength: number): Promise<PrivateKey> {
  const { privateKey: object, publicKey } = await generate('rsa', { modulusLength });
  return { keyType: 'rsa', object, spki: publicKey.export({ type: 'spki', format: 'der' }) };
}

/** Makes a key for RFC 8420. */
export function makeEd25519Key(): PrivateKey {
  const { privateKey: object, publicKey } = generateKeyPairSync('ed25519');
  return { keyType: 'ed25519', object, spki: publicKey.export({ type: 'spki', format: 'der' }) };
}

/** Signs `octets`. @throws Bug when the scheme is none of this key's */
export function signWith(key: PrivateKey, scheme: Scheme, octets: Uint8Array): Uint8Array {
  invariant(fitsKey(scheme, key.keyType), `${scheme} with a key of type ${key.keyType}`);
  return sign(digestOf(scheme), octets, { key: key.object, ...optionsOf(scheme) });
}

/**
 * Whether `signature` over `octets` was made with the key. False for anything odd: a key that we do not take,
 * a key of another type than the scheme's, a signature of the wrong form. Never throws.
 * @param spki SubjectPublicKeyInfo, DER
 */
export function verifySignature(
  spki: Uint8Array,
  scheme: Scheme,
  octets: Uint8Array,
  signature: Uint8Array,
): boolean {
  return verifyWith(readPublicKey(spki), scheme, octets, signature);
}

/** As verifySignature, with a key that was read before. */
export function verifyWith(
  key: PublicKeyReading,
  scheme: Scheme,
  octets: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (!key.ok || !fitsKey(scheme, key.keyType)) return false;
  try {
    return verify(digestOf(scheme), octets, { key: key.object, ...optionsOf(scheme) }, signature);
  } catch {
    // A signature that OpenSSL cannot even take apart proves nothing.
    return false;
  }
}

/** Ed25519 hashes inside (RFC 8420 §2). */
const digestOf = (scheme: Scheme): string | null => digests[schemes[scheme].hash] ?? null;

function optionsOf(scheme: Scheme): SigningOptions {
  if (scheme.endsWith('-raw')) return { dsaEncoding: 'ieee-p1363' };
  if (scheme.startsWith('ecdsa-')) return { dsaEncoding: 'der' };
  if (!scheme.startsWith('rsa-')) return {};
  if (!scheme.startsWith('rsa-pss-')) return { padding: constants.RSA_PKCS1_PADDING };
  // A salt as long as the hash, no shorter, no longer (pitfall 30).
  const { RSA_PKCS1_PSS_PADDING: padding, RSA_PSS_SALTLEN_DIGEST: saltLength } = constants;
  return { padding, saltLength };
}

const refuse = (why: string, cure: string): PrivateKeyReading => ({ ok: false, why, cure });

const generate = promisify(generateKeyPair);
const encryptedMarks = ['-----BEGIN ENCRYPTED PRIVATE KEY-----', 'Proc-Type: 4,ENCRYPTED'] as const;
const importIt =
  'Take it in with «ikectl cert import», which asks for the passphrase, or decrypt it with `openssl pkey`';
const convertIt =
  'Give a PEM file with a line «-----BEGIN PRIVATE KEY-----»; `openssl pkey` makes one from most formats';
const makeAnother = 'Use RSA of 2048 to 8192 bits, P-256, P-384, P-521 or Ed25519';

const digests: Readonly<Record<number, string>> = {
  [SignatureHash.SHA1]: 'sha1',
  [SignatureHash.SHA2_256]: 'sha256',
  [SignatureHash.SHA2_384]: 'sha384',
  [SignatureHash.SHA2_512]: 'sha512',
};
