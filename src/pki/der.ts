// Strict DER (X.690 §10) around a library that reads BER: a certificate that two readers read differently is an
// attack. Its schemas also pass over what they have no place for: fields too many, or in another order.
import { AsnParser, AsnSerializer } from '@peculiar/asn1-schema';
import { type BaseBlock, Constructed, fromBER } from 'asn1js';
import { equal } from '../base/bytes.ts';

/** The bytes are not DER, or not what was expected there; the message is for people. */
export class NotDer extends Error {
  override readonly name = 'NotDer';
}

export const Tag = { OCTET_STRING: 0x04, OID: 0x06, SEQUENCE: 0x30 } as const;

export interface Element {
  readonly tag: number;
  /** Content octets. */
  readonly body: Uint8Array;
  /** Tag, length and content: a view of the outer buffer. */
  readonly der: Uint8Array;
  /** The elements in a SEQUENCE, a SET or an explicit tag. */
  readonly parts: readonly Element[];
}

/**
 * Reads one structure of the library's.
 * @returns what the library makes of it, and the bytes that it was made of. @throws NotDer
 */
export function readDer<T extends object>(
  der: Uint8Array,
  type: new () => T,
): { readonly value: T; readonly element: Element } {
  const block = parse(der, maxElements);
  const element = elementOf(block);
  const { value, written } = convert(block, type);
  // What the library passed over or bent, and values that are not DER, are others when it writes them.
  if (!isSame(element, written)) throw new NotDer('a field is odd or too many');
  return { value, element };
}

/**
 * The one element that `der` is, for structures where the library's type loses something.
 * @param most elements that are read, nested ones counted: the library takes 2 µs for each. @throws NotDer
 */
export const readElement = (der: Uint8Array, most = maxElements): Element =>
  elementOf(parse(der, most));

function parse(der: Uint8Array, maxNodes: number): BaseBlock {
  const bounds = { maxNodes, maxDepth, parseEmbedded: false, copyInput: false };
  const { offset, result } = attempt(() => fromBER(der, bounds), 'it is no ASN.1');
  if (offset !== der.length) throw new NotDer('it ends too early or too late, or is too much');
  return result;
}

function convert<T extends object>(block: BaseBlock, type: new () => T) {
  return attempt(() => {
    const value: T = AsnParser.fromASN(block, type);
    return { value, written: AsnSerializer.toASN(value) };
  }, 'a field is missing or out of place');
}

/** Tags of one byte; lengths definite, the shortest and true: to the library a part may run past its whole. */
function elementOf(block: BaseBlock): Element {
  const { idBlock, lenBlock, valueBeforeDecodeView: der } = block;
  const body = der.subarray(idBlock.blockLength + lenBlock.blockLength);
  const lengthBytes = body.length < 0x80 ? 1 : 1 + Math.ceil((32 - Math.clz32(body.length)) / 8);
  const isShortest = !lenBlock.isIndefiniteForm && lenBlock.blockLength === lengthBytes;
  const isTrue = lenBlock.length === body.length;
  const isEmptyOid = der[0] === Tag.OID && body.length === 0;
  if (!isShortest || !isTrue || isEmptyOid || idBlock.blockLength !== 1) {
    throw new NotDer('a tag or length is not DER');
  }
  const parts = block instanceof Constructed ? block.valueBlock.value.map(elementOf) : [];
  return { tag: der[0] ?? 0, body, der, parts };
}

/** FALSE written out as `critical` or `cA`, though it is the default, is common and harmless. */
function isSame(read: Element | undefined, written: BaseBlock): boolean {
  if (!read) return false;
  const { tag, der, parts } = read;
  if (!(written instanceof Constructed)) return equal(der, new Uint8Array(written.toBER()));
  const { idBlock, valueBlock } = written;
  const said = parts.filter((part, i) => {
    const isCritical = parts[i - 1]?.tag === Tag.OID && parts[i + 1]?.tag === Tag.OCTET_STRING;
    return !(equal(part.der, explicitFalse) && (isCritical || parts.length === 1));
  });
  return (
    new Uint8Array(idBlock.toBER())[0] === tag &&
    said.length === valueBlock.value.length &&
    valueBlock.value.every((part, i) => isSame(said[i], part))
  );
}

/** The library throws whatever comes to its hand; its words may quote what it read. */
function attempt<T>(read: () => T, why: string): T {
  try {
    return read();
  } catch {
    throw new NotDer(why);
  }
}

const explicitFalse = Uint8Array.of(0x01, 0x01, 0x00);
/** Certificates of the real world have a hundred elements and are six deep, what their strings hold aside. */
const maxElements = 300;
const maxDepth = 16;
