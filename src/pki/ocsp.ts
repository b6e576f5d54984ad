// OCSP (RFC 6960): the question whether one certificate is revoked, and whose answer counts.
import { createHash } from 'node:crypto';
import { equal } from '../base/bytes.ts';
import { type Certificate, readCertificate } from './certificate.ts';
import { type Status, skewMs } from './crl.ts';
import { NotDer, readElement } from './der.ts';
import { Fields, readTime, single, Tag, type Tlv, walk, wholeBits } from './der-read.ts';
import * as der from './der-write.ts';
import { isSignedWith } from './signed.ts';

export interface OcspAnswer {
  readonly status: Status;
  /** Until when it may be kept. */
  readonly until: Date;
}

/** @param nonce random bytes, which an answer made for us repeats (RFC 8954) */
export function ocspRequest(
  certificate: Certificate,
  issuer: Certificate,
  nonce: Uint8Array,
): Uint8Array {
  const extension = der.sequence(der.oid(oids.nonce), der.octets(der.octets(nonce)));
  return der.sequence(
    der.sequence(
      der.sequence(der.sequence(certId(certificate, issuer))),
      der.explicit(2, der.sequence(extension)),
    ),
  );
}

/**
 * Reads an answer. One that is signed by a stranger, is about another certificate, is outdated, or repeats another
 * nonce is none.
 */
export function ocspAnswer(
  bytes: Uint8Array,
  certificate: Certificate,
  issuer: Certificate,
  { now, nonce }: { readonly now: Date; readonly nonce: Uint8Array },
): OcspAnswer | undefined {
  if (bytes.length > maxAnswerBytes) return undefined;
  try {
    const basic = basicResponse(Uint8Array.from(bytes));
    const data = responseData(basic.tbs.body);
    const isOurs = data.nonce === undefined || equal(data.nonce, der.octets(nonce));
    if (!isOurs || !isSignedRightly(basic, issuer, now)) return undefined;
    const wanted = certId(certificate, issuer);
    const single = data.responses.find(({ id }) => equal(id, wanted));
    return single && judge(single, now);
  } catch (error) {
    if (error instanceof NotDer) return undefined;
    throw error;
  }
}

/** SHA-1 because every responder knows it; nothing rests on its strength (RFC 6960 §4.3). */
function certId({ serial }: Certificate, { subject, spki }: Certificate): Uint8Array {
  const sha1 = (bytes: Uint8Array) => new Uint8Array(createHash('sha1').update(bytes).digest());
  const [, key] = readElement(spki).parts;
  return der.sequence(
    der.sequence(der.oid(oids.sha1), der.nothing()),
    der.octets(sha1(subject)),
    der.octets(sha1(key?.body.subarray(1) ?? new Uint8Array())),
    der.tagged(Tag.INTEGER, serial),
  );
}

interface Basic {
  readonly tbs: Tlv;
  readonly algorithm: Uint8Array;
  readonly signature: Uint8Array;
  readonly certificates: readonly Uint8Array[];
}

function basicResponse(bytes: Uint8Array): Basic {
  const whole = new Fields(single(bytes, Tag.SEQUENCE).body);
  const status = whole.take(Tag.ENUMERATED);
  if (status.body.length !== 1 || status.body[0] !== 0) throw new NotDer('the responder refuses');
  const inner = new Fields(single(whole.take(0xa0).body, Tag.SEQUENCE).body);
  if (!equal(inner.take(Tag.OID).der, der.oid(oids.basic))) throw new NotDer('of another type');
  const basic = new Fields(single(inner.take(Tag.OCTET_STRING).body, Tag.SEQUENCE).body);
  const tbs = basic.take(Tag.SEQUENCE);
  const algorithm = basic.take(Tag.SEQUENCE).der;
  const signature = wholeBits(basic.take(Tag.BIT_STRING));
  const certs = basic.optional(0xa0);
  const list = certs ? [...walk(single(certs.body, Tag.SEQUENCE).body)].slice(0, 4) : [];
  return { tbs, algorithm, signature, certificates: list.map((one) => one.der) };
}

interface Single {
  readonly id: Uint8Array;
  readonly status: Tlv;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date | undefined;
}

function responseData(body: Uint8Array) {
  const fields = new Fields(body);
  fields.optional(0xa0);
  fields.take(0xa1, 0xa2); // responderID: the signature tells who it was
  fields.take(Tag.GENERALIZED_TIME);
  const responses = [...walk(fields.take(Tag.SEQUENCE).body)].map(readSingle);
  const extensions = fields.optional(0xa1);
  fields.end();
  return { responses, nonce: extensions && nonceIn(single(extensions.body, Tag.SEQUENCE).body) };
}

function readSingle({ body }: Tlv): Single {
  const fields = new Fields(body);
  const id = fields.take(Tag.SEQUENCE).der;
  const status = fields.take(0x80, 0xa1, 0x82);
  const thisUpdate = readTime(fields.take(Tag.GENERALIZED_TIME));
  const next = fields.optional(0xa0);
  fields.optional(0xa1);
  fields.end();
  const nextUpdate = next && readTime(single(next.body, Tag.GENERALIZED_TIME));
  return { id, status, thisUpdate, nextUpdate };
}

/** Content of the extension's OCTET STRING. */
function nonceIn(body: Uint8Array): Uint8Array | undefined {
  for (const extension of walk(body)) {
    const fields = new Fields(extension.body);
    const oid = fields.take(Tag.OID).der;
    fields.optional(0x01);
    const value = fields.take(Tag.OCTET_STRING).body;
    if (equal(oid, der.oid(oids.nonce))) return value;
  }
  return undefined;
}

/** The authority itself, or whom it appointed by a certificate for this and nothing else (RFC 6960 §4.2.2.2). */
function isSignedRightly(basic: Basic, issuer: Certificate, now: Date): boolean {
  if (isSignedBy(basic, issuer)) return true;
  return basic.certificates.some((bytes) => {
    const reading = readCertificate(bytes);
    if (!reading.ok) return false;
    const responder = reading.certificate;
    const { purposes, unknownCritical } = responder.extensions;
    const isAppointed = purposes?.includes(oids.ocspSigning) && unknownCritical.length === 0;
    const isCurrent = responder.notBefore <= now && now <= responder.notAfter;
    const isOfIssuer = equal(responder.issuer, issuer.subject) && isSignedBy(responder, issuer);
    return isAppointed === true && isCurrent && isOfIssuer && isSignedBy(basic, responder);
  });
}

function isSignedBy(
  signed: {
    readonly tbs: Tlv | Uint8Array;
    readonly algorithm: Uint8Array;
    readonly signature: Uint8Array;
  },
  { key }: Certificate,
): boolean {
  const { tbs } = signed;
  return isSignedWith(key, { ...signed, tbs: tbs instanceof Uint8Array ? tbs : tbs.der });
}

function judge({ status, thisUpdate, nextUpdate }: Single, now: Date): OcspAnswer | undefined {
  const until = nextUpdate ?? new Date(thisUpdate.getTime() + longestMs);
  const isFresh = thisUpdate.getTime() <= now.getTime() + skewMs && now <= until;
  if (!isFresh) return undefined;
  return { status: statusOfTag.get(status.tag) ?? 'unknown', until };
}

/** good [0], revoked [1], unknown [2] */
const statusOfTag: ReadonlyMap<number, Status> = new Map([
  [0x80, 'good'],
  [0xa1, 'revoked'],
  [0x82, 'unknown'],
]);

const oids = {
  sha1: '1.3.14.3.2.26',
  basic: '1.3.6.1.5.5.7.48.1.1',
  nonce: '1.3.6.1.5.5.7.48.1.2',
  ocspSigning: '1.3.6.1.5.5.7.3.9',
} as const;

const maxAnswerBytes = 65_536;
/** Who does not say until when an answer holds is asked again the next day. */
const longestMs = 86_400_000;
