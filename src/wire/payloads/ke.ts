// Key Exchange payload (RFC 7296 §3.4).
import type { Codec } from '../codec.ts';

export interface Ke {
  /** Transform ID of the key exchange method. */
  readonly method: number;
  /** Public value or ciphertext; its length is judged by the engine of the method. */
  readonly data: Uint8Array;
}

/** Key Exchange payload (RFC 7296 §3.4). */
export const ke: Codec<Ke> = {
  decode(r) {
    const method = r.u16();
    r.u16(); // RESERVED
    return { method, data: r.rest() };
  },
  encode(w, { method, data }) {
    w.u16(method);
    w.u16(0);
    w.bytes(data);
  },
};
