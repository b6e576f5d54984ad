// What authorities sign: certificates, lists and OCSP answers. They may use all that AUTH may (RFC 7427), and SHA-224,
// which has no number there, but which some still sign with (RFC 5754 §3).
import { verify } from 'node:crypto';
import { toHex } from '../base/bytes.ts';
import { schemeOfAlgorithm } from '../ike/auth/schemes.ts';
import type { KeyType } from '../ike/core.ts';
import { verifyWith } from './keys.ts';
import type { PublicKeyReading } from './spki.ts';

export interface Signed {
  /** The bytes that are signed. */
  readonly tbs: Uint8Array;
  /** AlgorithmIdentifier, DER. */
  readonly algorithm: Uint8Array;
  readonly signature: Uint8Array;
}

/** Whether anybody here verifies such signatures. */
export const isKnownAlgorithm = (algorithm: Uint8Array): boolean =>
  schemeOfAlgorithm(algorithm) !== undefined || sha224.has(toHex(algorithm));

/** Whether this key made the signature. False for anything odd. Never throws. */
export function isSignedWith(key: PublicKeyReading, signed: Signed): boolean {
  const { tbs, algorithm, signature } = signed;
  const scheme = schemeOfAlgorithm(algorithm);
  if (scheme) return verifyWith(key, scheme, tbs, signature);
  const keys = sha224.get(toHex(algorithm));
  if (!keys || !key.ok || !keys.includes(key.keyType)) return false;
  try {
    return verify('sha224', tbs, key.object, signature);
  } catch {
    // A signature that OpenSSL cannot even take apart proves nothing.
    return false;
  }
}

/** The AlgorithmIdentifiers of SHA-224 (RFC 5754 §3.2, §3.3), with the keys that make them. */
const sha224: ReadonlyMap<string, readonly KeyType[]> = new Map([
  ['300d06092a864886f70d01010e0500', ['rsa']],
  ['300b06092a864886f70d01010e', ['rsa']],
  ['300a06082a8648ce3d040301', ['p256', 'p384', 'p521']],
]);
