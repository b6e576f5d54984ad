// The way to a peer that leads into no tunnel of ours, whatever routes lead there: found in the kernel's main table,
// for the kernel itself would answer with a route that we made.
import { type Ip, inRange, prefixRange } from '../base/ip.ts';
import type { RunProgram } from './host.ts';
import {
  type Bypass,
  existingRoutes,
  familyOf,
  formatBypass,
  readSource,
  type TableRoute,
} from './ip-words.ts';

export interface Way {
  /** Our address on it. */
  readonly source: Ip;
  /** The route that makes packets take it. */
  readonly bypass: Bypass;
}

/**
 * @param tun  the device of the tunnels
 * @param ours the route past the tunnels that we made for this peer: it tells nothing of what is right now
 */
export async function wayOutside(
  run: RunProgram,
  {
    peer,
    tun,
    ours,
  }: { readonly peer: Ip; readonly tun: string; readonly ours: Bypass | undefined },
): Promise<Way | undefined> {
  const table = await existingRoutes(run, familyOf(peer));
  const made = ours && formatBypass(ours);
  const candidates = table
    .filter(({ device, isDead }) => device !== tun && !isDead)
    .filter((route) => inRange(peer, prefixRange(route.prefix)))
    .filter((route) => formatBypass(leading(route, peer)) !== made || !isHost(route));
  const [best] = candidates.sort(byPreference);
  if (!best) return undefined;
  const question = [familyOf(peer), 'route', 'get', peer, 'oif', best.device];
  const source = readSource(await run('ip', question).catch(() => ''));
  return source && { source, bypass: leading(best, peer) };
}

const leading = ({ via, device }: TableRoute, peer: Ip): Bypass => ({
  kind: 'bypass',
  peer,
  via,
  device,
});

const isHost = ({ prefix: { ip, bits } }: TableRoute): boolean =>
  bits === (familyOf(ip) === '-4' ? 32 : 128);

/** As the kernel prefers: the narrowest network, and of several ways there the one that costs least. */
const byPreference = (a: TableRoute, b: TableRoute): number =>
  b.prefix.bits - a.prefix.bits || a.metric - b.metric;
