// A second home behind a router with a kernel of its own (kernel-host.ts), in the place of the hotel's: it has an address
// of each family there, and nobody translates between it and the router at home.
import { address, type Home } from './home.ts';
import { KernelHost } from './kernel-host.ts';

/** Its name and its network, in which the router itself is the only host. */
export const cabin = {
  name: 'cabin.example.org',
  lan: '192.168.7.0/24',
  host: '192.168.7.1',
} as const;

export type Family = 'IPv4' | 'IPv6';

/** Where both ends stand, by the family outside. */
export const outerOf = (family: Family): { readonly ours: string; readonly theirs: string } =>
  family === 'IPv4'
    ? { ours: address.router, theirs: address.nat }
    : { ours: address.router6, theirs: '2001:db8:100::7' };

/** Boots its router from a root of `cross/peers.sh`. */
export function moveIn(home: Home, root: string): Promise<KernelHost> {
  home.nat.ip('addr', 'flush', 'dev', 'wan0');
  const scene = `
    ip addr add ${outerOf('IPv4').theirs}/24 dev vec0; ip route add default via 198.51.100.1
    ip addr add ${outerOf('IPv6').theirs}/64 dev vec0 nodad; ip -6 route add default via 2001:db8:100::1
    ip addr add ${cabin.host}/32 dev lo`;
  return KernelHost.boot(home.lab, home.nat, { name: 'cabin', root, device: 'wan0', scene });
}
