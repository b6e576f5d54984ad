// Delete payload (RFC 7296 §3.11).
import { Protocol } from '../../iana/protocols.ts';
import { type Codec, WireError } from '../codec.ts';

export interface Delete {
  /** One of Protocol. */
  readonly protocol: number;
  /** The SPIs that the sender receives on; none when the IKE SA itself goes. All of one length. */
  readonly spis: readonly Uint8Array[];
}

/** Delete payload (RFC 7296 §3.11). */
export const del: Codec<Delete> = {
  decode(r) {
    const protocol = r.u8();
    const at = r.offset;
    const spiBytes = r.u8();
    const count = r.u16();
    const wanted = spiSize[protocol];
    if (wanted !== undefined && spiBytes !== wanted) {
      throw new WireError('SPI Size', at, `${spiBytes} does not fit protocol ${protocol}`);
    }
    if (spiBytes === 0 && count > 0) {
      throw new WireError('Num of SPIs', at + 1, `${count} SPIs without bytes`);
    }
    const spis: Uint8Array[] = [];
    for (let i = 0; i < count; i++) spis.push(r.bytes(spiBytes));
    return { protocol, spis };
  },
  encode(w, { protocol, spis }) {
    w.u8(protocol);
    w.u8(spis[0]?.length ?? spiSize[protocol] ?? 0);
    w.u16(spis.length);
    for (const spi of spis) w.bytes(spi);
  },
};

const spiSize: Readonly<Record<number, number>> = {
  [Protocol.IKE]: 0,
  [Protocol.AH]: 4,
  [Protocol.ESP]: 4,
};
