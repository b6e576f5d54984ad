// Security Association payload: proposals and their transforms (RFC 7296 §3.3).
import type { Reader, Writer } from '../../base/bytes.ts';
import { invariant } from '../../base/invariant.ts';
import { Protocol } from '../../iana/protocols.ts';
import { keyLengthAttribute } from '../../iana/transforms.ts';
import { type Codec, decodeWhole, WireError } from '../codec.ts';

export interface Sa {
  /** One at least, in the order of preference. */
  readonly proposals: readonly WireProposal[];
}

export interface WireProposal {
  /** Where counting starts is not judged here: macOS repeats the number chosen at INIT when it rekeys. */
  readonly number: number;
  /** One of Protocol. */
  readonly protocol: number;
  /** Empty, or 8 bytes for IKE, 4 for AH and ESP. */
  readonly spi: Uint8Array;
  readonly transforms: readonly WireTransform[];
}

export interface WireTransform {
  /** One of TransformType. */
  readonly type: number;
  readonly id: number;
  /** The Key Length attribute, undefined where there is none. */
  readonly keyBits: number | undefined;
  /** False: an attribute that we do not understand is with it, so it cannot be chosen (RFC 7296 §3.3.6). */
  readonly isKnown: boolean;
}

/** Security Association payload (RFC 7296 §3.3). Transforms that are not `isKnown` cannot be encoded. */
export const sa: Codec<Sa> = {
  decode(r) {
    const proposals: WireProposal[] = [];
    let hasMore = true;
    while (hasMore) {
      if (proposals.length === maxProposals) {
        throw new WireError('Proposal', r.offset, `more than ${maxProposals}`);
      }
      hasMore = decodeMore(r, moreProposals, 'Last Substruc of Proposal');
      proposals.push(decodeSubstructure('Proposal', r, decodeProposal));
    }
    return { proposals };
  },
  encode(w, { proposals }) {
    for (const [i, proposal] of proposals.entries()) {
      w.u8(i === proposals.length - 1 ? 0 : moreProposals);
      encodeSubstructure(w, () => encodeProposal(w, proposal));
    }
  },
};

function decodeProposal(r: Reader): WireProposal {
  const number = r.u8();
  const protocol = r.u8();
  const at = r.offset;
  const spiBytes = r.u8();
  if (!(spiSizes[protocol]?.includes(spiBytes) ?? true)) {
    throw new WireError('SPI Size', at, `${spiBytes} does not fit protocol ${protocol}`);
  }
  const count = r.u8();
  const spi = r.bytes(spiBytes);
  const transforms: WireTransform[] = [];
  for (let i = 1; i <= count; i++) {
    const offset = r.offset;
    const hasMore = decodeMore(r, moreTransforms, 'Last Substruc of Transform');
    if (hasMore !== i < count) {
      throw new WireError('Num Transforms', offset, `${count}, but the list says otherwise`);
    }
    transforms.push(decodeSubstructure('Transform', r, decodeTransform));
  }
  return { number, protocol, spi, transforms };
}

function decodeTransform(r: Reader): WireTransform {
  const type = r.u8();
  r.u8(); // RESERVED
  const id = r.u16();
  let keyBits: number | undefined;
  let isKnown = true;
  while (r.left > 0) {
    const attribute = r.u16();
    const value = r.u16();
    if (attribute === keyLengthFormat && keyBits === undefined) keyBits = value;
    else isKnown = false;
    if (attribute < fixedFormat) r.bytes(value); // a variable attribute: `value` is its length
  }
  return { type, id, keyBits, isKnown };
}

function encodeProposal(w: Writer, { number, protocol, spi, transforms }: WireProposal): void {
  w.u8(number);
  w.u8(protocol);
  w.u8(spi.length);
  w.u8(transforms.length);
  w.bytes(spi);
  for (const [i, transform] of transforms.entries()) {
    w.u8(i === transforms.length - 1 ? 0 : moreTransforms);
    encodeSubstructure(w, () => encodeTransform(w, transform));
  }
}

function encodeTransform(w: Writer, { type, id, keyBits, isKnown }: WireTransform): void {
  invariant(isKnown, 'a transform with unknown attributes is never sent');
  w.u8(type);
  w.u8(0);
  w.u16(id);
  if (keyBits === undefined) return;
  w.u16(keyLengthFormat);
  w.u16(keyBits);
}

/** Proposals and transforms begin alike: more or last, RESERVED, length from there, and what is in it. */
function decodeMore(r: Reader, more: number, field: string): boolean {
  const at = r.offset;
  const value = r.u8();
  if (value !== 0 && value !== more) throw new WireError(field, at, `${value}, not 0 or ${more}`);
  return value === more;
}

function decodeSubstructure<T>(field: string, r: Reader, decode: (r: Reader) => T): T {
  r.u8(); // RESERVED
  const at = r.offset;
  const length = r.u16();
  if (length < headBytes) {
    throw new WireError(`${field} Length`, at, `${length} is less than ${headBytes}`);
  }
  return decodeWhole(field, r.sub(length - headBytes), decode);
}

function encodeSubstructure(w: Writer, encode: () => void): void {
  const start = w.length - 1;
  w.u8(0);
  w.u16(0);
  encode();
  w.patchU16(start + 2, w.length - start);
}

/** Numbers are one octet and each is one higher than the last (RFC 7296 §3.3.1). */
const maxProposals = 255;
const headBytes = 4;
const moreProposals = 2;
const moreTransforms = 3;
/** Set in the type of an attribute whose value is two bytes (RFC 7296 §3.3.5). */
const fixedFormat = 0x8000;
const keyLengthFormat = fixedFormat | keyLengthAttribute;
const spiSizes: Readonly<Record<number, readonly number[]>> = {
  [Protocol.IKE]: [0, 8],
  [Protocol.AH]: [4],
  [Protocol.ESP]: [4],
};
