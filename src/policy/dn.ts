// A distinguished name (X.501, DER) as text: `C=CH, O=Home, CN=anna`. Reading only, bounded, never throws.
import { OutOfBytes, Reader, toHex, toText } from '../base/bytes.ts';

/**
 * A name as text, in the order of the encoding. Commas, plus signs and backslashes in a value are escaped
 * (RFC 4514 §2.4): what somebody else chose for a value never reads as another attribute.
 * @returns undefined when the bytes are no DER Name
 */
export function formatDn(der: Uint8Array): string | undefined {
  try {
    const r = new Reader(der);
    const names = elements(element(r, SEQUENCE), SET).map((set) =>
      elements(set, SEQUENCE).map(formatPair).join(' + '),
    );
    return r.left === 0 ? names.join(', ') : undefined;
  } catch (error) {
    if (error instanceof OutOfBytes || error instanceof NotDer) return undefined;
    throw error;
  }
}

/** The one text for all texts of a name that differ in case or in spaces around `,`, `+` and `=` only. */
export function canonicalDn(text: string): string {
  return splitAt(text, ',')
    .map((name) => splitAt(name, '+').map(canonicalPair).join(' + '))
    .join(', ');
}

/**
 * Whether a name fits a pattern, both in their canonical text: in a pattern the value `*` stands for any one value, so
 * that `C=CH, O=Home, CN=*` is everybody at home. Attributes are neither added nor left out.
 */
export function fitsDn(pattern: string, dn: string): boolean {
  const [wanted, given] = [pattern, dn].map((text) =>
    splitAt(text, ',').map((name) => splitAt(name, '+').map((pair) => pair.trim())),
  );
  return (
    wanted?.length === given?.length &&
    (wanted ?? []).every((pairs, i) => {
      const others = given?.[i] ?? [];
      return (
        pairs.length === others.length && pairs.every((pair, j) => fitsPair(pair, others[j] ?? ''))
      );
    })
  );
}

/** How many values a pattern leaves open. */
export const openValues = (pattern: string): number =>
  splitAt(pattern, ',').flatMap((name) => splitAt(name, '+').filter(isOpen)).length;

const isOpen = (pair: string): boolean => pair.trimEnd().endsWith('=*');
const fitsPair = (pattern: string, pair: string): boolean =>
  isOpen(pattern) ? pair.startsWith(pattern.slice(0, -1)) : pair === pattern;

/** Case of ASCII letters only: other alphabets have letters that fold into ASCII ones. */
export const lowerAscii = (text: string): string =>
  text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

class NotDer extends Error {}

function formatPair(pair: Reader): string {
  const oid = toHex(element(pair, OBJECT_IDENTIFIER).rest());
  const { body } = next(pair);
  if (pair.left > 0) throw new NotDer();
  return `${attributeNames[oid] ?? `OID.${oid}`}=${escaped(toText(body.rest()))}`;
}

function canonicalPair(text: string): string {
  const at = text.indexOf('=');
  if (at < 0) return lowerAscii(text.trim());
  const value = text.slice(at + 1).trim();
  // A backslash before anything that needs none is itself what was meant: `DOMAIN\anna`.
  const explicit = value.replace(/\\([,+\\])|\\/g, (all, special) => (special ? all : '\\\\'));
  return lowerAscii(`${text.slice(0, at).trim()}=${explicit}`);
}

const escaped = (value: string): string => value.replace(/[,+\\]/g, '\\$&');

/** The pieces between unescaped separators. */
function splitAt(text: string, separator: string): readonly string[] {
  const pieces = [''];
  let isEscaped = false;
  for (const char of text) {
    if (char === separator && !isEscaped) pieces.push('');
    else pieces[pieces.length - 1] += char;
    isEscaped = char === '\\' && !isEscaped;
  }
  return pieces;
}

function element(r: Reader, tag: number): Reader {
  const found = next(r);
  if (found.tag !== tag) throw new NotDer();
  return found.body;
}

function elements(r: Reader, tag: number): readonly Reader[] {
  const found: Reader[] = [];
  while (r.left > 0) found.push(element(r, tag));
  return found;
}

function next(r: Reader): { readonly tag: number; readonly body: Reader } {
  const tag = r.u8();
  let length = r.u8();
  if (length === 0x81) length = r.u8();
  else if (length === 0x82) length = r.u16();
  else if (length >= 0x80) throw new NotDer();
  return { tag, body: r.sub(length) };
}

const SEQUENCE = 0x30;
const SET = 0x31;
const OBJECT_IDENTIFIER = 0x06;
/** DER content of the OIDs of RFC 4519 that occur in practice. */
const attributeNames: Readonly<Record<string, string>> = {
  '550403': 'CN',
  '550404': 'SN',
  '550405': 'serialNumber',
  '550406': 'C',
  '550407': 'L',
  '550408': 'ST',
  '55040a': 'O',
  '55040b': 'OU',
  '55040c': 'title',
  '55042a': 'GN',
  '2a864886f70d010901': 'E',
  '0992268993f22c640119': 'DC',
  '0992268993f22c640101': 'UID',
};
