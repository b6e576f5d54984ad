// The strongSwan app, a real charon with what the app makes of a profile: it knows nothing but the .sswan file that
// `ikectl device add` wrote, and what that told to type.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Charon } from '../lab/charon.ts';
import { address, network } from '../lab/home.ts';
import { nas, resolve, serveNames } from '../lab/names.ts';
import { stage } from '../lab/stage.ts';
import { readSswan } from '../lab/strongswan-app.ts';
import { ping } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { familyHome } from './family-home.ts';

const servers = ['10.10.10.1', '2001:db8:10::1'];
const reach = [network.lan, network.lan6, `${servers[0]}/32`, `${servers[1]}/128`];

const scene = stage({
  needs: ['our gateway', 'strongSwan', 'dnsmasq'],
  async play(home) {
    serveNames(home);
    return familyHome(home, { dns: servers, domain: ['lan'] });
  },
});

test.each([
  ['password', 'home', 'doras-phone', [], 'doras-phone', reach],
  ['certificate', 'home', 'emils-phone', ['--certificate'], 'emils-phone@home.arpa', reach],
  ['password', 'all', 'fannys-phone', [], 'fannys-phone', ['0.0.0.0/0', '::/0']],
] as const)(
  'a phone connects by %s, routing %s, and finds the LAN by name',
  async (_, routing, name, options, peer, selectors) => {
    const { gateway, give, home } = scene();
    const wish = ['--format', 'sswan', '--routing', routing, ...options];
    const { file, told } = await give(name, 'android', ...wish);
    const typed = /passphrase (\S+?)[,.]/.exec(told)?.[1] ?? '';
    const { subnets, ...dial } = readSswan(readFileSync(file, 'utf8'), typed);
    const phone = await Charon.start(home.lab, home.phone, { name, ...dial });

    const dialled = await phone.initiate('android');

    expect(dialled.code, phone.log).toBe(0);
    const [sa] = await gateway.sas();
    expect(sa?.peer).toBe(peer);
    expect(sa?.addresses).toHaveLength(2);
    const local = sa?.children[0]?.local ?? [];
    expect(local.toSorted()).toEqual(selectors.toSorted());
    // Whatever the app leads into the tunnel has to fit through.
    expect(subnets.toSorted()).toEqual(routing === 'home' ? selectors.toSorted() : []);
    expect((await phone.listSas())[0]).toMatchObject({ remoteId: address.router, encap: true });
    expect((await ping(home.phone, address.lan)).received).toBeGreaterThan(0);
    for (const server of servers) {
      expect(await resolve(home.phone, server, nas.name)).toBe(`${nas.ip} ${nas.ip6}`);
    }
    await phone.stop();
    await until('the phone is gone', async () => (await gateway.sas()).length === 0, 30_000);
  },
);
