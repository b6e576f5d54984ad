// /etc/config/firewall in the router of the lab: zones and what may pass between them, as fw4 would have it of them.
import type { Namespace } from '../../lab/namespace.ts';
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
    masq: '1',
  }),
  section('forwarding', 'lan_to_wan', { src: 'lan', dest: 'wan' }),
];

export function loadFirewall(router: Namespace, store: UciStore): void {
  const sections = store.read('firewall');
  const zones = sections.filter(({ type }) => type === 'zone').map(({ options }) => options);
  const devices = (zone: unknown): string =>
    `{ ${zones
      .filter(({ name }) => name === zone)
      .flatMap(({ device }) => device ?? [])
      .join(', ')} }`;
  const within = zones
    .filter(({ forward }) => forward === 'ACCEPT')
    .map(({ name }) => `iifname ${devices(name)} oifname ${devices(name)} accept`);
  const between = sections
    .filter(({ type, options }) => type === 'forwarding' && options['enabled'] !== '0')
    .map(({ options: { src, dest } }) => `iifname ${devices(src)} oifname ${devices(dest)} accept`);
  const hidden = zones.flatMap(({ name, masq, masq6, masq_dest }) => {
    const past = [masq_dest ?? []].flat().map((network) => network.replace('!', ''));
    return [
      ...(masq === '1' ? [masquerade(devices(name), 'ip', past)] : []),
      ...(masq6 === '1' ? [masquerade(devices(name), 'ip6', past)] : []),
    ];
  });
  router.nft(`
    table inet fw4
    delete table inet fw4
    table inet fw4 {
      chain forward {
        type filter hook forward priority 0; policy drop;
        ct state established,related accept
        ${[...within, ...between].join('\n        ')}
      }
      chain out {
        type nat hook postrouting priority 100;
        ${hidden.join('\n        ')}
      }
    }`);
}

/** @param past networks that are not to be deceived */
function masquerade(devices: string, family: 'ip' | 'ip6', past: readonly string[]): string {
  const own = past.filter((network) => network.includes(':') === (family === 'ip6'));
  const unless = own.length > 0 ? `${family} daddr != { ${own.join(', ')} }` : '';
  const nfproto = family === 'ip' ? 'ipv4' : 'ipv6';
  return `oifname ${devices} meta nfproto ${nfproto} ${unless} masquerade`;
}
