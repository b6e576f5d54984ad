// The body of a payload whose type we do not know: kept as bytes (RFC 7296 §2.5).
import type { Codec } from '../codec.ts';

/** Any bytes. */
export const unknown: Codec<Uint8Array> = {
  decode(r) {
    return r.rest();
  },
  encode(w, body) {
    w.bytes(body);
  },
};
