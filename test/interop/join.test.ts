// A second router of ours, in a cabin, joins the home by one text: it dials by itself, reaches the LAN and its names, which
// hosts behind it find by what it says to set, and comes back whichever of the two was restarted.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Gateway } from '../lab/gateway.ts';
import { address } from '../lab/home.ts';
import { basics } from '../lab/household.ts';
import { nas, resolve, serveNames } from '../lab/names.ts';
import { stage } from '../lab/stage.ts';
import { ping } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { familyHome } from './family-home.ts';

const servers = ['10.10.10.1', '2001:db8:10::1'];

const scene = stage({
  needs: ['our gateway', 'dnsmasq'],
  async play(home) {
    const family = await familyHome(home, { dns: servers, domain: ['lan'] });
    serveNames(home);
    const [service] = basics({ folder: home.lab.folder('cabin-own'), retransmit_tries: 2 });
    if (!service) throw new Error('the lab has no service section');
    const cabin = await Gateway.start(home.lab, home.nat, [service], { name: 'cabin' });
    // As the zone of a tunnel to a provider does: the cabin has one address there.
    home.nat.nft(`table inet cabin {
      chain out { type nat hook postrouting priority 100; oifname "ipsec0" masquerade; }
    }`);
    return { ...family, cabin };
  },
});

async function expectTunnel(): Promise<void> {
  const { gateway, cabin, home } = scene();
  await until(
    'the cabin has a tunnel',
    async () => {
      const [[here], [there]] = await Promise.all([gateway.sas(), cabin.sas()]);
      return here !== undefined && here.spiI === there?.spiI;
    },
    60_000,
  );
  const [sa] = await gateway.sas();
  expect(sa?.addresses).toHaveLength(2);
  await until(
    'packets come through',
    async () => (await ping(home.nat, address.lan, 1)).received > 0,
  );
  for (const host of [home.nat, home.phone]) {
    for (const to of [address.lan, address.lan6]) {
      expect(await ping(host, to)).toMatchObject({ received: 3 });
    }
  }
  for (const to of sa?.addresses ?? [])
    expect(await ping(home.lan, to)).toMatchObject({ received: 3 });
  for (const server of servers) {
    expect(await resolve(home.nat, server, nas.name)).toBe(`${nas.ip} ${nas.ip6}`);
  }
}

test('the cabin joins, and reaches the LAN and its names; the LAN reaches the cabin', async () => {
  const { give, cabin, home } = scene();
  const { file } = await give('cabin', 'router', '--routing', 'home');

  const joined = await cabin.ikectl('join', file);

  expect(joined).toMatchObject({ code: 0 });
  expect(joined.stdout).toContain(`server='/lan/${servers[0]}'`);
  await expectTunnel();
  // As OpenWrt starts dnsmasq with what those commands set.
  const set = (option: string) =>
    [...joined.stdout.matchAll(new RegExp(`add_list \\S*\\.${option}='([^']*)'`, 'g'))].map(
      ([, value]) => value,
    );
  home.lab.start(home.nat, 'cabin-dnsmasq', [
    ...['dnsmasq', '--keep-in-foreground', '--conf-file=/dev/null', '--pid-file=', '--user=root'],
    ...['--bind-dynamic', '--no-hosts', '--no-resolv', '--stop-dns-rebind'],
    ...set('server').map((value) => `--server=${value}`),
    ...set('rebind_domain').map((value) => `--rebind-domain-ok=${value}`),
  ]);
  const heard = () => resolve(home.phone, '192.168.7.1', nas.name);
  await until('hosts of the cabin find the LAN by name', async () => {
    return (await heard()) === `${nas.ip} ${nas.ip6}`;
  });
});

test('the tunnel comes back when the cabin was restarted', async () => {
  await scene().cabin.restart();
  await expectTunnel();
});

test('the tunnel comes back when the home was restarted', async () => {
  await scene().gateway.restart();
  await expectTunnel();
});

// The gateway hung up when it made a new secret: a cabin that is reached through its tunnel alone was lost.
test('a new secret ends no tunnel before the cabin has it, and then another text takes the place of the first', async () => {
  const { gateway, cabin, home } = scene();
  const file = `${home.lab.folder('home-ca/cabin')}/next`;
  const [before] = await cabin.sas();
  const exported = await gateway.ikectl('device', 'export', 'cabin', '--renew', '--out', file);
  expect(exported).toMatchObject({ code: 0 });
  await until('the gateway has read it', () =>
    /cabin[\s\S]*former_nthash/.test(readFileSync(gateway.configFile, 'utf8')),
  );
  expect((await cabin.sas())[0]?.spiI).toBe(before?.spiI);
  expect(await ping(home.nat, address.lan)).toMatchObject({ received: 3 });
  expect(await cabin.ikectl('down', 'to_203_0_113_2')).toMatchObject({ code: 0 });
  expect(await cabin.ikectl('up', 'to_203_0_113_2')).toMatchObject({ code: 0 });
  await expectTunnel();

  expect(await cabin.ikectl('join', file)).toMatchObject({ code: 0 });

  expect(await cabin.ikectl('down', 'to_203_0_113_2')).toMatchObject({ code: 0 });
  expect(await cabin.ikectl('up', 'to_203_0_113_2')).toMatchObject({ code: 0 });
  await expectTunnel();
});
