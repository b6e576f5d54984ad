// What a codec is tested with.
import fc from 'fast-check';
import { fromHex } from '../../../src/base/bytes.ts';

export interface Sample<Body> {
  readonly arbitrary: fc.Arbitrary<Body>;
  /** Bodies as they stand on the wire, behind the generic payload header. */
  readonly examples: readonly { readonly hex: string; readonly body: Body }[];
  /** Bytes of the shortest body there can be. */
  readonly least: number;
  /** Closed: the body ends where its fields end. Open: the last field takes all there is. */
  readonly end: 'closed' | 'open';
  /** Bodies that cannot be valid, by what is wrong with them. */
  readonly rejects: Readonly<Record<string, string>>;
}

export const u8 = fc.integer({ min: 0, max: 0xff });
export const u16 = fc.integer({ min: 0, max: 0xffff });
export const bytes = (minLength: number, maxLength = minLength) =>
  fc.uint8Array({ minLength, maxLength });
export const hex = fromHex;
export const none = new Uint8Array(0);
