// Vendor ID payload (RFC 7296 §3.12).
import type { Codec } from '../codec.ts';

export interface Vendor {
  readonly data: Uint8Array;
}

/** Vendor ID payload (RFC 7296 §3.12). */
export const vendor: Codec<Vendor> = {
  decode(r) {
    return { data: r.rest() };
  },
  encode(w, { data }) {
    w.bytes(data);
  },
};
