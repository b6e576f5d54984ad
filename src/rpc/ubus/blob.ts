// libubox' blobs, in which ubus speaks: attributes inside attributes, and among them named values («blobmsg»). Bytes and
// values, both ways; nothing here knows what a message means.
import { fromText, OutOfBytes, Reader, Writer } from '../../base/bytes.ts';

/** Bytes that are no blob, or a value that no blob can hold. */
export class BlobError extends Error {
  override readonly name = 'BlobError';
}

export type Value = null | string | number | boolean | readonly Value[] | Table;
export interface Table {
  readonly [name: string]: Value;
}

/** An attribute as it lies in its message. */
export interface Attribute {
  readonly id: number;
  readonly payload: Uint8Array;
}

/** Types of blobmsg. */
export const Type = {
  unspecified: 0,
  array: 1,
  table: 2,
  string: 3,
  int64: 4,
  int32: 5,
  int16: 6,
  int8: 7,
  double: 8,
} as const;

/** Reads attributes one after the other. @throws BlobError */
export function readAttributes(bytes: Uint8Array): readonly Attribute[] {
  return whole(bytes, (reader) => {
    const found: Attribute[] = [];
    while (reader.left > 0) {
      const { id, payload } = readAttribute(reader);
      found.push({ id, payload });
    }
    return found;
  });
}

export function writeAttribute(to: Writer, id: number, payload: Uint8Array): void {
  to.u32(id * 2 ** 24 + headBytes + payload.length);
  to.bytes(payload);
  pad(to);
}

/** Reads the named values of a table. @throws BlobError */
export const readTable = (bytes: Uint8Array): Table => tableOf(bytes, 0);

/** What is undefined is left out, as in JSON. @throws BlobError */
export function writeTable(table: object): Uint8Array {
  const to = new Writer();
  writeMembers(to, table, 0);
  return to.finish();
}

/** Text up to its zero. @throws BlobError */
export function stringOf(payload: Uint8Array): string {
  const end = payload.indexOf(0);
  if (end < 0) throw new BlobError('a string does not end');
  return decoded(payload.subarray(0, end));
}

interface Named {
  readonly type: number;
  readonly name: string;
  readonly payload: Uint8Array;
}

function readAttribute(reader: Reader): Attribute & { readonly isExtended: boolean } {
  const head = reader.u32();
  const length = head % 2 ** 24;
  if (length < headBytes) throw new BlobError('an attribute is shorter than its head');
  const payload = reader.bytes(length - headBytes);
  reader.bytes(Math.min(padding(length), reader.left));
  const top = Math.floor(head / 2 ** 24);
  return { id: top % 128, isExtended: top >= 128, payload };
}

function readNamed(reader: Reader): Named {
  const { id: type, isExtended, payload } = readAttribute(reader);
  if (!isExtended) throw new BlobError('a value has no name');
  const inside = new Reader(payload);
  const nameBytes = inside.u16();
  const name = decoded(inside.bytes(nameBytes));
  inside.bytes(1);
  inside.bytes(padding(2 + nameBytes + 1));
  return { type, name, payload: inside.rest() };
}

function tableOf(bytes: Uint8Array, depth: number): Table {
  return Object.fromEntries(membersOf(bytes, depth).map(({ name, value }) => [name, value]));
}

function membersOf(bytes: Uint8Array, depth: number): readonly { name: string; value: Value }[] {
  if (depth > deepest) throw new BlobError('values are nested too deeply');
  return whole(bytes, (reader) => {
    const members: { name: string; value: Value }[] = [];
    while (reader.left > 0) {
      const { type, name, payload } = readNamed(reader);
      members.push({ name, value: decodedValue(type, payload, depth) });
    }
    return members;
  });
}

function decodedValue(type: number, payload: Uint8Array, depth: number): Value {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  switch (type) {
    case Type.unspecified:
      return null;
    case Type.array:
      return membersOf(payload, depth + 1).map(({ value }) => value);
    case Type.table:
      return tableOf(payload, depth + 1);
    case Type.string:
      return stringOf(payload);
    case Type.int64:
      return sized(view, 8, () => Number(view.getBigInt64(0)));
    case Type.int32:
      return sized(view, 4, () => view.getInt32(0));
    case Type.int16:
      return sized(view, 2, () => view.getInt16(0));
    case Type.int8:
      return sized(view, 1, () => view.getInt8(0) !== 0);
    case Type.double:
      return sized(view, 8, () => view.getFloat64(0));
    default:
      throw new BlobError(`there is no type ${type}`);
  }
}

function sized<T>(view: DataView, bytes: number, read: () => T): T {
  if (view.byteLength !== bytes) throw new BlobError(`a number of ${view.byteLength} bytes`);
  return read();
}

function writeMembers(to: Writer, members: object, depth: number): void {
  if (depth > deepest) throw new BlobError('values are nested too deeply');
  for (const [name, value] of Object.entries(members)) {
    if (value !== undefined) writeNamed(to, name, value, depth);
  }
}

function writeNamed(to: Writer, name: string, value: unknown, depth: number): void {
  const { type, payload } = encodingOf(value, depth);
  const nameBytes = fromText(name);
  const start = to.length;
  to.u32(0);
  to.u16(nameBytes.length);
  to.bytes(nameBytes);
  to.u8(0);
  pad(to);
  to.bytes(payload);
  const length = to.length - start;
  if (length >= 2 ** 24) throw new BlobError('a value is too long');
  to.patchU32(start, (128 + type) * 2 ** 24 + length);
  pad(to);
}

function encodingOf(value: unknown, depth: number): { type: number; payload: Uint8Array } {
  switch (typeof value) {
    case 'string':
      return { type: Type.string, payload: fromText(`${value.replaceAll('\0', '\ufffd')}\0`) };
    case 'boolean':
      return { type: Type.int8, payload: Uint8Array.of(value ? 1 : 0) };
    case 'bigint':
      return numberOf(Type.int64, 8, (view) => view.setBigInt64(0, value));
    case 'number':
      return encodingOfNumber(value);
    case 'object':
      return encodingOfObject(value, depth);
    default:
      throw new BlobError(`no blob holds a ${typeof value}`);
  }
}

function encodingOfNumber(value: number): { type: number; payload: Uint8Array } {
  if (!Number.isSafeInteger(value)) {
    return numberOf(Type.double, 8, (view) => view.setFloat64(0, value));
  }
  if (value === value >> 0) return numberOf(Type.int32, 4, (view) => view.setInt32(0, value));
  return numberOf(Type.int64, 8, (view) => view.setBigInt64(0, BigInt(value)));
}

function encodingOfObject(value: object | null, depth: number) {
  if (value === null) return { type: Type.unspecified, payload: new Uint8Array() };
  const to = new Writer();
  if (!Array.isArray(value)) writeMembers(to, value, depth + 1);
  else for (const item of value) writeNamed(to, '', item ?? null, depth + 1);
  return { type: Array.isArray(value) ? Type.array : Type.table, payload: to.finish() };
}

function numberOf(type: number, bytes: number, set: (view: DataView) => void) {
  const payload = new Uint8Array(bytes);
  set(new DataView(payload.buffer));
  return { type, payload };
}

/** Reads all of `bytes`, and tells of too few as of any other fault in a blob. */
function whole<T>(bytes: Uint8Array, read: (reader: Reader) => T): T {
  try {
    return read(new Reader(bytes));
  } catch (error) {
    if (error instanceof OutOfBytes) throw new BlobError(error.message);
    throw error;
  }
}

function pad(to: Writer): void {
  to.bytes(new Uint8Array(padding(to.length)));
}

const decoded = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');
/** Everything begins at a multiple of four; lengths do not count what fills up. */
const padding = (length: number): number => -length & 3;
const headBytes = 4;
/** No object of a router nests half as deep. */
const deepest = 32;
