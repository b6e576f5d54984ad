// Notify payload (RFC 7296 §3.10).
import { Protocol } from '../../iana/protocols.ts';
import { type Codec, WireError } from '../codec.ts';

export interface Notify {
  /** One of Protocol; without meaning when `spi` is empty. */
  readonly protocol: number;
  readonly spi: Uint8Array;
  /** One of Notification, or a value we do not know. */
  readonly type: number;
  readonly data: Uint8Array;
}

/** Notify payload (RFC 7296 §3.10). */
export const notify: Codec<Notify> = {
  decode(r) {
    const protocol = r.u8();
    const at = r.offset;
    const spiBytes = r.u8();
    if (!(spiSizes[protocol]?.includes(spiBytes) ?? true)) {
      throw new WireError('SPI Size', at, `${spiBytes} does not fit protocol ${protocol}`);
    }
    const type = r.u16();
    return { protocol, spi: r.bytes(spiBytes), type, data: r.rest() };
  },
  encode(w, { protocol, spi, type, data }) {
    w.u8(protocol);
    w.u8(spi.length);
    w.u16(type);
    w.bytes(spi);
    w.bytes(data);
  },
};

/**
 * SPI sizes that do not contradict the protocol; a protocol that is not listed may have any. The IKE SPI is
 * in the header and should not be repeated (RFC 7296 §3.10), but doing so harms nobody.
 */
const spiSizes: Readonly<Record<number, readonly number[]>> = {
  [Protocol.NONE]: [0],
  [Protocol.IKE]: [0, 8],
  [Protocol.AH]: [0, 4],
  [Protocol.ESP]: [0, 4],
};
