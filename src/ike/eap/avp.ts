// Attribute-value pairs inside EAP-TTLS (RFC 5281 §10.1): the format of Diameter, the meanings of RADIUS.
//
//     |                           AVP Code                            |
//     |V M r r r r r r|                  AVP Length                   |
//     |                 Vendor-ID, if V               |  Data, padded to four
import { Reader, Writer } from '../../base/bytes.ts';
import { reading, WireError } from '../../wire/codec.ts';

export interface Avp {
  readonly code: number;
  /** 0 stands for the attributes of RADIUS. */
  readonly vendor: number;
  /** Whoever does not know it must refuse. */
  readonly isMandatory: boolean;
  readonly data: Uint8Array;
}

/** @throws WireError */
export function decodeAvps(bytes: Uint8Array): readonly Avp[] {
  const r = new Reader(bytes);
  const avps: Avp[] = [];
  while (r.left > 0) {
    if (avps.length === mostAvps) throw new WireError('AVP', r.offset, 'one too many');
    avps.push(reading('AVP', () => decodeAvp(r)));
  }
  return avps;
}

export function encodeAvps(avps: readonly Avp[]): Uint8Array {
  const w = new Writer();
  for (const { code, vendor, isMandatory, data } of avps) {
    const isVendor = vendor !== 0;
    w.u32(code);
    w.u8((isVendor ? flag.vendor : 0) | (isMandatory ? flag.mandatory : 0));
    w.u24((isVendor ? vendorHeader : header) + data.length);
    if (isVendor) w.u32(vendor);
    w.bytes(data);
    w.bytes(new Uint8Array(padding(data.length)));
  }
  return w.finish();
}

function decodeAvp(r: Reader): Avp {
  const at = r.offset;
  const code = r.u32();
  const flags = r.u8();
  const length = r.u24();
  const isVendor = (flags & flag.vendor) !== 0;
  const headerBytes = isVendor ? vendorHeader : header;
  if (length < headerBytes) throw new WireError('AVP Length', at + 5, `${length} bytes`);
  const vendor = isVendor ? r.u32() : 0;
  const data = r.bytes(length - headerBytes);
  // The last one may lack its padding: some leave it away, and nothing follows that could be misread.
  r.bytes(Math.min(padding(data.length), r.left));
  return { code, vendor, isMandatory: (flags & flag.mandatory) !== 0, data };
}

const padding = (length: number): number => -length & 3;
const flag = { vendor: 0x80, mandatory: 0x40 } as const;
const header = 8;
const vendorHeader = 12;
/** An EAP packet may be cut into several. */
const mostAvps = 64;
