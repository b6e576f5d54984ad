// The extensions of a certificate that we understand (RFC 5280 §4.2), and the critical ones that we do not.
import {
  type Element,
  elements,
  Fields,
  formatOid,
  NotDer,
  oidKey,
  readBoolean,
  readSmallInteger,
  single,
  Tag,
} from './der.ts';
import { comparableName } from './rdn.ts';

export interface Extensions {
  readonly isCa: boolean;
  /** How many further authorities may follow; undefined: any number. */
  readonly pathLength: number | undefined;
  /** First byte of the bits, see KeyUsage; undefined: for everything. */
  readonly keyUsage: number | undefined;
  /** Extended key usages as `oidKey` writes them; undefined: for everything. */
  readonly purposes: readonly string[] | undefined;
  readonly names: readonly GeneralName[];
  readonly constraints: NameConstraints | undefined;
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
} as const;

/** What a certificate without extensions says: nothing, and so it is no authority. */
export const noExtensions: Extensions = {
  isCa: false,
  pathLength: undefined,
  keyUsage: undefined,
  purposes: undefined,
  names: [],
  constraints: undefined,
  unknownCritical: [],
};

/** @param wrapped content of the field [3]. @throws NotDer */
export function readExtensions(wrapped: Uint8Array): Extensions {
  const list = elements(single(wrapped, Tag.SEQUENCE, 'extensions').body);
  if (list.length > maxExtensions) throw new NotDer('too many extensions');
  const seen = new Set<string>();
  let extensions = noExtensions;
  for (const { oid, isCritical, value } of list.map(readExtension)) {
    if (seen.has(oid)) throw new NotDer(`the extension ${formatOid(oid)} stands there twice`);
    seen.add(oid);
    const read = readers[oid];
    if (read) extensions = { ...extensions, ...read(value) };
    else if (isCritical) {
      const unknownCritical = [...extensions.unknownCritical, formatOid(oid)];
      extensions = { ...extensions, unknownCritical };
    }
  }
  return extensions;
}

interface Extension {
  readonly oid: string;
  readonly isCritical: boolean;
  readonly value: Uint8Array;
}

function readExtension({ tag, body }: Element): Extension {
  if (tag !== Tag.SEQUENCE) throw new NotDer('an extension is not a sequence');
  const fields = new Fields(body, 'extension');
  const oid = oidKey(fields.take(Tag.OID));
  const critical = fields.takeIf(Tag.BOOLEAN);
  const value = fields.take(Tag.OCTET_STRING).body;
  fields.end();
  return { oid, isCritical: critical !== undefined && readBoolean(critical), value };
}

function readBasicConstraints(value: Uint8Array): Partial<Extensions> {
  const fields = new Fields(
    single(value, Tag.SEQUENCE, 'basicConstraints').body,
    'basicConstraints',
  );
  const ca = fields.takeIf(Tag.BOOLEAN);
  const length = fields.takeIf(Tag.INTEGER);
  fields.end();
  return {
    isCa: ca !== undefined && readBoolean(ca),
    pathLength: length && readSmallInteger(length),
  };
}

function readKeyUsage(value: Uint8Array): Partial<Extensions> {
  const [unused, first = 0] = single(value, Tag.BIT_STRING, 'keyUsage').body;
  if (unused === undefined || unused > 7) throw new NotDer('keyUsage: no bit string');
  return { keyUsage: first };
}

function readPurposes(value: Uint8Array): Partial<Extensions> {
  const list = elements(single(value, Tag.SEQUENCE, 'extendedKeyUsage').body);
  if (list.some(({ tag }) => tag !== Tag.OID))
    throw new NotDer('extendedKeyUsage: not a list of OIDs');
  return { purposes: list.map(oidKey) };
}

function readNames(value: Uint8Array): Partial<Extensions> {
  const list = elements(single(value, Tag.SEQUENCE, 'subjectAltName').body);
  if (list.length > maxNames) throw new NotDer('too many names');
  return { names: list.map(readGeneralName) };
}

function readGeneralName({ tag, body }: Element): GeneralName {
  // directoryName is a CHOICE and therefore tagged explicitly.
  if (tag !== NameForm.DIRECTORY) return { form: tag, value: body };
  comparableName(body);
  return { form: tag, value: body };
}

function readNameConstraints(value: Uint8Array): Partial<Extensions> {
  const fields = new Fields(single(value, Tag.SEQUENCE, 'nameConstraints').body, 'nameConstraints');
  const [permitted, excluded] = [fields.takeIf(0xa0), fields.takeIf(0xa1)];
  fields.end();
  return { constraints: { permitted: readSubtrees(permitted), excluded: readSubtrees(excluded) } };
}

function readSubtrees(list: Element | undefined): GeneralName[] {
  const subtrees = list ? elements(list.body) : [];
  if (subtrees.length > maxNames) throw new NotDer('too many name constraints');
  return subtrees.map(({ tag, body }) => {
    const [base, ...bounds] = elements(body);
    // minimum is always 0 and maximum absent (RFC 5280 §4.2.1.10).
    const isOdd = tag !== Tag.SEQUENCE || !base || bounds.length > 0;
    if (isOdd || (base.tag === NameForm.IP && base.body.length !== 8 && base.body.length !== 32)) {
      throw new NotDer('an odd name constraint');
    }
    return readGeneralName(base);
  });
}

/** Policies matter only to who demands one, and we demand none (RFC 5280 §6.1.1 (c): any-policy). */
const readPolicies = (): Partial<Extensions> => ({});

const maxExtensions = 64;
/** Names times constraints is work: 256 of each, no more. */
const maxNames = 256;

/** By OID: 2.5.29.x */
const readers: Readonly<Record<string, (value: Uint8Array) => Partial<Extensions>>> = {
  '551d0f': readKeyUsage,
  '551d11': readNames,
  '551d13': readBasicConstraints,
  '551d1e': readNameConstraints,
  '551d20': readPolicies,
  '551d25': readPurposes,
};
