// Configuration payload (RFC 7296 §3.15).
import type { Codec } from '../codec.ts';

export interface Cp {
  /** One of CfgType. */
  readonly cfgType: number;
  readonly attributes: readonly ConfigAttribute[];
}

export interface ConfigAttribute {
  /** One of CfgAttribute, or a value we do not know. */
  readonly type: number;
  /** Empty in a request: any value will do. Lengths are judged by who knows the attribute. */
  readonly value: Uint8Array;
}

/** Configuration payload (RFC 7296 §3.15). */
export const cp: Codec<Cp> = {
  decode(r) {
    const cfgType = r.u8();
    r.u24(); // RESERVED
    const attributes: ConfigAttribute[] = [];
    while (r.left > 0) {
      const type = r.u16() & 0x7fff; // the highest bit is RESERVED
      attributes.push({ type, value: r.bytes(r.u16()) });
    }
    return { cfgType, attributes };
  },
  encode(w, { cfgType, attributes }) {
    w.u8(cfgType);
    w.u24(0);
    for (const { type, value } of attributes) {
      w.u16(type);
      w.u16(value.length);
      w.bytes(value);
    }
  },
};
