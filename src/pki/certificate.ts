// One X.509 certificate (RFC 5280 §4.1) as plain data. Strict DER, bounded, nothing judged here but the form.
import { equal } from '../base/bytes.ts';
import {
  type Element,
  Fields,
  NotDer,
  readBitBytes,
  readSmallInteger,
  readTime,
  single,
  Tag,
} from './der.ts';
import { type Extensions, noExtensions, readExtensions } from './extensions.ts';
import { comparableName } from './rdn.ts';

export interface Certificate {
  readonly der: Uint8Array;
  /** What is signed, byte for byte. */
  readonly tbs: Uint8Array;
  /** AlgorithmIdentifier of the signature, DER. */
  readonly algorithm: Uint8Array;
  readonly signature: Uint8Array;
  /** Name, DER. */
  readonly issuer: Uint8Array;
  /** Name, DER; an empty SEQUENCE where the certificate speaks by its subjectAltName alone. */
  readonly subject: Uint8Array;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
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
    if (error instanceof NotDer) return { ok: false, why: error.message };
    throw error;
  }
}

export const sameCertificate = (a: Certificate, b: Certificate): boolean => equal(a.der, b.der);

/** Subject and issuer are one: a root, or the same authority with another key (RFC 5280 §6.1). */
export const isSelfIssued = ({ subject, issuer }: Certificate): boolean => equal(subject, issuer);

function parse(der: Uint8Array): Certificate {
  const outer = new Fields(single(der, Tag.SEQUENCE, 'certificate').body, 'certificate');
  const tbs = outer.take(Tag.SEQUENCE);
  const algorithm = outer.take(Tag.SEQUENCE).der;
  const signature = readBitBytes(outer.take(Tag.BIT_STRING));
  outer.end();
  const { algorithm: promised, ...signed } = parseSigned(tbs);
  // The outer identifier is not signed; only this comparison makes it trustworthy (RFC 5280 §4.1.1.2).
  if (!equal(promised, algorithm)) throw new NotDer('its two signature algorithms differ');
  return { der, tbs: tbs.der, algorithm, signature, ...signed };
}

function parseSigned(tbs: Element): Omit<Certificate, 'der' | 'tbs' | 'signature'> {
  const fields = new Fields(tbs.body, 'certificate');
  const version = readVersion(fields.takeIf(0xa0));
  fields.take(Tag.INTEGER); // serial number: an identifier that we compare with nothing
  const algorithm = fields.take(Tag.SEQUENCE).der;
  const issuer = readName(fields.take(Tag.SEQUENCE));
  const validity = new Fields(fields.take(Tag.SEQUENCE).body, 'validity');
  const [notBefore, notAfter] = [takeTime(validity), takeTime(validity)];
  validity.end();
  const subject = readName(fields.take(Tag.SEQUENCE));
  const spki = fields.take(Tag.SEQUENCE).der;
  fields.takeIf(0x81, 0xa1); // issuerUniqueID
  fields.takeIf(0x82, 0xa2); // subjectUniqueID
  const wrapped = fields.takeIf(0xa3);
  fields.end();
  if (wrapped && version !== 3) throw new NotDer('extensions in an old version');
  const extensions = wrapped ? readExtensions(wrapped.body) : noExtensions;
  return { algorithm, issuer, notBefore, notAfter, subject, spki, extensions };
}

function readVersion(explicit: Element | undefined): number {
  if (!explicit) return 1;
  const version = readSmallInteger(single(explicit.body, Tag.INTEGER, 'version')) + 1;
  if (version > 3) throw new NotDer('a version that does not exist');
  return version;
}

function takeTime(validity: Fields): Date {
  const time = validity.takeIf(Tag.UTC_TIME, Tag.GENERALIZED_TIME);
  if (!time) throw new NotDer('a validity without times');
  return readTime(time);
}

/** Proves that the name can be taken apart whenever somebody compares it. */
function readName({ der }: Element): Uint8Array {
  comparableName(der);
  return der;
}

/** An IKE message is smaller; certificates of the real world stay below 8 KiB. */
const maxCertificateBytes = 65_535;
