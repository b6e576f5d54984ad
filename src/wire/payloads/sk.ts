// Encrypted and Authenticated payload (RFC 7296 §3.14); its content stays sealed here.
import type { PayloadCodec } from '../codec.ts';

export interface Sk {
  /** Type of the first payload inside: the Next Payload field of the SK payload itself. */
  readonly first: number;
  /**
   * IV, ciphertext and ICV: the last bytes of the message. All that stands before them is what an AEAD
   * authenticates besides (RFC 5282 §5.1).
   */
  readonly sealed: Uint8Array;
}

/** Encrypted and Authenticated payload (RFC 7296 §3.14). */
export const sk: PayloadCodec<Sk> = {
  decode(r, first) {
    return { first, sealed: r.rest() };
  },
  encode(w, { sealed }) {
    w.bytes(sealed);
  },
};
