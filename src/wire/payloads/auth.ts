// Authentication payload (RFC 7296 §3.8).
import type { Codec } from '../codec.ts';

export interface Auth {
  /** One of AuthMethod. */
  readonly method: number;
  readonly data: Uint8Array;
}

/** Authentication payload (RFC 7296 §3.8). */
export const auth: Codec<Auth> = {
  decode(r) {
    const method = r.u8();
    r.u24(); // RESERVED
    return { method, data: r.rest() };
  },
  encode(w, { method, data }) {
    w.u8(method);
    w.u24(0);
    w.bytes(data);
  },
};
