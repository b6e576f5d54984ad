// IPv6 outside, without a NAT: strongSwan's userland ESP wants UDP encapsulation there, too; a peer that wants none finds
// out what a firewall does to protocol 50.
import { expect, test } from 'vitest';
import { Gateway } from '../lab/gateway.ts';
import { address } from '../lab/home.ts';
import { basics, presharedKey, pskGuests, wayHome } from '../lab/household.ts';
import { startPhone } from '../lab/phone.ts';
import { stage } from '../lab/stage.ts';
import { download, ping, serveWebPage } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';

const anna = { kind: 'psk', id: 'anna@example.org', secret: 'correct horse battery' } as const;

const scene = stage({
  needs: ['our gateway', 'strongSwan'],
  async play(home) {
    const guests = pskGuests({ local_ts: ['0.0.0.0/0', '::/0'] });
    const sections = [...basics(), guests, presharedKey(anna.id, anna.secret)];
    const gateway = await Gateway.start(home.lab, home.router, sections);
    const phone = await startPhone(home, { home: { login: anna, to: address.router6 } });
    return { gateway, phone };
  },
});

test('connects over IPv6', async () => {
  const { gateway, phone } = scene();

  const dialled = await phone.initiate('home');

  expect(dialled.stdout).toContain('initiate completed successfully');
  const [sa] = await gateway.sas();
  expect(sa?.remote).toContain(address.phone6);
  expect(sa?.children[0]?.encap).toBe('udp');
});

test('carries IPv4 and IPv6 inside', async () => {
  const { home } = scene();
  const page = await serveWebPage(home, 3_000_000);

  for (const host of [address.lan, address.lan6]) {
    expect(await ping(home.phone, host)).toMatchObject({ received: 3 });
    expect((await download(home.phone, host)).sha256).toBe(page.sha256);
  }
});

// Android's own client speaks ESP as protocol 50 on IPv6, and says «connected» where a firewall lets UDP through alone.
test('explains a device that is connected and whose ESP never arrives', async () => {
  const { home, gateway, phone } = scene();
  await phone.stop();
  home.internet.nft(`table inet strict {
    chain forward { type filter hook forward priority 0; meta l4proto esp counter drop; }
  }`);
  const dialling = wayHome(anna, { remote: [address.router6] });
  const client = await Gateway.start(home.lab, home.phone, [...basics(), dialling], {
    name: 'client',
  });
  expect(await client.ikectl('up', 'way_home')).toMatchObject({ code: 0 });
  const raw = async () =>
    (await gateway.sas()).find(({ children }) => children[0]?.encap === 'raw');
  await until('it is connected', async () => (await raw()) !== undefined, 20_000);

  expect(await ping(home.phone, address.lan, 1)).toMatchObject({ received: 0 });

  const said = /no ESP packet came from it: something on the way lets IKE through/;
  await until('it is explained', async () => said.test(await gateway.explain()), 60_000);
});
