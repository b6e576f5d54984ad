// Encrypted and Authenticated Fragment payload (RFC 7383 §2.5); its content stays sealed here.
import { type PayloadCodec, WireError } from '../codec.ts';

export interface Skf {
  /** Type of the first payload inside in fragment 1, zero in the others. */
  readonly first: number;
  /** Fragment Number, from 1 to `total`. */
  readonly number: number;
  /** Total Fragments. */
  readonly total: number;
  /** IV, ciphertext and ICV: the last bytes of the message, as in SK. */
  readonly sealed: Uint8Array;
}

/** Encrypted and Authenticated Fragment payload (RFC 7383 §2.5). */
export const skf: PayloadCodec<Skf> = {
  decode(r, first) {
    const at = r.offset;
    const number = r.u16();
    const total = r.u16();
    if (number === 0 || number > total) {
      throw new WireError('Fragment Number', at, `${number} of ${total}`);
    }
    return { first, number, total, sealed: r.rest() };
  },
  encode(w, { number, total, sealed }) {
    w.u16(number);
    w.u16(total);
    w.bytes(sealed);
  },
};
