// The peer's address changed: follow it where that is safe (RFC 7296 §2.23).
import { sameSocket } from '../../base/ip.ts';
import type { Path } from '../core.ts';
import { natOf } from '../extensions/nat-detection.ts';
import type { Host } from '../host.ts';
import type { IkeSa } from './ike-sa.ts';

/**
 * A new and authentic message came over `path`. Before the SA is established it simply goes on there (the
 * float to port 4500); afterwards only a peer behind a NAT moves without saying so.
 */
export function follow(host: Host, sa: IkeSa, path: Path): void {
  if (samePath(sa.path, path)) return;
  if (sa.establishedAt === undefined) sa.path = path;
  else if (natOf(sa).remote) move(host, sa, path);
}

/** Sends everything of this SA over another path from here on. */
export function move(host: Host, sa: IkeSa, path: Path): void {
  sa.path = withPorts(path, sa.path);
  for (const { ref, spec } of sa.children)
    host.emit({ kind: 'move', child: ref, path: sa.path, encap: spec.encap });
}

/** ESP as IP protocol 50 tells an address without a port: IKE stays on the ports it has. */
const withPorts = (path: Path, known: Path): Path => ({
  local: { ip: path.local.ip, port: path.local.port || known.local.port },
  remote: { ip: path.remote.ip, port: path.remote.port || known.remote.port },
});

export const samePath = (a: Path, b: Path): boolean =>
  sameSocket(a.local, b.local) && sameSocket(a.remote, b.remote);
