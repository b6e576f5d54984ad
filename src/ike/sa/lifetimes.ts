// When keys are old: soft and hard lifetimes with jitter (RFC 7296 §2.8, RFC 4301 §4.4.2.1). The side that dialled
// rekeys first; the other waits longer, for phones and Windows rekey by themselves and some take no rekey from us.
import { type Duration, milliseconds } from '../../base/time.ts';
import type { Amount, ChildSpec } from '../core.ts';
import type { ChildSa } from './child-sa.ts';
import type { IkeSa } from './ike-sa.ts';

/** Starts the clocks of a new CHILD_SA. */
export function scheduleRekey(sa: IkeSa, child: ChildSa): void {
  const lifetime = sa.connection?.childLifetime;
  if (lifetime === undefined) return;
  child.timers.start('rekey', sa.host.now, softLifetime(sa, lifetime));
  child.timers.start('worn-out', sa.host.now, milliseconds(hardFactor * lifetime));
}

/** How much a new CHILD_SA may carry. */
export function trafficLimits(sa: IkeSa): ChildSpec['limits'] {
  const { childPackets: packets, childBytes: bytes } = sa.connection ?? {};
  if (packets === undefined && bytes === undefined) return undefined;
  const times = (factor: number): Amount => ({
    packets: packets && Math.ceil(packets * factor),
    bytes: bytes && Math.ceil(bytes * factor),
  });
  return { soft: times(softFactor(sa)), hard: times(hardFactor) };
}

/** Starts the clocks of a new IKE SA. */
export function scheduleIkeRekey(sa: IkeSa): void {
  const lifetime = sa.connection?.ikeLifetime;
  if (lifetime === undefined) return;
  sa.timers.start('rekey', sa.host.now, softLifetime(sa, lifetime));
  sa.timers.start('worn-out', sa.host.now, milliseconds(hardFactor * lifetime));
}

/** How long to wait when the peer could not rekey now: longer each time, and never in step with it. */
export function backOff(sa: IkeSa, attempt: number): Duration {
  const base = Math.min(2000 * 2 ** attempt, 60_000);
  return milliseconds(base * (0.5 + chance(sa)));
}

const softLifetime = (sa: IkeSa, lifetime: Duration): Duration =>
  milliseconds(lifetime * softFactor(sa));

function softFactor(sa: IkeSa): number {
  const jitter = (sa.connection?.jitter ?? 0) * chance(sa);
  return sa.dialled ? 1 - jitter : responderFactor + jitter;
}

/** Uniform in [0, 1). */
export function chance(sa: IkeSa): number {
  const [high = 0, low = 0] = sa.host.random(2);
  return (high * 256 + low) / 0x10000;
}

const responderFactor = 1.2;
const hardFactor = 2;
