// The table of signature schemes: which keys make them, and how AUTH names them (RFC 7296 §3.8, RFC 7427 §3).
// Names and bytes only; the mathematics is behind the questions `sign` and `verify`.
import { concat, fromHex, toHex } from '../../base/bytes.ts';
import { invariant } from '../../base/invariant.ts';
import { AuthMethod, SignatureHash } from '../../iana/authentication.ts';
import type { KeyType, Scheme } from '../core.ts';

export interface SchemeRow {
  /** Authentication Method of the AUTH payload. */
  readonly method: number;
  /** Number in SIGNATURE_HASH_ALGORITHMS. */
  readonly hash: number;
  readonly keys: readonly KeyType[];
  /** AlgorithmIdentifier, DER: the first is what we write, all are what we read. None: method 14 never carries it. */
  readonly algorithms: readonly Uint8Array[];
}

/** What AUTH carries under method 14, taken apart. */
export interface DigitalSignature {
  readonly scheme: Scheme;
  readonly signature: Uint8Array;
}

/** Hash algorithms that we announce: all that the table verifies, SHA-1 not among them (RFC 8247 §3.2). */
export const ourHashes: readonly number[] = [
  SignatureHash.SHA2_256,
  SignatureHash.SHA2_384,
  SignatureHash.SHA2_512,
  SignatureHash.IDENTITY,
];

export const fitsKey = (scheme: Scheme, keyType: KeyType): boolean =>
  schemes[scheme].keys.includes(keyType);

export const methodOfScheme = (scheme: Scheme): number => schemes[scheme].method;

/** The scheme of a method that leaves no choice: 1, 9, 10 or 11. */
export function schemeOfMethod(method: number): Scheme | undefined {
  if (method === AuthMethod.DIGITAL_SIGNATURE) return undefined;
  return schemeNames.find((name) => schemes[name].method === method);
}

/** The scheme that an AlgorithmIdentifier stands for: its bytes are compared, never interpreted (RFC 7427 §3). */
export function schemeOfAlgorithm(algorithm: Uint8Array): Scheme | undefined {
  return byAlgorithm.get(toHex(algorithm));
}

/** Builds the content of AUTH for method 14: length byte, AlgorithmIdentifier, signature (RFC 7427 §3). */
export function encodeDigitalSignature(scheme: Scheme, signature: Uint8Array): Uint8Array {
  const algorithm = schemes[scheme].algorithms[0];
  invariant(algorithm, `${scheme} has no place in method 14`);
  return concat(Uint8Array.of(algorithm.length), algorithm, signature);
}

/** @returns undefined when the length byte runs past the payload, or nobody here verifies the algorithm */
export function decodeDigitalSignature(data: Uint8Array): DigitalSignature | undefined {
  const [length] = data;
  if (length === undefined || data.length <= 1 + length) return undefined;
  const scheme = schemeOfAlgorithm(data.subarray(1, 1 + length));
  return scheme && { scheme, signature: data.subarray(1 + length) };
}

/**
 * Chooses what we sign with. PKCS#1 v1.5 and never PSS: Android verifies no PSS.
 * @param peerHashes from its SIGNATURE_HASH_ALGORITHMS; empty: it does not speak RFC 7427
 * @returns undefined when no method of this key is understood over there
 */
export function chooseScheme(
  keyType: KeyType,
  peerHashes: readonly number[],
): { readonly method: number; readonly scheme: Scheme } | undefined {
  const understood = (scheme: Scheme) => peerHashes.includes(schemes[scheme].hash);
  const { digital, legacy } = preferences[keyType];
  const scheme = digital.find(understood) ?? legacy;
  return scheme && { method: schemes[scheme].method, scheme };
}

/** Best first under method 14, then what stands for the key without RFC 7427 (RFC 7296 §2.15, RFC 4754 §3). */
const preferences: Readonly<
  Record<KeyType, { readonly digital: readonly Scheme[]; readonly legacy: Scheme | undefined }>
> = {
  rsa: { digital: ['rsa-sha256', 'rsa-sha512', 'rsa-sha384'], legacy: 'rsa-sha1' },
  p256: { digital: ['ecdsa-sha256'], legacy: 'ecdsa-sha256-raw' },
  p384: { digital: ['ecdsa-sha384'], legacy: 'ecdsa-sha384-raw' },
  p521: { digital: ['ecdsa-sha512'], legacy: 'ecdsa-sha512-raw' },
  ed25519: { digital: ['ed25519'], legacy: undefined },
};

/** RFC 7427 A.1: parameters are NULL; who receives accepts them absent too (RFC 4055 §5). */
function rsaAlgorithms(lastOidByte: string): Uint8Array[] {
  const oid = `06092a864886f70d0101${lastOidByte}`;
  return [fromHex(`300d${oid}0500`), fromHex(`300b${oid}`)];
}

/** RFC 7427 A.3: no parameters. */
const ecdsaAlgorithm = (lastOidByte: string): Uint8Array[] => [
  fromHex(`300a06082a8648ce3d0403${lastOidByte}`),
];

/**
 * RFC 7427 A.4: MGF1 with the same hash, a salt as long as the hash. Read too: hash identifiers without
 * NULL (RFC 4055 §2.1) and the trailer field written out, which DER leaves out.
 */
function pssAlgorithms(lastOidByte: string, saltBytes: string): Uint8Array[] {
  const oid = `06096086480165030402${lastOidByte}`;
  const withNull = pssParameters(`300d${oid}0500`, saltBytes);
  const withoutNull = pssParameters(`300b${oid}`, saltBytes);
  const trailer = 'a303020101';
  const parameters = [withNull, withoutNull, withNull + trailer, withoutNull + trailer];
  return parameters.map((value) =>
    fromHex(wrap('30', `06092a864886f70d01010a${wrap('30', value)}`)),
  );
}

function pssParameters(hash: string, saltBytes: string): string {
  const mask = wrap('30', `06092a864886f70d010108${hash}`);
  return wrap('a0', hash) + wrap('a1', mask) + wrap('a2', `0201${saltBytes}`);
}

/** A DER element in hexadecimal, shorter than 128 bytes. */
const wrap = (tag: string, body: string): string =>
  tag + toHex(Uint8Array.of(fromHex(body).length)) + body;

const ecKeys = ['p256', 'p384', 'p521'] as const;
const { RSA_SIGNATURE, DIGITAL_SIGNATURE } = AuthMethod;
const { ECDSA_SHA256_P256, ECDSA_SHA384_P384, ECDSA_SHA512_P521 } = AuthMethod;
const { SHA1, SHA2_256, SHA2_384, SHA2_512, IDENTITY } = SignatureHash;

const negotiated = (hash: number, keys: readonly KeyType[], algorithms: readonly Uint8Array[]) => ({
  method: DIGITAL_SIGNATURE,
  hash,
  keys,
  algorithms,
});
const bound = (method: number, hash: number, key: KeyType) => ({
  method,
  hash,
  keys: [key],
  algorithms: [],
});

/** One row for every scheme. */
export const schemes: Readonly<Record<Scheme, SchemeRow>> = {
  'rsa-sha1': bound(RSA_SIGNATURE, SHA1, 'rsa'),
  'rsa-sha256': negotiated(SHA2_256, ['rsa'], rsaAlgorithms('0b')),
  'rsa-sha384': negotiated(SHA2_384, ['rsa'], rsaAlgorithms('0c')),
  'rsa-sha512': negotiated(SHA2_512, ['rsa'], rsaAlgorithms('0d')),
  'rsa-pss-sha256': negotiated(SHA2_256, ['rsa'], pssAlgorithms('01', '20')),
  'rsa-pss-sha384': negotiated(SHA2_384, ['rsa'], pssAlgorithms('02', '30')),
  'rsa-pss-sha512': negotiated(SHA2_512, ['rsa'], pssAlgorithms('03', '40')),
  'ecdsa-sha256': negotiated(SHA2_256, ecKeys, ecdsaAlgorithm('02')),
  'ecdsa-sha384': negotiated(SHA2_384, ecKeys, ecdsaAlgorithm('03')),
  'ecdsa-sha512': negotiated(SHA2_512, ecKeys, ecdsaAlgorithm('04')),
  // RFC 4754 §3: one curve each, and r‖s instead of a DER sequence.
  'ecdsa-sha256-raw': bound(ECDSA_SHA256_P256, SHA2_256, 'p256'),
  'ecdsa-sha384-raw': bound(ECDSA_SHA384_P384, SHA2_384, 'p384'),
  'ecdsa-sha512-raw': bound(ECDSA_SHA512_P521, SHA2_512, 'p521'),
  // RFC 8420 §2, Appendix A: the hash is «Identity», the key signs the octets themselves.
  ed25519: negotiated(IDENTITY, ['ed25519'], [fromHex('300506032b6570')]),
};

const schemeNames = Object.keys(schemes) as readonly Scheme[];
const byAlgorithm: ReadonlyMap<string, Scheme> = new Map(
  schemeNames.flatMap((name) => schemes[name].algorithms.map((der) => [toHex(der), name] as const)),
);
