// Identification payloads IDi and IDr (RFC 7296 §3.5).
import { concat, Reader } from '../../base/bytes.ts';
import type { Codec } from '../codec.ts';

export interface Id {
  /** One of IdType. */
  readonly type: number;
  readonly data: Uint8Array;
  /** The body as it stood on the wire, RESERVED bytes included: AUTH covers exactly these (RFC 7296 §2.15). */
  readonly raw: Uint8Array;
}

/** An identification of our own: RESERVED is zero, and `raw` is what `encode` will write. */
export function ownId(type: number, data: Uint8Array): Id {
  return { type, data, raw: concat(Uint8Array.of(type, 0, 0, 0), data) };
}

/** Identification payload (RFC 7296 §3.5). Encoding writes RESERVED as zero, whatever `raw` holds. */
export const id: Codec<Id> = {
  decode(r) {
    const raw = r.rest();
    const body = new Reader(raw, r.offset - raw.length);
    const type = body.u8();
    body.u24(); // RESERVED
    return { type, data: body.rest(), raw };
  },
  encode(w, { type, data }) {
    w.u8(type);
    w.u24(0);
    w.bytes(data);
  },
};
