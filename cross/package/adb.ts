// The database format of apk-tools 3 (doc/apk-v3.5.scd in its sources), writing only: values are words whose upper
// four bits are their type and whose lower bits are the value itself or where it stands.

/** A word, with its type. */
export type Value = number;

export const NULL: Value = 0;

/** One database in the making: everything that was put in so far, and where. */
export class Adb {
  readonly #chunks: Buffer[] = [];
  readonly #places = new Map<string, number>();
  #length = 0;

  constructor() {
    this.#append(Buffer.alloc(8), 8); // versions 0 and 0, and the root, which is known last
  }

  integer(value: number): Value {
    if (value < 0x1000_0000) return tag(TYPE.integer, value);
    const bytes = Buffer.alloc(value < 0x1_0000_0000 ? 4 : 8);
    if (bytes.length === 8) bytes.writeBigUInt64LE(BigInt(value));
    else bytes.writeUInt32LE(value);
    return tag(bytes.length === 8 ? TYPE.integer64 : TYPE.integer32, this.#put(bytes, 4));
  }

  /** Nothing is NULL. */
  blob(content: Buffer | string): Value {
    const bytes = Buffer.from(content);
    if (bytes.length === 0) return NULL;
    const [type, width] = blobType(bytes.length);
    const length = Buffer.alloc(width);
    length.writeUIntLE(bytes.length, 0, width);
    return tag(type, this.#put(Buffer.concat([length, bytes]), width));
  }

  /** The first slot is the number of slots; those at the end that are NULL are left out. */
  object(slots: Readonly<Record<number, Value>>): Value {
    const last = Math.max(
      0,
      ...Object.keys(slots)
        .map(Number)
        .filter((at) => slots[at]),
    );
    return this.#slots(
      TYPE.object,
      Array.from({ length: last }, (_, at) => slots[at + 1] ?? NULL),
    );
  }

  array(items: readonly Value[]): Value {
    return this.#slots(TYPE.array, items);
  }

  /** @returns the content of the database's block, complete */
  finish(root: Value): Buffer {
    const all = Buffer.concat(this.#chunks);
    all.writeUInt32LE(root, 4);
    return all;
  }

  #slots(type: number, values: readonly Value[]): Value {
    if (values.length === 0) return NULL;
    const words = Uint32Array.of(values.length + 1, ...values);
    return tag(type, this.#put(Buffer.from(words.buffer), 4));
  }

  /** What stands there already is not written again. */
  #put(bytes: Buffer, alignment: number): number {
    const name = bytes.toString('latin1');
    const standing = this.#places.get(name);
    if (standing !== undefined && standing % alignment === 0) return standing;
    const place = this.#append(bytes, alignment);
    this.#places.set(name, place);
    return place;
  }

  #append(bytes: Buffer, alignment: number): number {
    const padding = -this.#length & (alignment - 1);
    const place = this.#length + padding;
    this.#chunks.push(Buffer.alloc(padding), bytes);
    this.#length = place + bytes.length;
    return place;
  }
}

/** A part of a file: its kind and size in one word, its content, and padding to eight bytes. */
export function block(kind: keyof typeof BLOCK, ...content: readonly Buffer[]): Buffer {
  const length = 4 + content.reduce((sum, { length: bytes }) => sum + bytes, 0);
  if (length >= 1 << 30) throw new Error('too long for one block');
  const head = Buffer.alloc(4);
  head.writeUInt32LE(BLOCK[kind] * 2 ** 30 + length);
  return Buffer.concat([head, ...content, Buffer.alloc(-length & 7)]);
}

function blobType(length: number): [number, number] {
  if (length < 0x100) return [TYPE.blob8, 1];
  return length < 0x1_0000 ? [TYPE.blob16, 2] : [TYPE.blob32, 4];
}

/** Bits of JavaScript have signs; products have none. */
const tag = (type: number, value: number): Value => type * 2 ** 28 + value;

const TYPE = {
  integer: 0x1,
  integer32: 0x2,
  integer64: 0x3,
  blob8: 0x8,
  blob16: 0x9,
  blob32: 0xa,
  array: 0xd,
  object: 0xe,
} as const;

const BLOCK = { database: 0, signature: 1, data: 2 } as const;
