// Distinguished names made comparable (RFC 5280 §7.1): an attribute counts by what it says, not by how it is
// encoded, or one letter's case would step around an excluded subtree.
import { type AttributeTypeAndValue, type AttributeValue, Name } from '@peculiar/asn1-x509';
import { fromText, toHex } from '../base/bytes.ts';
import { readDer } from './der.ts';

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
    .filter(({ type }) => type === emailAddress)
    .map(({ value }) => fromText(textOf(value) ?? ''));
}

/** The first organizational unit: where the home CA writes whose device it is. @throws NotDer */
export const unitIn = (name: Uint8Array): string | undefined => firstOf(organizationalUnit, name);

/** The first common name, for who asks for an issuer by it. @throws NotDer */
export const commonNameIn = (name: Uint8Array): string | undefined => firstOf(commonName, name);

function firstOf(wanted: string, name: Uint8Array): string | undefined {
  const found = rdnsOf(name)
    .flat()
    .find(({ type }) => type === wanted);
  return found && textOf(found.value);
}

const rdnsOf = (name: Uint8Array): AttributeTypeAndValue[][] =>
  Array.from(readDer(name, Name).value, (rdn) => [...rdn]);

/** Case and runs of white space do not tell names apart; values that are no text compare by their bytes. */
function comparableAttribute({ type, value }: AttributeTypeAndValue): string {
  const text = textOf(value);
  if (text === undefined) return `${type}#${toHex(new Uint8Array(value.anyValue ?? []))}`;
  return `${type}=${text.trim().replace(/\s+/g, ' ').toLowerCase()}`;
}

const textOf = (value: AttributeValue): string | undefined =>
  value.utf8String ??
  value.printableString ??
  value.ia5String ??
  value.teletexString ??
  value.bmpString ??
  value.universalString;

const commonName = '2.5.4.3';
const organizationalUnit = '2.5.4.11';
const emailAddress = '1.2.840.113549.1.9.1';
