// A signed text (CMS SignedData, RFC 5652 §5) with the text inside it, as Apple's systems take profiles.
import { createHash } from 'node:crypto';
import { schemes } from '../ike/auth/schemes.ts';
import type { Scheme } from '../ike/core.ts';
import type { OwnCertificate } from '../policy/policy.ts';
import { readCertificate } from './certificate.ts';
import * as der from './der-write.ts';

export interface Signer {
  /** End entity first, then intermediates; DER. */
  readonly chain: readonly Uint8Array[];
  readonly keyType: OwnCertificate['keyType'];
  /** Undefined: there is no such key. */
  readonly sign: (scheme: Scheme, octets: Uint8Array) => Uint8Array | undefined;
}

/**
 * Signs with one key, and says when.
 * @returns ContentInfo, DER; undefined where the signer has no certificate that can be read, or no key that serves
 */
export function signedData(content: Uint8Array, signer: Signer, at: Date): Uint8Array | undefined {
  const { chain, keyType, sign } = signer;
  const reading = chain[0] && readCertificate(chain[0]);
  const algorithms = algorithmsOf[keyType];
  if (!reading?.ok || !algorithms) return undefined;
  const { scheme, hash, digest } = algorithms;
  const attributes = der.setOf(
    attribute(oids.contentType, der.oid(oids.data)),
    attribute(oids.signingTime, der.time(at)),
    attribute(oids.messageDigest, der.octets(createHash(hash).update(content).digest())),
  );
  const signature = sign(scheme, attributes);
  if (!signature) return undefined;
  const { issuer, serial } = reading.certificate;
  const digestAlgorithm = der.sequence(der.oid(digest));
  const signerInfo = der.sequence(
    der.integer(1),
    der.sequence(issuer, der.integer(serial)),
    digestAlgorithm,
    inPlace(0, attributes),
    schemes[scheme].algorithms[0] ?? der.sequence(),
    der.octets(signature),
  );
  const signed = der.sequence(
    der.integer(1),
    der.setOf(digestAlgorithm),
    der.sequence(der.oid(oids.data), der.explicit(0, der.octets(content))),
    inPlace(0, der.setOf(...chain)),
    der.setOf(signerInfo),
  );
  return der.sequence(der.oid(oids.signedData), der.explicit(0, signed));
}

interface Algorithms {
  readonly scheme: Scheme;
  readonly hash: string;
  /** Object identifier of the hash. */
  readonly digest: string;
}

const attribute = (type: string, value: Uint8Array): Uint8Array =>
  der.sequence(der.oid(type), der.setOf(value));

/** `[n]` in the place of the tag of a SET; what is signed has the tag of the SET itself (§5.4). */
const inPlace = (n: number, set: Uint8Array): Uint8Array =>
  set.map((octet, i) => (i === 0 ? 0xa0 + n : octet));

const oids = {
  data: '1.2.840.113549.1.7.1',
  signedData: '1.2.840.113549.1.7.2',
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingTime: '1.2.840.113549.1.9.5',
} as const;

const sha256 = { hash: 'sha256', digest: '2.16.840.1.101.3.4.2.1' } as const;
const sha384 = { hash: 'sha384', digest: '2.16.840.1.101.3.4.2.2' } as const;
const sha512 = { hash: 'sha512', digest: '2.16.840.1.101.3.4.2.3' } as const;

/** RFC 5754 §3.2 and §3.3. Ed25519 (RFC 8419) is left out: those whom this is for do not read it. */
const algorithmsOf: Readonly<Partial<Record<Signer['keyType'], Algorithms>>> = {
  rsa: { scheme: 'rsa-sha256', ...sha256 },
  p256: { scheme: 'ecdsa-sha256', ...sha256 },
  p384: { scheme: 'ecdsa-sha384', ...sha384 },
  p521: { scheme: 'ecdsa-sha512', ...sha512 },
};
