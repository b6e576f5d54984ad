// A struct of the C module in memory: written and read field by field, every value checked against its field.
import type { Struct } from './abi.ts';

/** Values that a field of so many bytes holds. */
const limits: Readonly<Record<number, number>> = { 1: 0xff, 2: 0xffff, 4: 0xffffffff };

/** C's numbers are in the processor's order. */
const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** One struct, zero where nothing was written. */
export class Block<Field extends string> {
  readonly bytes: Uint8Array;
  readonly #struct: Struct<Field>;
  readonly #view: DataView;

  /** @param bytes where it lies; without it, memory of its own */
  constructor(struct: Struct<Field>, bytes: Uint8Array = new Uint8Array(struct.bytes)) {
    if (bytes.length !== struct.bytes) {
      throw new RangeError(`a struct of ${struct.bytes} bytes does not fit ${bytes.length}`);
    }
    this.bytes = bytes;
    this.#struct = struct;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Writes a number of 8, 16 or 32 bits. @throws RangeError when it does not fit */
  set(field: Field, value: number): void {
    const { offset, bytes } = this.#struct.fields[field];
    const limit = limits[bytes];
    if (limit === undefined || !Number.isInteger(value) || value < 0 || value > limit) {
      throw new RangeError(`${value} is no value for ${field}`);
    }
    if (bytes === 1) this.#view.setUint8(offset, value);
    else if (bytes === 2) this.#view.setUint16(offset, value, isLittleEndian);
    else this.#view.setUint32(offset, value, isLittleEndian);
  }

  /** Writes bytes from the beginning of a field on. @throws RangeError when they are too many */
  put(field: Field, value: Uint8Array): void {
    const room = this.part(field);
    if (value.length > room.length) {
      throw new RangeError(`${value.length} bytes do not fit ${field}`);
    }
    room.set(value);
  }

  get(field: Field): number {
    const { offset, bytes } = this.#struct.fields[field];
    if (bytes === 1) return this.#view.getUint8(offset);
    if (bytes === 2) return this.#view.getUint16(offset, isLittleEndian);
    return this.#view.getUint32(offset, isLittleEndian);
  }

  /** Writes a number of 64 bits. @throws RangeError when it is no whole number that JavaScript holds */
  setLong(field: Field, value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new RangeError(`${value} is no value for ${field}`);
    }
    const { offset } = this.#struct.fields[field];
    this.#view.setBigUint64(offset, BigInt(value), isLittleEndian);
  }

  /** The 64-bit number at `index` of a field. */
  long(field: Field, index = 0): bigint {
    return this.#view.getBigUint64(this.#struct.fields[field].offset + 8 * index, isLittleEndian);
  }

  /** Text up to the first zero. */
  text(field: Field): string {
    const room = this.part(field);
    const end = room.indexOf(0);
    return new TextDecoder().decode(room.subarray(0, end < 0 ? room.length : end));
  }

  /** The bytes of one field: a view. */
  part(field: Field): Uint8Array {
    const { offset, bytes } = this.#struct.fields[field];
    return this.bytes.subarray(offset, offset + bytes);
  }
}
