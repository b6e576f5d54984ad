// The extensions of a certificate that we understand (RFC 5280 §4.2), and the critical ones that we do not.
import {
  BasicConstraints,
  ExtendedKeyUsage,
  type Extension,
  id_ce_basicConstraints,
  id_ce_certificatePolicies,
  id_ce_cRLDistributionPoints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_nameConstraints,
  id_ce_subjectAltName,
  id_ce_subjectKeyIdentifier,
  id_pe_authorityInfoAccess,
  KeyUsage as KeyUsageBits,
} from '@peculiar/asn1-x509';
import { equal, fromHex, toText } from '../base/bytes.ts';
import { type Element, NotDer, readDer, readElement, Tag } from './der.ts';
import { comparableName } from './rdn.ts';

export interface Extensions {
  readonly isCa: boolean;
  /** How many further authorities may follow; undefined: any number. */
  readonly pathLength: number | undefined;
  /** First byte of the bits, see KeyUsage; undefined: for everything. */
  readonly keyUsage: number | undefined;
  /** Dotted OIDs of the extended key usages; undefined: for everything. */
  readonly purposes: readonly string[] | undefined;
  readonly names: readonly GeneralName[];
  readonly constraints: NameConstraints | undefined;
  readonly subjectKeyId: Uint8Array | undefined;
  /** Where a CRL, or an OCSP responder, says whether it was revoked: URLs as they stand there, unjudged. */
  readonly crlUrls: readonly string[];
  readonly ocspUrls: readonly string[];
  /** Dotted OIDs of critical extensions that nobody here acts on. */
  readonly unknownCritical: readonly string[];
}

/** A GeneralName (RFC 5280 §4.2.1.6) by its tag. */
export interface GeneralName {
  /** One of NameForm, or a form that we do not know. */
  readonly form: number;
  /** Content octets; of a directoryName the Name, DER. */
  readonly value: Uint8Array;
}

export const NameForm = { EMAIL: 0x81, DNS: 0x82, DIRECTORY: 0xa4, IP: 0x87 } as const;

export interface NameConstraints {
  readonly permitted: readonly GeneralName[];
  readonly excluded: readonly GeneralName[];
}

/** Bits of the keyUsage byte (RFC 5280 §4.2.1.3). */
export const KeyUsage = {
  DIGITAL_SIGNATURE: 0x80,
  NON_REPUDIATION: 0x40,
  KEY_CERT_SIGN: 0x04,
  CRL_SIGN: 0x02,
} as const;

/** @throws NotDer */
export function readExtensions(list: readonly Extension[]): Extensions {
  if (list.length > maxExtensions) throw new NotDer('too many extensions');
  const seen = new Set<string>();
  let extensions = noExtensions;
  for (const { extnID: oid, critical, extnValue } of list) {
    if (seen.has(oid)) throw new NotDer(`the extension ${oid} stands there twice`);
    seen.add(oid);
    const read = readers[oid];
    const hint = critical ? undefined : hints[oid];
    if (hint) extensions = { ...extensions, ...attempted(hint, new Uint8Array(extnValue.buffer)) };
    else if (read) extensions = { ...extensions, ...read(new Uint8Array(extnValue.buffer)) };
    else if (critical) {
      extensions = { ...extensions, unknownCritical: [...extensions.unknownCritical, oid] };
    }
  }
  return extensions;
}

function readBasicConstraints(der: Uint8Array): Partial<Extensions> {
  const { cA, pathLenConstraint: pathLength } = readDer(der, BasicConstraints).value;
  // The library gives a string for integers that are too long to be meant.
  const isSane = pathLength === undefined || (Number.isInteger(pathLength) && pathLength >= 0);
  if (!isSane) throw new NotDer('basicConstraints: no length of a path');
  return { isCa: cA, pathLength };
}

function readKeyUsage(der: Uint8Array): Partial<Extensions> {
  const [first = 0] = new Uint8Array(readDer(der, KeyUsageBits).value.value);
  return { keyUsage: first };
}

const readPurposes = (der: Uint8Array): Partial<Extensions> => ({
  purposes: [...readDer(der, ExtendedKeyUsage).value],
});

/**
 * Names are taken as bytes: identities compare byte for byte, and in the library's GeneralName the network
 * 10.0.0.0/255.0.255.0 is 10.0.0.0/16.
 */
function readNames(der: Uint8Array): Partial<Extensions> {
  return { names: bounded(sequence(readElement(der, maxElements))).map(readGeneralName) };
}

function readNameConstraints(der: Uint8Array): Partial<Extensions> {
  const lists = sequence(readElement(der, maxElements));
  const permitted = lists.find(({ tag }) => tag === 0xa0);
  const excluded = lists.find(({ tag }) => tag === 0xa1);
  if (lists.some((list) => list !== permitted && list !== excluded)) {
    throw new NotDer('odd name constraints');
  }
  return { constraints: { permitted: readSubtrees(permitted), excluded: readSubtrees(excluded) } };
}

const readSubtrees = (list: Element | undefined): GeneralName[] =>
  bounded(list?.parts ?? []).map(readSubtree);

/** `minimum` is always 0 and `maximum` absent (RFC 5280 §4.2.1.10): nothing may stand behind the name. */
function readSubtree(subtree: Element): GeneralName {
  const [base, ...bounds] = sequence(subtree);
  const isAddress = base?.tag === NameForm.IP;
  const isOdd = isAddress && base.body.length !== 8 && base.body.length !== 32;
  if (!base || isOdd || bounds.length > 0) throw new NotDer('an odd name constraint');
  return readGeneralName(base);
}

function readGeneralName({ tag, body }: Element): GeneralName {
  // directoryName is a CHOICE and therefore tagged explicitly.
  if (tag === NameForm.DIRECTORY) comparableName(body);
  return { form: tag, value: body };
}

function sequence({ tag, parts }: Element): readonly Element[] {
  if (tag !== Tag.SEQUENCE) throw new NotDer('a field is missing or out of place');
  return parts;
}

function bounded(names: readonly Element[]): readonly Element[] {
  if (names.length > maxNames) throw new NotDer('too many names');
  return names;
}

/** What only helps to find something is left out when it is odd. */
function attempted(read: (der: Uint8Array) => Partial<Extensions>, der: Uint8Array) {
  try {
    return read(der);
  } catch {
    return {};
  }
}

function readSubjectKeyId(der: Uint8Array): Partial<Extensions> {
  const { tag, body } = readElement(der);
  return tag === Tag.OCTET_STRING ? { subjectKeyId: body } : {};
}

/** Of all distribution points, whichever reasons they are for. */
function readCrlUrls(der: Uint8Array): Partial<Extensions> {
  return { crlUrls: urlsIn(readElement(der)) };
}

function readOcspUrls(der: Uint8Array): Partial<Extensions> {
  const responders = sequence(readElement(der)).filter(({ parts: [method] }) =>
    method ? equal(method.body, ocspMethod) : false,
  );
  return { ocspUrls: responders.flatMap(urlsIn) };
}

function urlsIn({ tag, body, parts }: Element): readonly string[] {
  if (tag === uri) return body.length <= longestUrl ? [toText(body)] : [];
  return parts.flatMap(urlsIn).slice(0, mostUrls);
}

/** uniformResourceIdentifier [6] of GeneralName. */
const uri = 0x86;
/** id-ad-ocsp, 1.3.6.1.5.5.7.48.1 */
const ocspMethod = fromHex('2b06010505073001');
const longestUrl = 512;
const mostUrls = 4;

const maxExtensions = 64;
/** Names times constraints is work: 256 of each, no more. */
const maxNames = 256;
/** That many permitted and excluded names with what is around each. */
const maxElements = 3 + 4 * maxNames;

/** What a certificate without extensions says: nothing, and so it is no authority. */
const noExtensions: Extensions = {
  isCa: false,
  pathLength: undefined,
  keyUsage: undefined,
  purposes: undefined,
  names: [],
  constraints: undefined,
  subjectKeyId: undefined,
  crlUrls: [],
  ocspUrls: [],
  unknownCritical: [],
};

const readers: Readonly<Record<string, (der: Uint8Array) => Partial<Extensions>>> = {
  [id_ce_keyUsage]: readKeyUsage,
  [id_ce_subjectAltName]: readNames,
  [id_ce_basicConstraints]: readBasicConstraints,
  [id_ce_nameConstraints]: readNameConstraints,
  // Policies matter only to who demands one, and we demand none (RFC 5280 §6.1.1 (c): any-policy).
  [id_ce_certificatePolicies]: () => ({}),
  [id_ce_extKeyUsage]: readPurposes,
};

const hints: Readonly<Record<string, (der: Uint8Array) => Partial<Extensions>>> = {
  [id_ce_subjectKeyIdentifier]: readSubjectKeyId,
  [id_ce_cRLDistributionPoints]: readCrlUrls,
  [id_pe_authorityInfoAccess]: readOcspUrls,
};
