// A network that is not kind: what it does to a datagram follows from a seed.
import { toHex } from '../../src/base/bytes.ts';
import { type Duration, milliseconds } from '../../src/base/time.ts';
import { chanceOf } from './chance.ts';
import type { Packet, Wire } from './world.ts';

export interface Fault {
  readonly seed: number;
  /** Shares of all datagrams, from 0 to 1. */
  readonly loss: number;
  readonly duplicate: number;
  /** Of what arrives: a bit is another, or the end is missing. */
  readonly corrupt?: number;
  readonly jitter: Duration;
  /** No datagram fails to arrive more often, so that whoever goes on repeating gets through. */
  readonly mostLosses?: number;
}

export function unreliable(fault: Fault): Wire {
  const chance = chanceOf(fault.seed);
  const { corrupt = 0, mostLosses = Number.POSITIVE_INFINITY } = fault;
  const losses = new Map<string, number>();
  return (packet) => {
    const text = toHex(packet.bytes);
    const lost = losses.get(text) ?? 0;
    const mayFail = lost < mostLosses;
    const isLost = chance() < fault.loss && mayFail;
    const copies = isLost ? 0 : chance() < fault.duplicate ? 2 : 1;
    const arriving = Array.from({ length: copies }, () => {
      const delay = milliseconds(10 + chance() * fault.jitter);
      const isSpoilt = corrupt > 0 && chance() < corrupt && mayFail;
      return { packet: isSpoilt ? spoilt(packet, chance) : packet, delay };
    });
    const hasArrived = arriving.some((one) => one.packet === packet);
    if (!hasArrived && Number.isFinite(mostLosses)) losses.set(text, lost + 1);
    return arriving;
  };
}

function spoilt(packet: Packet, chance: () => number): Packet {
  const at = Math.floor(chance() * packet.bytes.length);
  const isCut = chance() < 0.2;
  const bytes = isCut ? packet.bytes.slice(0, at) : packet.bytes.slice();
  if (!isCut) bytes[at] = (bytes[at] as number) ^ (1 << Math.floor(chance() * 8));
  return { ...packet, bytes };
}
