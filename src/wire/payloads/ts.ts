// Traffic Selector payloads TSi and TSr (RFC 7296 §3.13).
import { compare, type Reader, type Writer } from '../../base/bytes.ts';
import { TsType } from '../../iana/protocols.ts';
import { type Codec, WireError } from '../codec.ts';

export interface Ts {
  /** The selectors whose type we know, in the order of preference. Empty when we know none of them. */
  readonly selectors: readonly TrafficSelector[];
}

export interface TrafficSelector {
  /** TS_IPV4_ADDR_RANGE or TS_IPV6_ADDR_RANGE. */
  readonly type: number;
  /** IP protocol; 0: any. */
  readonly protocol: number;
  /** 0–65535: any. 65535–0: OPAQUE. For ICMP the type in the high byte, the code in the low one. */
  readonly startPort: number;
  readonly endPort: number;
  /** 4 or 16 bytes; `start` is never above `end`. */
  readonly start: Uint8Array;
  readonly end: Uint8Array;
}

/** Traffic Selector payload (RFC 7296 §3.13). Selectors of a type we do not know are left out. */
export const ts: Codec<Ts> = {
  decode(r) {
    const at = r.offset;
    const count = r.u8();
    if (count === 0) throw new WireError('Number of TSs', at, 'none, but one is the least');
    r.u24(); // RESERVED
    const selectors: TrafficSelector[] = [];
    for (let i = 0; i < count; i++) {
      const selector = decodeSelector(r);
      if (selector) selectors.push(selector);
    }
    return { selectors };
  },
  encode(w, { selectors }) {
    w.u8(selectors.length);
    w.u24(0);
    for (const selector of selectors) encodeSelector(w, selector);
  },
};

function decodeSelector(r: Reader): TrafficSelector | undefined {
  const at = r.offset;
  const type = r.u8();
  const protocol = r.u8();
  const length = r.u16();
  const width = addressBytes[type];
  const wanted = width === undefined ? undefined : headBytes + 2 * width;
  if (length < shortestBytes || (wanted !== undefined && length !== wanted)) {
    throw new WireError('Selector Length', at + 2, `${length} does not fit TS type ${type}`);
  }
  const body = r.sub(length - shortestBytes);
  if (width === undefined) return undefined;
  const ports = { startPort: body.u16(), endPort: body.u16() };
  const selector = { type, protocol, ...ports, start: body.bytes(width), end: body.bytes(width) };
  checkRanges(selector, at);
  return selector;
}

/** OPAQUE is the one range that runs backwards (RFC 7296 §3.13.1). */
function checkRanges({ startPort, endPort, start, end }: TrafficSelector, at: number): void {
  const isOpaque = startPort === 0xffff && endPort === 0;
  if (startPort > endPort && !isOpaque) {
    throw new WireError('Start Port', at + 4, `${startPort} is above the end port ${endPort}`);
  }
  if (compare(start, end) > 0) {
    throw new WireError('Starting Address', at + headBytes, 'above the ending address');
  }
}

function encodeSelector(w: Writer, selector: TrafficSelector): void {
  w.u8(selector.type);
  w.u8(selector.protocol);
  w.u16(headBytes + selector.start.length + selector.end.length);
  w.u16(selector.startPort);
  w.u16(selector.endPort);
  w.bytes(selector.start);
  w.bytes(selector.end);
}

const addressBytes: Readonly<Record<number, number>> = {
  [TsType.TS_IPV4_ADDR_RANGE]: 4,
  [TsType.TS_IPV6_ADDR_RANGE]: 16,
};
/** Type, protocol and length: all that a selector of an unknown type must have. */
const shortestBytes = 4;
/** What stands before the addresses. */
const headBytes = 8;
