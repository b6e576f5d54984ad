// Nonce payloads Ni and Nr (RFC 7296 §3.9).
import { type Codec, WireError } from '../codec.ts';

export interface Nonce {
  /** 16 to 256 bytes. That it is half as long as the PRF's key at least is judged with the PRF known. */
  readonly data: Uint8Array;
}

/** Nonce payload (RFC 7296 §3.9). */
export const nonce: Codec<Nonce> = {
  decode(r) {
    const at = r.offset;
    const data = r.rest();
    if (data.length < 16 || data.length > 256) {
      throw new WireError('Nonce Data', at, `${data.length} bytes, not 16 to 256`);
    }
    return { data };
  },
  encode(w, { data }) {
    w.bytes(data);
  },
};
