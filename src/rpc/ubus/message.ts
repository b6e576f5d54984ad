// Messages of ubusd's socket: a head of eight bytes, and attributes. Bytes and values, both ways.
import { Reader, Writer } from '../../base/bytes.ts';
import {
  BlobError,
  readAttributes,
  readTable,
  stringOf,
  type Table,
  writeAttribute,
  writeTable,
} from './blob.ts';

export const MessageType = {
  Hello: 0,
  Status: 1,
  Data: 2,
  Ping: 3,
  Lookup: 4,
  Invoke: 5,
  AddObject: 6,
  RemoveObject: 7,
  Subscribe: 8,
  Unsubscribe: 9,
  Notify: 10,
  Monitor: 11,
} as const;
export type MessageType = (typeof MessageType)[keyof typeof MessageType];

/** What an answer is worth; `ubus` ends with the negative of it. */
export const Status = {
  Ok: 0,
  InvalidCommand: 1,
  InvalidArgument: 2,
  MethodNotFound: 3,
  NotFound: 4,
  NoData: 5,
  PermissionDenied: 6,
  Timeout: 7,
  NotSupported: 8,
  UnknownError: 9,
  ConnectionFailed: 10,
} as const;

export interface Attributes {
  readonly status?: number;
  readonly path?: string;
  readonly object?: number;
  readonly method?: string;
  readonly objectType?: number;
  /** By method the types of its arguments. */
  readonly signature?: Table;
  readonly data?: object;
  readonly isActive?: boolean;
  readonly wantsNoReply?: boolean;
  /** Who calls, by ubusd's word. */
  readonly user?: string;
  readonly group?: string;
}

export interface Message {
  readonly type: number;
  /** 16 bits; an answer repeats that of its request. */
  readonly sequence: number;
  /** Whom it goes to, or comes from. */
  readonly peer: number;
  readonly attributes: Attributes;
}

/** The longest that ubusd takes, its head not counted. */
const longestMessage = 1024 * 1024;
const headBytes = 8;

/** @throws BlobError when it would be longer than ubusd takes */
export function writeMessage({ type, sequence, peer, attributes }: Message): Uint8Array {
  const inside = new Writer();
  for (const { id, name, write } of rows) {
    const value = attributes[name];
    if (value !== undefined) writeAttribute(inside, id, write(value));
  }
  const to = new Writer();
  to.u8(0);
  to.u8(type);
  to.u16(sequence);
  to.u32(peer);
  writeAttribute(to, 0, inside.finish());
  if (to.length > headBytes + longestMessage) throw new BlobError('a message is too long');
  return to.finish();
}

/** How many bytes a message has by its first twelve; undefined: there are not enough of them. @throws BlobError */
export function messageLength(bytes: Uint8Array): number | undefined {
  if (bytes.length < headBytes + 4) return undefined;
  const reader = new Reader(bytes);
  if (reader.u8() !== 0) throw new BlobError('a message of another version');
  reader.bytes(headBytes - 1);
  const length = reader.u32() % 2 ** 24;
  if (length < 4 || length > longestMessage) throw new BlobError(`a message of ${length} bytes`);
  return headBytes + length + (-length & 3);
}

/** @param bytes one message, no more and no less. @throws BlobError */
export function readMessage(bytes: Uint8Array): Message {
  const reader = new Reader(bytes.subarray(0, headBytes));
  reader.u8();
  const [type, sequence, peer] = [reader.u8(), reader.u16(), reader.u32()];
  const [container, ...more] = readAttributes(bytes.subarray(headBytes));
  if (!container || more.length > 0) throw new BlobError('a message has one container');
  return { type, sequence, peer, attributes: attributesIn(container.payload) };
}

/** The last of several of a kind counts; those that we do not know are left out. */
function attributesIn(bytes: Uint8Array): Attributes {
  const found: Record<string, unknown> = {};
  for (const { id, payload } of readAttributes(bytes)) {
    const row = rows.find((one) => one.id === id);
    if (row) found[row.name] = row.read(payload);
  }
  return found;
}

interface Row {
  readonly id: number;
  readonly name: keyof Attributes;
  readonly read: (payload: Uint8Array) => unknown;
  readonly write: (value: NonNullable<Attributes[keyof Attributes]>) => Uint8Array;
}

const number: Pick<Row, 'read' | 'write'> = {
  read(payload) {
    if (payload.length !== 4) throw new BlobError(`a number of ${payload.length} bytes`);
    return new Reader(payload).u32();
  },
  write(value) {
    const to = new Writer();
    to.u32(Number(value));
    return to.finish();
  },
};
const text: Pick<Row, 'read' | 'write'> = {
  read: stringOf,
  write: (value) => Buffer.from(`${value}\0`),
};
const table: Pick<Row, 'read' | 'write'> = {
  read: readTable,
  write: (value) => writeTable(Object(value)),
};
const truth: Pick<Row, 'read' | 'write'> = {
  read(payload) {
    if (payload.length !== 1) throw new BlobError(`a truth of ${payload.length} bytes`);
    return payload[0] !== 0;
  },
  write: (value) => Uint8Array.of(value ? 1 : 0),
};

/** In the order in which they are sent. */
const rows: readonly Row[] = [
  { id: 1, name: 'status', ...number },
  { id: 2, name: 'path', ...text },
  { id: 3, name: 'object', ...number },
  { id: 4, name: 'method', ...text },
  { id: 5, name: 'objectType', ...number },
  { id: 6, name: 'signature', ...table },
  { id: 12, name: 'user', ...text },
  { id: 13, name: 'group', ...text },
  { id: 7, name: 'data', ...table },
  { id: 9, name: 'isActive', ...truth },
  { id: 10, name: 'wantsNoReply', ...truth },
];
