// A distinguished name (X.501, DER) as text: `C=CH, O=Home, CN=anna`. Reading only, bounded, never throws.
import { OutOfBytes, Reader, toHex, toText } from '../base/bytes.ts';

/** @returns undefined when the bytes are no DER Name */
export function formatDn(der: Uint8Array): string | undefined {
  try {
    const parts: string[] = [];
    for (const set of elements(element(new Reader(der), SEQUENCE))) {
      for (const pair of elements(set)) parts.push(formatPair(pair.body));
    }
    return parts.join(', ');
  } catch (error) {
    if (error instanceof OutOfBytes || error instanceof NotDer) return undefined;
    throw error;
  }
}

interface Element {
  readonly tag: number;
  readonly body: Reader;
}
class NotDer extends Error {}

function formatPair(pair: Reader): string {
  const oid = toHex(element(pair, OBJECT_IDENTIFIER).body.rest());
  const value = next(pair);
  return `${attributeNames[oid] ?? `OID.${oid}`}=${toText(value.body.rest())}`;
}

function element(r: Reader, tag: number): Element {
  const found = next(r);
  if (found.tag !== tag) throw new NotDer();
  return found;
}

function* elements({ body }: Element): Generator<Element> {
  while (body.left > 0) yield next(body);
}

function next(r: Reader): Element {
  const tag = r.u8();
  let length = r.u8();
  if (length === 0x81) length = r.u8();
  else if (length === 0x82) length = r.u16();
  else if (length >= 0x80) throw new NotDer();
  return { tag, body: r.sub(length) };
}

const SEQUENCE = 0x30;
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
