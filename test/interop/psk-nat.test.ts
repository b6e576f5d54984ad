// A phone with a pre-shared key behind a NAT: it comes in, moves traffic of both families, and is told to go.
import { expect, test } from 'vitest';
import { Gateway } from '../lab/gateway.ts';
import { address } from '../lab/home.ts';
import { basics, presharedKey, pskGuests } from '../lab/household.ts';
import { gatewayName, startPhone } from '../lab/phone.ts';
import { stage } from '../lab/stage.ts';
import { download, ping, serveWebPage } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { Wiretap } from '../lab/wiretap.ts';

const anna = { kind: 'psk', id: 'anna@example.org', secret: 'correct horse battery' } as const;

const scene = stage({
  needs: ['our gateway', 'strongSwan'],
  async play(home) {
    const sections = [...basics(), pskGuests(), presharedKey(anna.id, anna.secret)];
    const gateway = await Gateway.start(home.lab, home.router, sections);
    const phone = await startPhone(home, {
      home: { login: anna },
      whoever: { login: anna, remoteId: '%any' },
    });
    const wire = new Wiretap(home);
    return { gateway, phone, wire };
  },
});

test('connects within two round trips and gets an address of each family (pitfall 33, scenarios 2, 17)', async () => {
  const { gateway, phone } = scene();

  const dialled = await phone.initiate('home');

  expect(dialled.stdout).toContain('initiate completed successfully');
  const [sa] = await phone.listSas();
  expect(sa?.virtualAddresses).toHaveLength(2);
  const [ours, ...others] = await gateway.sas();
  expect(others).toEqual([]);
  expect(ours).toMatchObject({ peer: anna.id, connection: 'psk_guests', nat: 'remote' });
  expect([...(ours?.addresses ?? [])].sort()).toEqual([...(sa?.virtualAddresses ?? [])].sort());
});

test('sees the phone at the address of the NAT, on a port that the NAT chose (pitfalls 65, 66; scenario 19)', async () => {
  const [sa] = await scene().gateway.sas();

  expect(sa?.remote).toMatch(new RegExp(`^${address.nat}:\\d+$`));
  expect(sa?.children[0]?.encap).toBe('udp');
});

test('narrows a wish for everything to the LAN (pitfalls 54, 55)', async () => {
  const [sa] = await scene().phone.listSas();

  expect(sa?.remoteTs).toEqual(['192.168.1.0/24', '2001:db8:1::/64']);
});

test.each([
  ['IPv4', address.lan],
  ['IPv6', address.lan6],
])('carries pings over %s', async (_family, host) => {
  expect(await ping(scene().home.phone, host, 5)).toMatchObject({ sent: 5, received: 5 });
});

test('carries a download unharmed over IPv4 and IPv6, and nothing of it in the clear', async () => {
  const { home, wire } = scene();
  const page = await serveWebPage(home, 10_000_000);

  for (const host of [address.lan, address.lan6]) {
    expect((await download(home.phone, host)).sha256).toBe(page.sha256);
  }

  expect(wire.read().inTheClear.packets).toBe(0);
});

test('counts what the phone counts', async () => {
  const { gateway, phone } = scene();

  const [theirs] = await phone.listSas();
  const [ours] = await gateway.tunnels();

  expect(ours?.packetsIn).toBeGreaterThan(100);
  expect(ours?.packetsIn).toBeLessThanOrEqual(theirs?.packetsOut ?? 0);
  expect(ours?.packetsOut).toBeGreaterThanOrEqual(theirs?.packetsIn ?? Number.POSITIVE_INFINITY);
  expect(ours?.bytesOut).toBeGreaterThan(20_000_000);
});

test('lets go when the phone hangs up, and forgets its keys and its address', async () => {
  const { gateway, phone } = scene();

  await phone.terminate('home');

  await until('the gateway has no SA', async () => (await gateway.status()).sas.length === 0);
  expect((await gateway.status()).pools).toMatchObject([{ name: 'guests', used: 0 }]);
});

test('gives the phone the address that it had when it comes back', async () => {
  const { phone } = scene();
  await phone.initiate('home');
  const before = (await phone.listSas())[0]?.virtualAddresses;
  await phone.terminate('home');

  await phone.initiate('home');

  expect((await phone.listSas())[0]?.virtualAddresses).toEqual(before);
  expect(before).toHaveLength(2);
});

test('names itself to a phone that does not say whom it wants (scenario 3: rw-psk-no-idr)', async () => {
  const { phone } = scene();
  await phone.terminate('home');

  expect(await phone.initiate('whoever')).toMatchObject({ code: 0 });

  const [, payloads] =
    [...phone.log.matchAll(/generating IKE_AUTH request 1 \[(.*)\]/g)].at(-1) ?? [];
  expect(payloads).toContain('IDi');
  expect(payloads).not.toContain('IDr');
  expect((await phone.listSas())[0]?.remoteId).toBe(gatewayName);
  await phone.terminate('whoever');
  expect((await phone.initiate('home')).code).toBe(0);
});

test('says DELETE to the phone when it stops', async () => {
  const { gateway, phone } = scene();

  await gateway.stop();

  await until('the phone hears DELETE', () => phone.log.includes('received DELETE for IKE_SA'));
  await until('the phone has no SA', async () => (await phone.listSas()).length === 0);
  expect(gateway.exitCode).toBe(0);
});
