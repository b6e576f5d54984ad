// Reads packages and indexes of apk-tools 3 by the schemas of its sources, and checks what an installer would: that
// every value lies inside, every file has its hash, every signature holds. Shares nothing with the writer.
import { createHash, createPublicKey, verify } from 'node:crypto';
import { inflateRawSync } from 'node:zlib';

/** A database with its root, and the blocks after it. */
export interface AdbFile {
  readonly schema: string;
  readonly root: AdbValue;
  /** SHA-256 of the database's block. */
  readonly hash: Buffer;
  readonly database: Buffer;
  readonly signatures: readonly Buffer[];
  readonly data: readonly {
    readonly folder: number;
    readonly file: number;
    readonly bytes: Buffer;
  }[];
}

export class BadDatabase extends Error {}

/** One word, and what it stands for. */
export class AdbValue {
  readonly #bytes: Buffer;
  readonly #word: number;

  constructor(bytes: Buffer, word: number) {
    this.#bytes = bytes;
    this.#word = word;
  }

  get isNull(): boolean {
    return this.#word === 0;
  }

  get number(): number {
    if (this.#type === 1) return this.#value;
    const bytes = this.#type === 2 ? 4 : 8;
    if (this.#type !== 2 && this.#type !== 3) throw new BadDatabase('no number');
    return Number(this.#at(this.#value, bytes, 4).readUIntLE(0, Math.min(bytes, 6)));
  }

  get blob(): Buffer {
    if (this.isNull) return Buffer.alloc(0);
    const width = [1, 2, 4][this.#type - 8];
    if (width === undefined) throw new BadDatabase('no blob');
    const length = this.#at(this.#value, width, width).readUIntLE(0, width);
    return this.#at(this.#value + width, length, 1);
  }

  get text(): string {
    return this.blob.toString();
  }

  /** Slot 1 is the first. */
  slot(at: number): AdbValue {
    return this.#slots(14)[at - 1] ?? new AdbValue(this.#bytes, 0);
  }

  get items(): readonly AdbValue[] {
    return this.isNull ? [] : this.#slots(13);
  }

  #slots(type: number): AdbValue[] {
    if (this.#type !== type) throw new BadDatabase(`a value of type ${this.#type}, not ${type}`);
    const count = this.#at(this.#value, 4, 4).readUInt32LE(0);
    if (count < 2) throw new BadDatabase('an empty array is NULL');
    const words = this.#at(this.#value, 4 * count, 4);
    return Array.from(
      { length: count - 1 },
      (_, at) => new AdbValue(this.#bytes, words.readUInt32LE(4 * at + 4)),
    );
  }

  #at(place: number, length: number, alignment: number): Buffer {
    if (place % alignment !== 0) throw new BadDatabase('a value that is not aligned');
    if (place < 8 || place + length > this.#bytes.length) throw new BadDatabase('a value outside');
    return this.#bytes.subarray(place, place + length);
  }

  get #type(): number {
    return this.#word >>> 28;
  }

  get #value(): number {
    return this.#word & 0x0fff_ffff;
  }
}

/** @throws BadDatabase */
export function readAdb(file: Buffer): AdbFile {
  if (file.toString('latin1', 0, 4) !== 'ADBd') throw new BadDatabase('not compressed by deflate');
  const plain = inflateRawSync(file.subarray(4));
  if (plain.toString('latin1', 0, 4) !== 'ADB.') throw new BadDatabase('no database');
  const [database, ...others] = blocksOf(plain.subarray(8));
  if (database?.kind !== 0) throw new BadDatabase('it does not begin with its database');
  const kinds = others.map(({ kind }) => kind);
  if (kinds.some((kind, at) => kind < (kinds[at - 1] ?? 1) || kind > 2)) {
    throw new BadDatabase('blocks out of order');
  }
  const { content } = database;
  if (content.readUInt16LE(0) !== 0) throw new BadDatabase('another version');
  return {
    schema: plain.toString('latin1', 4, 8),
    root: new AdbValue(content, content.readUInt32LE(4)),
    hash: createHash('sha256').update(content).digest(),
    database: content,
    signatures: others.filter(({ kind }) => kind === 1).map((block) => block.content),
    data: others.filter(({ kind }) => kind === 2).map((block) => readData(block.content)),
  };
}

/** Whether one of its signatures is that key's. @param publicKey PEM */
export function isSignedBy(file: AdbFile, publicKey: string): boolean {
  const key = createPublicKey(publicKey);
  const point = key.export({ format: 'der', type: 'spki' }).subarray(-65);
  const id = createHash('sha512').update(point).digest().subarray(0, 16);
  const digest = createHash('sha512').update(file.database).digest();
  return file.signatures.some((signature) => {
    const head = signature.subarray(0, 18);
    if (head[0] !== 0 || head[1] !== 4 || !head.subarray(2).equals(id)) return false;
    const signed = Buffer.concat([Buffer.from(file.schema), head, digest]);
    return verify('sha512', signed, key, signature.subarray(18));
  });
}

function blocksOf(bytes: Buffer): { kind: number; content: Buffer }[] {
  const blocks: { kind: number; content: Buffer }[] = [];
  for (let at = 0; at < bytes.length; ) {
    const word = bytes.readUInt32LE(at);
    const end = at + (word & 0x3fff_ffff);
    const next = at + Math.ceil((word & 0x3fff_ffff) / 8) * 8;
    if (end < at + 4 || next > bytes.length) throw new BadDatabase('a block that is cut off');
    if (bytes.subarray(end, next).some((byte) => byte !== 0)) throw new BadDatabase('padding');
    blocks.push({ kind: word >>> 30, content: bytes.subarray(at + 4, end) });
    at = next;
  }
  return blocks;
}

const readData = (content: Buffer): AdbFile['data'][number] => ({
  folder: content.readUInt32LE(0),
  file: content.readUInt32LE(4),
  bytes: content.subarray(8),
});
