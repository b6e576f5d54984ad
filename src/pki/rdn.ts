// Distinguished names made comparable (RFC 5280 §7.1): an attribute counts by what it says, not by how it is
// encoded, or one letter's case would step around an excluded subtree.
import { toHex } from '../base/bytes.ts';
import { type Element, elements, NotDer, oidKey, single, Tag } from './der.ts';

/**
 * A name as text: equal for equal names, and the beginning of all names below it.
 * @param name Name, DER. @throws NotDer
 */
export function comparableName(name: Uint8Array): string {
  return rdnsOf(name)
    .map((rdn) => `${rdn.map(comparableAttribute).sort().join('\n')}\n\n`)
    .join('');
}

/** The mail addresses that old certificates carry in the subject (RFC 5280 §4.1.2.6). @throws NotDer */
export function emailAddresses(name: Uint8Array): readonly Uint8Array[] {
  return rdnsOf(name)
    .flat()
    .filter(({ oid }) => oid === emailAddress)
    .map(({ value }) => value.body);
}

interface Attribute {
  readonly oid: string;
  readonly value: Element;
}

function rdnsOf(name: Uint8Array): readonly (readonly Attribute[])[] {
  return elements(single(name, Tag.SEQUENCE, 'name').body).map(({ tag, body }) => {
    if (tag !== Tag.SET) throw new NotDer('a name is not a list of sets');
    return elements(body).map(readAttribute);
  });
}

function readAttribute({ tag, body }: Element): Attribute {
  const [type, value, ...more] = elements(body);
  const isPair = tag === Tag.SEQUENCE && type?.tag === Tag.OID && value && more.length === 0;
  if (!isPair) throw new NotDer('an attribute of a name is not a pair');
  return { oid: oidKey(type), value };
}

/** Case and runs of white space do not tell names apart; values that are no text compare by their bytes. */
function comparableAttribute({ oid, value }: Attribute): string {
  const text = decodeText(value);
  if (text === undefined) return `${oid}#${toHex(value.der)}`;
  return `${oid}=${text.trim().replace(/\s+/g, ' ').toLowerCase()}`;
}

function decodeText({ tag, body }: Element): string | undefined {
  switch (tag) {
    case Tag.UTF8_STRING:
    case Tag.PRINTABLE_STRING:
    case Tag.IA5_STRING:
      return new TextDecoder().decode(body);
    case Tag.T61_STRING:
      return Buffer.from(body).toString('latin1');
    case Tag.BMP_STRING:
      return decodeUtf16(body);
    default:
      return undefined;
  }
}

function decodeUtf16(body: Uint8Array): string {
  let text = '';
  for (let at = 0; at + 1 < body.length; at += 2) {
    text += String.fromCharCode((body[at] ?? 0) * 256 + (body[at + 1] ?? 0));
  }
  return text;
}

const emailAddress = '2a864886f70d010901';
