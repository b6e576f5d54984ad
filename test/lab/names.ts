// The router's name server, set up as OpenWrt does it, and hosts that ask it.
import type { Home } from './home.ts';
import { address } from './home.ts';
import type { Namespace } from './namespace.ts';
import type { Service } from './service.ts';

/** A name of the LAN, and its addresses. */
export const nas = { name: 'nas.lan', ip: address.lan, ip6: address.lan6 } as const;

/** dnsmasq on every interface that comes and goes, for callers from the networks of these interfaces alone. */
export const serveNames = ({ lab, router }: Pick<Home, 'lab' | 'router'>): Service =>
  lab.start(router, 'dnsmasq', [
    ...['dnsmasq', '--keep-in-foreground', '--conf-file=/dev/null', '--pid-file=', '--user=root'],
    ...['--bind-dynamic', '--local-service', '--no-hosts', '--no-resolv', '--local=/lan/'],
    ...[`--host-record=${nas.name},${nas.ip},${nas.ip6}`, '--log-facility=-', '--log-queries'],
  ]);

/** What a host hears from a name server. @returns the addresses, or the code of the failure */
export async function resolve(host: Namespace, server: string, name: string): Promise<string> {
  const script = `const { Resolver } = require('node:dns').promises;
    const resolver = new Resolver({ timeout: 2000, tries: 3 });
    resolver.setServers([process.argv[1]]);
    const ask = (kind) => resolver.resolve(process.argv[2], kind).catch(({ code }) => [code]);
    Promise.all([ask('A'), ask('AAAA')]).then((all) => console.log(all.flat().join(' ')));`;
  return (await host.run([process.execPath, '-e', script, server, name])).trim();
}
