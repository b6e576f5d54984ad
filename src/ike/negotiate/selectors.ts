// Narrowing of traffic selectors: what is left of the peer's wish under our policy (RFC 7296 §2.9).
import { type Ip, intersect, ipBytes, ipFromBytes, isIpv4 } from '../../base/ip.ts';
import { TsType } from '../../iana/protocols.ts';
import { anyPort, type Selector, type SelectorPolicy } from '../../policy/selectors.ts';
import type { Ts } from '../../wire/payloads/ts.ts';
import type { Selectors, WaitingPacket } from '../core.ts';

/** What both sides agree to carry, in the peer's order; empty: TS_UNACCEPTABLE. */
export function narrow(allowed: readonly Selector[], asked: Ts): readonly Selector[] {
  let narrowed: readonly Selector[] = [];
  for (const wish of fromWire({ selectors: asked.selectors.slice(0, mostSelectors) })) {
    for (const limit of allowed) {
      const common = intersectSelectors(limit, wish);
      if (!common || narrowed.length === mostSelectors) continue;
      if (narrowed.some((other) => contains(other, common))) continue;
      // The packet that wants the tunnel is asked for first, and then what it is part of.
      narrowed = [...narrowed.filter((other) => !contains(common, other)), common];
    }
  }
  return narrowed;
}

/** The first choice of a request, if it is allowed at all, and then whatever may be chosen (RFC 7296 §2.9). */
export function withFirst(
  first: Selector | undefined,
  all: readonly Selector[],
): readonly Selector[] {
  if (!first || !all.some((one) => contains(one, first))) return all;
  return [first, ...all.filter((one) => !sameSelector(one, first))];
}

/** `dynamic` stands for the assigned addresses, or for the outer address of that side where none is assigned. */
export function resolve(policy: SelectorPolicy, addresses: readonly Ip[]): readonly Selector[] {
  if (policy !== 'dynamic') return policy;
  return addresses.map((ip) => ({ range: { start: ip, end: ip }, protocol: 0, ports: anyPort }));
}

export function toWire(selectors: readonly Selector[]): Ts {
  return {
    selectors: selectors.map(({ range, protocol, ports }) => ({
      type: isIpv4(range.start) ? TsType.TS_IPV4_ADDR_RANGE : TsType.TS_IPV6_ADDR_RANGE,
      protocol,
      startPort: ports.start,
      endPort: ports.end,
      start: ipBytes(range.start),
      end: ipBytes(range.end),
    })),
  };
}

export function fromWire({ selectors }: Ts): readonly Selector[] {
  return selectors.map(({ protocol, startPort, endPort, start, end }) => ({
    range: { start: ipFromBytes(start), end: ipFromBytes(end) },
    protocol,
    ports: { start: startPort, end: endPort },
  }));
}

/** Whether a packet, or all that it stands for, fits both sides. */
export function carries({ local, remote }: Selectors, packet: WaitingPacket): boolean {
  const has = (selectors: readonly Selector[], one: Selector): boolean =>
    selectors.some((selector) => contains(selector, one));
  return has(local, packet.local) && has(remote, packet.remote);
}

/** Whether everything that `inner` carries fits `outer`. */
export const carriesAll = (outer: Selectors, inner: Selectors): boolean =>
  (['local', 'remote'] as const).every((side) =>
    inner[side].every((one) => outer[side].some((other) => contains(other, one))),
  );

/** Whether everything that `inner` selects is selected by `outer`. */
export function contains(outer: Selector, inner: Selector): boolean {
  const common = intersectSelectors(outer, inner);
  return common !== undefined && sameSelector(common, inner);
}

/** What both lists select; without a second list, all of the first. */
export function within(
  all: readonly Selector[],
  limits: readonly Selector[] | undefined,
): readonly Selector[] {
  if (!limits) return all;
  return all.flatMap((one) => limits.flatMap((limit) => intersectSelectors(one, limit) ?? []));
}

function intersectSelectors(a: Selector, b: Selector): Selector | undefined {
  const range = intersect(a.range, b.range);
  const isOneProtocol = a.protocol === 0 || b.protocol === 0 || a.protocol === b.protocol;
  const start = Math.max(a.ports.start, b.ports.start);
  const end = Math.min(a.ports.end, b.ports.end);
  // 65535–0 is OPAQUE: it fits only where any port does, and is not supported (RFC 7296 §3.13.1).
  if (!range || !isOneProtocol || start > end) return undefined;
  return { range, protocol: a.protocol || b.protocol, ports: { start, end } };
}

const sameSelector = (a: Selector, b: Selector): boolean =>
  a.protocol === b.protocol &&
  a.range.start === b.range.start &&
  a.range.end === b.range.end &&
  a.ports.start === b.ports.start &&
  a.ports.end === b.ports.end;

/** Asked for, and answered: what a site has networks, not what a hostile peer can think of. */
const mostSelectors = 32;
