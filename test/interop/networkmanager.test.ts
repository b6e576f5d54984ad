// NetworkManager on a laptop in a hotel: it reads the key file that `ikectl device add` wrote, starts its strongSwan plugin,
// finds the names of the LAN, and reaches what the record allows.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { address, network } from '../lab/home.ts';
import { nas, resolve, serveNames } from '../lab/names.ts';
import { NetworkManager } from '../lab/network-manager.ts';
import { stage } from '../lab/stage.ts';
import { ping } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { familyHome } from './family-home.ts';

/** As its profile calls it. */
const connection = `Home VPN (${address.router})`;

/** The router's own, on the TUN device, where its dnsmasq listens. */
const servers = ['10.10.10.1', '2001:db8:10::1'] as const;

const scene = stage({
  needs: ['our gateway', 'dnsmasq', 'peer networkmanager'],
  play(home) {
    serveNames(home);
    return familyHome(home, { dns: servers, domain: ['lan'] });
  },
});

test.each([
  ['password', 'annas-laptop', []],
  ['certificate', 'berts-laptop', ['--certificate']],
] as const)('a laptop connects by %s from the key file alone', async (kind, name, options) => {
  const { gateway, give, home } = scene();
  const { folder, file } = await give(name, 'linux', '--routing', 'home', ...options);
  const manager = await NetworkManager.start(home.lab, home.phone, {
    ...{ name: `manager-${kind}`, device: 'wlan0' },
    ...{ address: `${address.phone}/24`, router: '192.168.7.1' },
    connections: { home: readFileSync(file, 'utf8') },
  });
  for (const pem of kind === 'password' ? ['ca.pem'] : ['ca.pem', 'device.pem', 'device.key']) {
    manager.install(`etc/ikev2-home/${name}/${pem}`, readFileSync(join(folder, pem), 'utf8'));
  }

  const up = await manager.nmcli('connection', 'up', connection);

  expect(up, manager.log).toMatchObject({ code: 0 });
  const [sa] = await gateway.sas();
  expect(sa?.peer).toMatch(new RegExp(`^${name}`));
  expect(sa?.addresses).toHaveLength(2);
  expect(sa?.children[0]?.local.toSorted()).toEqual(
    [network.lan, network.lan6, `${servers[0]}/32`, `${servers[1]}/128`].toSorted(),
  );
  const shown = await manager.nmcli(
    '-g',
    'GENERAL.STATE,IP4.ADDRESS,IP4.DNS',
    'connection',
    'show',
    connection,
  );
  expect(shown.stdout).toContain('activated');
  expect(shown.stdout).toContain(sa?.addresses[0]);
  // What the programs of that laptop ask.
  expect(manager.resolv).toMatch(/^search .*\blan\b/m);
  const asked = [...manager.resolv.matchAll(/^nameserver (\S+)$/gm)].map(
    ([, server = '']) => server,
  );
  expect(asked).toEqual(servers);
  for (const server of asked) {
    expect(await resolve(home.phone, server, nas.name)).toBe(`${nas.ip} ${nas.ip6}`);
  }
  expect((await ping(home.phone, address.lan)).received).toBeGreaterThan(0);
  expect(await manager.nmcli('connection', 'down', connection)).toMatchObject({ code: 0 });
  await until('the laptop is gone', async () => (await gateway.sas()).length === 0, 30_000);
  await manager.stop();
});
