// The peer's address changed: follow it where that is safe (RFC 7296 §2.23).
import { type Ip, sameSocket } from '../../base/ip.ts';
import type { Path } from '../core.ts';
import { encapsulationOf, natOf } from '../extensions/nat-detection.ts';
import type { IkeSa } from './ike-sa.ts';

/**
 * A new and authentic message came over `path`. Before the SA is established it simply goes on there (the
 * float to port 4500); afterwards only a peer behind a NAT moves without saying so.
 */
export function follow(sa: IkeSa, path: Path): void {
  if (samePath(sa.path, path)) return;
  if (sa.establishedAt === undefined) {
    sa.path = path;
    sa.provenPath = path;
  } else if (mayDrift(sa)) move(sa, path);
}

/** Who dialled says where it goes: a peer that moves tells (RFC 4555 §3.6), and only one behind a NAT cannot. */
export const mayDrift = (sa: IkeSa): boolean => natOf(sa).remote && !sa.dialled;

/** Sends everything of this SA over another path from here on. */
export function move(sa: IkeSa, path: Path): void {
  sa.path = withPorts(path, sa.path);
  moveChildren(sa);
}

/** Sends what the children carry over the SA's own path, in the form that the latest detection asks for. */
export function moveChildren(sa: IkeSa): void {
  sa.provenPath = sa.path;
  carryChildren(sa);
}

/** Sends from another address of ours to where the peer is: what was to be proven of it still is. */
export function sendFrom(sa: IkeSa, ours: Ip): void {
  sa.path = { local: { ...sa.path.local, ip: ours }, remote: sa.path.remote };
  sa.provenPath = { local: sa.path.local, remote: sa.provenPath.remote };
  carryChildren(sa);
}

function carryChildren(sa: IkeSa): void {
  const { host, provenPath: path, children } = sa;
  const encap = encapsulationOf(sa);
  for (const child of children) {
    child.encap = encap;
    host.emit({ kind: 'move', child: child.ref, path, encap });
  }
  host.report({ kind: 'sa.moved', sa: sa.id, path });
}

/** ESP as IP protocol 50 tells an address without a port: IKE stays on the ports it has. */
const withPorts = (path: Path, known: Path): Path => ({
  local: { ip: path.local.ip, port: path.local.port || known.local.port },
  remote: { ip: path.remote.ip, port: path.remote.port || known.remote.port },
});

export const samePath = (a: Path, b: Path): boolean =>
  sameSocket(a.local, b.local) && sameSocket(a.remote, b.remote);
