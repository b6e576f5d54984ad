// One X.509 certificate (RFC 5280 §4.1) as plain data, bounded; nothing is judged here but form and key.
import { type Time, Version, Certificate as X509 } from '@peculiar/asn1-x509';
import { equal } from '../base/bytes.ts';
import { type Element, NotDer, readDer } from './der.ts';
import { type Extensions, readExtensions } from './extensions.ts';
import { type PublicKeyReading, readPublicKey } from './spki.ts';

export interface Certificate {
  readonly der: Uint8Array;
  /** What is signed, byte for byte. */
  readonly tbs: Uint8Array;
  /** AlgorithmIdentifier of the signature, DER. */
  readonly algorithm: Uint8Array;
  readonly signature: Uint8Array;
  /** Content of the INTEGER: unique among the certificates of its issuer. */
  readonly serial: Uint8Array;
  /** Name, DER. */
  readonly issuer: Uint8Array;
  /** Name, DER; an empty SEQUENCE where the certificate speaks by its subjectAltName alone. */
  readonly subject: Uint8Array;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
  /** What `spki` holds; a certificate with a key that we do not take can be read, and described. */
  readonly key: PublicKeyReading;
  readonly extensions: Extensions;
}

export type CertificateReading =
  | { readonly ok: true; readonly certificate: Certificate }
  | { readonly ok: false; readonly why: string };

/** Reads a certificate; all its parts are views of one copy. Never throws. */
export function readCertificate(der: Uint8Array): CertificateReading {
  if (der.length > maxCertificateBytes) return { ok: false, why: 'it is too large' };
  try {
    return { ok: true, certificate: parse(Uint8Array.from(der)) };
  } catch (error) {
    return { ok: false, why: error instanceof NotDer ? error.message : 'it cannot be read' };
  }
}

export const sameCertificate = (a: Certificate, b: Certificate): boolean => equal(a.der, b.der);

/** Subject and issuer are one: a root, or the same authority with another key (RFC 5280 §6.1). */
export const isSelfIssued = ({ subject, issuer }: Certificate): boolean => equal(subject, issuer);

function parse(der: Uint8Array): Certificate {
  const { value, element } = readDer(der, X509);
  const { version, validity, extensions } = value.tbsCertificate;
  if (version > Version.v3) throw new NotDer('a version that does not exist');
  if (extensions && version !== Version.v3) throw new NotDer('extensions in an old version');
  const { tbs, algorithm, serial, issuer, subject, spki } = partsOf(element);
  return {
    ...{ der, tbs, algorithm, serial, issuer, subject, spki },
    signature: new Uint8Array(value.signatureValue),
    notBefore: readTime(validity.notBefore),
    notAfter: readTime(validity.notAfter),
    key: readPublicKey(spki),
    extensions: readExtensions(extensions ?? []),
  };
}

/** The bytes as they came: names are compared with IDi, and what is signed is hashed. */
function partsOf({ parts: [tbs, algorithm] }: Element) {
  const isUniversal = ({ tag }: Element) => tag < 0x80;
  const [serial, promised, issuer, , subject, spki] = tbs?.parts.filter(isUniversal) ?? [];
  if (!tbs || !algorithm || !serial || !promised || !issuer || !subject || !spki) {
    throw new NotDer('a field is missing or out of place');
  }
  // The outer identifier is not signed; only this comparison makes it trustworthy (RFC 5280 §4.1.1.2).
  if (!equal(promised.der, algorithm.der)) throw new NotDer('its two signature algorithms differ');
  return {
    tbs: tbs.der,
    algorithm: algorithm.der,
    serial: serial.body,
    issuer: issuer.der,
    subject: subject.der,
    spki: spki.der,
  };
}

/** The library reads fractions of a second, which RFC 5280 §4.1.2.5.2 forbids. */
function readTime(time: Time): Date {
  const date = time.getTime();
  if (date.getUTCMilliseconds() !== 0) throw new NotDer('a time has a fraction of a second');
  return date;
}

/** An IKE message is smaller; certificates of the real world stay below 8 KiB. */
const maxCertificateBytes = 65_535;
