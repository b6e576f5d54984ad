// Certificate revocation lists (RFC 5280 §5): full ones of the authority itself. A delta, an indirect list, or one with
// a critical extension that we do not act on says nothing to us.
import { equal, toHex } from '../base/bytes.ts';
import type { Certificate } from './certificate.ts';
import { NotDer } from './der.ts';
import { Fields, readTime, single, Tag, type Tlv, walk, wholeBits } from './der-read.ts';
import { KeyUsage } from './extensions.ts';
import { isSignedWith } from './signed.ts';

export interface Crl {
  readonly tbs: Uint8Array;
  readonly algorithm: Uint8Array;
  readonly signature: Uint8Array;
  /** Name, DER. */
  readonly issuer: Uint8Array;
  readonly thisUpdate: Date;
  /** Undefined: it does not say when the next one comes. */
  readonly nextUpdate: Date | undefined;
  /** Serial numbers in hexadecimal. */
  readonly revoked: ReadonlySet<string>;
  /** Which certificates it is about. */
  readonly scope: 'all' | 'users' | 'authorities';
}

export type CrlReading =
  | { readonly ok: true; readonly crl: Crl }
  | { readonly ok: false; readonly why: string };

/** Reads a list, in DER or PEM. Never throws. */
export function readCrl(bytes: Uint8Array): CrlReading {
  if (bytes.length > maxCrlBytes) return { ok: false, why: 'it is too large' };
  try {
    return { ok: true, crl: parse(fromPem(bytes)) };
  } catch (error) {
    return { ok: false, why: error instanceof NotDer ? error.message : 'it cannot be read' };
  }
}

/** Whether the authority made it, and may. */
export function isCrlOf(crl: Crl, authority: Certificate): boolean {
  const { keyUsage } = authority.extensions;
  const mayMake = keyUsage === undefined || (keyUsage & KeyUsage.CRL_SIGN) !== 0;
  return mayMake && equal(crl.issuer, authority.subject) && isSignedWith(authority.key, crl);
}

/**
 * What a list of the right authority says of a certificate. Once revoked is revoked for good, so that an outdated list
 * still tells who is; that somebody is not in it counts only while it is fresh.
 */
export function statusIn(crl: Crl, { serial, extensions }: Certificate, now: Date): Status {
  if (crl.revoked.has(toHex(serial))) return 'revoked';
  const isCovered = crl.scope === 'all' || (crl.scope === 'authorities') === extensions.isCa;
  const isMade = crl.thisUpdate.getTime() <= now.getTime() + skewMs;
  const isFresh = isMade && crl.nextUpdate !== undefined && now <= crl.nextUpdate;
  return isCovered && isFresh ? 'good' : 'unknown';
}

export type Status = 'good' | 'revoked' | 'unknown';

function parse(der: Uint8Array): Crl {
  const whole = new Fields(single(der, Tag.SEQUENCE).body);
  const tbs = whole.take(Tag.SEQUENCE);
  const algorithm = whole.take(Tag.SEQUENCE);
  const signature = whole.take(Tag.BIT_STRING);
  whole.end();
  const fields = new Fields(tbs.body);
  fields.optional(Tag.INTEGER);
  // The outer identifier is not signed (RFC 5280 §5.1.1.2).
  if (!equal(fields.take(Tag.SEQUENCE).der, algorithm.der)) {
    throw new NotDer('its two signature algorithms differ');
  }
  const issuer = fields.take(Tag.SEQUENCE);
  const thisUpdate = readTime(fields.take(...times));
  const next = fields.optional(...times);
  const entries = fields.optional(Tag.SEQUENCE);
  const extensions = fields.optional(0xa0);
  fields.end();
  return {
    tbs: tbs.der,
    algorithm: algorithm.der,
    signature: wholeBits(signature),
    issuer: issuer.der,
    thisUpdate,
    nextUpdate: next && readTime(next),
    revoked: readEntries(entries),
    scope: readScope(extensions),
  };
}

function readEntries(entries: Tlv | undefined): ReadonlySet<string> {
  const revoked = new Set<string>();
  for (const entry of walk(entries?.body ?? new Uint8Array())) {
    if (entry.tag !== Tag.SEQUENCE) throw new NotDer('an entry is odd');
    const fields = new Fields(entry.body);
    revoked.add(toHex(fields.take(Tag.INTEGER).body));
    fields.take(...times);
    const extensions = fields.optional(Tag.SEQUENCE);
    fields.end();
    // certificateIssuer would make this entry one of another authority (RFC 5280 §5.3.3).
    if (extensions && readExtensions(extensions.body).some(({ critical }) => critical)) {
      throw new NotDer('an entry has a critical extension that we do not know');
    }
  }
  return revoked;
}

function readScope(extensions: Tlv | undefined): Crl['scope'] {
  let scope: Crl['scope'] = 'all';
  for (const { oid, critical, value } of listOf(extensions)) {
    if (oid === issuingDistributionPoint) scope = readDistributionPoint(value);
    else if (critical) throw new NotDer('it has a critical extension that we do not know');
  }
  return scope;
}

const listOf = (extensions: Tlv | undefined) =>
  extensions ? readExtensions(single(extensions.body, Tag.SEQUENCE).body) : [];

/** RFC 5280 §5.2.5: where the list is kept does not matter, what is left out of it does. */
function readDistributionPoint(value: Uint8Array): Crl['scope'] {
  const fields = new Fields(single(value, Tag.SEQUENCE).body);
  fields.optional(0xa0);
  const users = isTrue(fields.optional(0x81));
  const authorities = isTrue(fields.optional(0x82));
  fields.end(); // some reasons only, indirect, or attribute certificates
  if (users) return 'users';
  return authorities ? 'authorities' : 'all';
}

const isTrue = (flag: Tlv | undefined): boolean => flag?.body[0] === 0xff;

function readExtensions(body: Uint8Array) {
  return [...walk(body)].map((extension) => {
    const fields = new Fields(extension.body);
    const oid = toHex(fields.take(Tag.OID).body);
    const critical = isTrue(fields.optional(0x01));
    const value = fields.take(Tag.OCTET_STRING).body;
    fields.end();
    return { oid, critical, value };
  });
}

function fromPem(bytes: Uint8Array): Uint8Array {
  if (bytes[0] === Tag.SEQUENCE) return Uint8Array.from(bytes);
  const text = Buffer.from(bytes).toString('latin1');
  const [, base64 = ''] = /-----BEGIN X509 CRL-----([\sA-Za-z0-9+/=]+)-----END/.exec(text) ?? [];
  return new Uint8Array(Buffer.from(base64, 'base64'));
}

const times = [Tag.UTC_TIME, Tag.GENERALIZED_TIME] as const;
/** 2.5.29.28 */
const issuingDistributionPoint = '551d1c';
/** How far clocks may differ. */
export const skewMs = 300_000;
/** Twenty thousand entries. */
const maxCrlBytes = 1 << 20;
