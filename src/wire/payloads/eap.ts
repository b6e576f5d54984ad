// Extensible Authentication payload (RFC 7296 §3.16): carries an EAP packet without looking inside.
import { type Codec, WireError } from '../codec.ts';

export interface Eap {
  /** At least the four bytes of an EAP header. The packet's own length may be shorter than this (RFC 3748 §4). */
  readonly data: Uint8Array;
}

/** Extensible Authentication payload (RFC 7296 §3.16). */
export const eap: Codec<Eap> = {
  decode(r) {
    const at = r.offset;
    const data = r.rest();
    if (data.length < 4) throw new WireError('EAP Message', at, `only ${data.length} bytes`);
    return { data };
  },
  encode(w, { data }) {
    w.bytes(data);
  },
};
