// Makes X.501 names in DER for tests.
import { concat, fromHex, fromText } from '../../../src/base/bytes.ts';

/** Content of the OID in hexadecimal, and the value as UTF8String. */
export type Attribute = readonly [oid: string, value: string];

export const derName = (attributes: readonly Attribute[]): Uint8Array =>
  sequence(0x30, ...attributes.map((attribute) => sequence(0x31, derPair(attribute))));

/** All attributes in one relative distinguished name. */
export const multiValued = (attributes: readonly Attribute[]): Uint8Array =>
  sequence(0x30, sequence(0x31, ...attributes.map(derPair)));

export function sequence(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const body = concat(...parts);
  const { length } = body;
  if (length < 0x80) return concat(Uint8Array.of(tag, length), body);
  if (length < 0x100) return concat(Uint8Array.of(tag, 0x81, length), body);
  return concat(Uint8Array.of(tag, 0x82, length >> 8, length & 0xff), body);
}

const derPair = ([oid, value]: Attribute): Uint8Array =>
  sequence(0x30, sequence(0x06, fromHex(oid)), sequence(0x0c, fromText(value)));
