// Which ways there are between us and a peer: its addresses as it told them, ours as the host has them, and which
// pairs were tried while nothing came back (RFC 4555 §3.4–3.6).
import { type Ip, isUnicast, sameFamily } from '../../base/ip.ts';
import type { Path } from '../core.ts';
import type { IkeSa } from './ike-sa.ts';
import { samePath } from './roam.ts';
import type { Slot } from './slots.ts';

/** Addresses at which the peer may be reached, the likeliest first. */
export const peerAddresses = (sa: IkeSa): readonly Ip[] => sa.slot(state).theirs;

/** The peer told all its addresses: they take the place of those known before. */
export function learnAddresses(sa: IkeSa, addresses: readonly Ip[]): void {
  sa.slot(state).theirs = [...new Set(addresses)].filter(isUnicast).slice(0, mostAddresses);
}

/**
 * Pairs of an address of ours and one of the peer's, the present path first: each of the peer's from our best one of
 * its family, then each from our next.
 */
export function pathsOf(sa: IkeSa): readonly Path[] {
  const { local, remote } = sa.path;
  const remotes = [...new Set([remote.ip, ...peerAddresses(sa)])];
  const locals = [...new Set([local.ip, ...sa.host.addresses])];
  const pairs = remotes.flatMap((theirs) =>
    locals
      .filter((ours) => sameFamily(ours, theirs))
      .map((ours, rank) => ({
        rank,
        path: { local: { ...local, ip: ours }, remote: { ...remote, ip: theirs } },
      })),
  );
  const ranked = pairs.sort((a, b) => a.rank - b.rank).map(({ path }) => path);
  return ranked.slice(0, mostPaths);
}

/** Our request goes out over this path too: an answer from there is believed to come from there. */
export function noteTrial(sa: IkeSa, path: Path): void {
  const { tried } = sa.slot(state);
  if (!tried.some((one) => samePath(one, path))) tried.push(path);
}

/** An answer came. @returns the path that it came over, if that is one which was tried for want of an answer */
export function endTrials(sa: IkeSa, path: Path): Path | undefined {
  const slot = sa.slot(state);
  const found = slot.tried.find((one) => samePath(one, path));
  slot.tried = [];
  return found;
}

/** The most that is kept of what a peer tells, and the most that we tell one. */
export const mostAddresses = 8;
const mostPaths = 8;

const state: Slot<{ theirs: readonly Ip[]; tried: Path[] }> = {
  name: 'paths',
  init: () => ({ theirs: [], tried: [] }),
  inherit: ({ theirs }) => ({ theirs, tried: [] }),
};
