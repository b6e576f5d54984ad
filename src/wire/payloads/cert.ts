// Certificate payload (RFC 7296 §3.6).
import type { Codec } from '../codec.ts';

export interface Cert {
  /** One of CertEncoding. */
  readonly encoding: number;
  readonly data: Uint8Array;
}

/** Certificate payload (RFC 7296 §3.6). */
export const cert: Codec<Cert> = {
  decode(r) {
    return { encoding: r.u8(), data: r.rest() };
  },
  encode(w, { encoding, data }) {
    w.u8(encoding);
    w.bytes(data);
  },
};
