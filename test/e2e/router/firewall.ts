// /etc/config/firewall in the router of the lab: zones and what may pass between them, as fw4 would have it of them.
import type { Home } from '../../lab/home.ts';
import { section, type UciSection } from '../../lab/uci.ts';
import type { UciStore } from './uci-store.ts';

/** As OpenWrt ships it, as far as the lab has networks. */
export const shippedFirewall: readonly UciSection[] = [
  section('zone', 'zone_lan', {
    name: 'lan',
    device: ['lan0'],
    input: 'ACCEPT',
    forward: 'ACCEPT',
  }),
  section('zone', 'zone_wan', {
    name: 'wan',
    device: ['wan0'],
    input: 'ACCEPT',
    forward: 'REJECT',
  }),
  section('forwarding', 'lan_to_wan', { src: 'lan', dest: 'wan' }),
];

export function loadFirewall(home: Home, store: UciStore): void {
  const sections = store.read('firewall');
  const zones = sections.filter(({ type }) => type === 'zone');
  const devices = (zone: unknown): string =>
    `{ ${zones
      .filter(({ options }) => options['name'] === zone)
      .flatMap(({ options }) => options['device'] ?? [])
      .join(', ')} }`;
  const within = zones
    .filter(({ options }) => options['forward'] === 'ACCEPT')
    .map(({ options: { name } }) => `iifname ${devices(name)} oifname ${devices(name)} accept`);
  const between = sections
    .filter(({ type, options }) => type === 'forwarding' && options['enabled'] !== '0')
    .map(({ options: { src, dest } }) => `iifname ${devices(src)} oifname ${devices(dest)} accept`);
  home.router.nft(`
    table inet fw4
    delete table inet fw4
    table inet fw4 {
      chain forward {
        type filter hook forward priority 0; policy drop;
        ${[...within, ...between].join('\n        ')}
        oifname { ipsec0 } ct state established accept
        iifname { wan0, lan0 } ct state established accept
      }
      chain out {
        type nat hook postrouting priority 100;
        oifname wan0 masquerade
      }
    }`);
}
