// A CHILD_SA of a ghost: its keys derived here, its selectors judged.
import { compare } from '../../src/base/bytes.ts';
import { PayloadType } from '../../src/iana/payloads.ts';
import { TsType } from '../../src/iana/protocols.ts';
import { find, type Payload, payload } from '../../src/wire/payloads/index.ts';
import type { WireProposal } from '../../src/wire/payloads/sa.ts';
import type { TrafficSelector, Ts } from '../../src/wire/payloads/ts.ts';
import { insist } from './displeased.ts';
import { EspReceiver, EspSender } from './esp.ts';
import type { Ghost } from './ghost.ts';
import type { GhostSa } from './ike-sa.ts';
import { childKeys, type Nonces } from './keys.ts';
import { suiteOf } from './suite.ts';

export interface GhostChild {
  /** On which it receives, and on which the gateway does. */
  readonly spiIn: number;
  readonly spiOut: number;
  /** Of the ghost's side and of the gateway's. */
  readonly mine: Ts;
  readonly theirs: Ts;
  readonly sender: EspSender;
  readonly receiver: EspReceiver;
  /** The gateway asked for it: it sends there once the gateway does, or the old one is gone. */
  standby: boolean;
}

export interface NewChild extends Nonces {
  readonly chosen: WireProposal;
  readonly spiIn: Uint8Array;
  readonly spiOut: Uint8Array;
  readonly shared: Uint8Array | undefined;
  readonly more?: readonly Uint8Array[];
  readonly mine: Ts;
  readonly theirs: Ts;
  /** Whether the ghost began the exchange. */
  readonly began: boolean;
}

export function adopt(ghost: Ghost, sa: GhostSa, fields: NewChild): GhostChild {
  const { chosen, mine, theirs, began } = fields;
  insist(sa.keys && sa.suite?.prf, 'a CHILD_SA before its IKE SA has keys');
  const suite = suiteOf(chosen);
  const { encr, integ } = suite;
  const [beginner, other] = childKeys(sa.suite.prf, sa.keys.d, suite, fields);
  const [outward, inward] = began ? [beginner, other] : [other, beginner];
  const spiIn = number(fields.spiIn);
  const spiOut = number(fields.spiOut);
  insist(spiOut >= 256, `SPI ${spiOut} is reserved`);
  const child: GhostChild = {
    spiIn,
    spiOut,
    mine,
    theirs,
    sender: new EspSender({ spi: spiOut, encr, integ, keys: outward }, ghost.rng),
    receiver: new EspReceiver({ spi: spiIn, encr, integ, keys: inward }),
    standby: !began,
  };
  ghost.children.push(child);
  ghost.renewChild();
  return child;
}

/** What it asks for: everything of the families that it asks an address of. */
export const everything: Ts = {
  selectors: [whole(TsType.TS_IPV4_ADDR_RANGE, 4), whole(TsType.TS_IPV6_ADDR_RANGE, 16)],
};

function whole(type: number, width: number): TrafficSelector {
  const ends = { start: new Uint8Array(width), end: new Uint8Array(width).fill(0xff) };
  return { type, protocol: 0, startPort: 0, endPort: 65535, ...ends };
}

export const selectorPayloads = (tsI: Ts, tsR: Ts): Payload[] => [
  payload(PayloadType.TSI, tsI),
  payload(PayloadType.TSR, tsR),
];

/** What the response says of the ghost's and of the gateway's side: nothing beyond what was asked (RFC 7296 §2.9). */
export function judgeSelectors(
  asked: { readonly mine: Ts; readonly theirs: Ts },
  payloads: readonly Payload[],
): { readonly mine: Ts; readonly theirs: Ts } {
  const mine = find(payloads, PayloadType.TSI);
  const theirs = find(payloads, PayloadType.TSR);
  insist(mine && theirs, 'the response has no traffic selectors');
  insist(isWithin(asked.mine, mine), 'TSi of the response is more than was asked for');
  insist(isWithin(asked.theirs, theirs), 'TSr of the response is more than was asked for');
  return { mine, theirs };
}

export const isWithin = (outer: Ts, inner: Ts): boolean =>
  inner.selectors.length > 0 &&
  inner.selectors.every((one) => outer.selectors.some((other) => contains(other, one)));

const contains = (outer: TrafficSelector, inner: TrafficSelector): boolean =>
  outer.type === inner.type &&
  (outer.protocol === 0 || outer.protocol === inner.protocol) &&
  outer.startPort <= inner.startPort &&
  outer.endPort >= inner.endPort &&
  compare(outer.start, inner.start) <= 0 &&
  compare(outer.end, inner.end) >= 0;

export function number(spi: Uint8Array): number {
  insist(spi.length === 4, `an ESP SPI of ${spi.length} bytes`);
  return spi.reduce((sum, byte) => sum * 256 + byte, 0);
}

export const spiBytes = (spi: number): Uint8Array =>
  Uint8Array.of(spi >>> 24, (spi >>> 16) & 0xff, (spi >>> 8) & 0xff, spi & 0xff);

/** An SPI to receive on: never a reserved one. */
export function drawSpi(ghost: Ghost): Uint8Array {
  const spi = ghost.rng(4);
  spi[0] = (spi[0] ?? 0) | 0x40;
  return spi;
}
