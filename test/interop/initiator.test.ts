// Our daemon dials: it takes the virtual addresses that it is given, leads into the tunnel what lies behind it,
// and never the tunnel's own packets. The other end is strongSwan, or ours where strongSwan has no say.
import { expect, test } from 'vitest';
import { Authority } from '../lab/certificates.ts';
import { Gateway } from '../lab/gateway.ts';
import { address, network } from '../lab/home.ts';
import { basics, certificateFiles, presharedKey, pskGuests, wayHome } from '../lab/household.ts';
import { gatewayName, SUITE } from '../lab/phone.ts';
import { stage } from '../lab/stage.ts';
import { pskGateway, SwanGateway } from '../lab/swan-gateway.ts';
import { download, ping, serveWebPage, type WebPage } from '../lab/traffic.ts';
import { section, type UciSection, type UciValue } from '../lab/uci.ts';
import { until } from '../lab/until.ts';

const anna = { id: 'anna@example.org', secret: 'correct horse battery' };
let page: WebPage;

const scene = stage({
  needs: ['our gateway', 'strongSwan'],
  async play(home) {
    page = await serveWebPage(home, 3_000_000);
    home.internet.route(network.pool, address.router);
    home.internet.route(network.pool6, address.router6);
    return {};
  },
});

const service = section('service', 'main', { log: 'debug', retransmit_base: 0.5, half_open: 10 });
const dialling = (options: Readonly<Record<string, UciValue | undefined>> = {}): UciSection =>
  wayHome(anna, options);

/** Starts the phone's daemon and dials. */
async function dial(name: string, ...sections: readonly UciSection[]): Promise<Gateway> {
  const { home } = scene();
  const phone = await Gateway.start(home.lab, home.phone, [service, ...sections], { name });
  expect(await phone.ikectl('up', 'way_home')).toMatchObject({ code: 0 });
  await until('the phone is connected', async () => (await phone.tunnels()).length > 0);
  await until('the phone has its routes', () => tunnelRoutes().includes('src 2001:'));
  return phone;
}

/** Routes of both families on the phone. */
const tables = (): string => {
  const { phone } = scene().home;
  return phone.ip('-4', 'route', 'show') + phone.ip('-6', 'route', 'show');
};
/** The link's own is not ours. */
const tunnelRoutes = (): string =>
  tables()
    .split('\n')
    .filter((line) => line.includes('dev ipsec0') && !line.startsWith('fe80:'))
    .join('\n');
const addresses = (): string => scene().home.phone.ip('-o', 'address', 'show', 'dev', 'ipsec0');

async function expectTraffic(): Promise<void> {
  for (const host of [address.lan, address.lan6]) {
    expect(await ping(scene().home.phone, host)).toMatchObject({ received: 3 });
    expect((await download(scene().home.phone, host)).sha256).toBe(page.sha256);
  }
}

/** New keys for the IKE SA, and then below it for its tunnel. */
async function rekey(phone: Gateway): Promise<void> {
  const [old] = await phone.sas();
  expect((await phone.ikectl('rekey', '--sa', `${old?.id}`)).code).toBe(0);
  const next = await until('another IKE SA', async () => {
    const [sa, ...others] = await phone.sas();
    return others.length === 0 && sa?.id !== old?.id && sa?.children[0] ? sa : undefined;
  });
  const [tunnel] = next.children;
  expect((await phone.ikectl('rekey', '--sa', `${next.id}`, '--child', `${tunnel?.id}`)).code).toBe(
    0,
  );
  await until('another tunnel', async () => {
    const [child, ...others] = (await phone.sas())[0]?.children ?? [];
    return others.length === 0 && child !== undefined && child.id !== tunnel?.id;
  });
}

test.each([
  ['IPv4', address.router],
  ['IPv6', address.router6],
])('connects to strongSwan with a pre-shared key over %s', async (family, router) => {
  const swan = await SwanGateway.start(scene().home, pskGateway(anna));
  const phone = await dial(`psk-${family}`, dialling({ remote: [router] }));

  const [tunnel] = await swan.tunnels();
  expect(tunnel?.peer).toBe(anna.id);
  for (const ip of tunnel?.addresses ?? ['none']) expect(addresses()).toContain(ip);
  await expectTraffic();

  const [before, routes] = [addresses(), tunnelRoutes()];
  await rekey(phone);
  expect([addresses(), tunnelRoutes()]).toEqual([before, routes]);
  await expectTraffic();

  await phone.stop();
  await until('strongSwan has heard it', async () => (await swan.tunnels()).length === 0);
  await swan.stop();
});

// The IKE SA stood there without a tunnel, though the connection was to be kept up.
test('makes another tunnel when strongSwan deletes it alone', async () => {
  const { home } = scene();
  const swan = await SwanGateway.start(home, pskGateway(anna));
  const sections = [service, dialling({ start: 'start' })];
  const phone = await Gateway.start(home.lab, home.phone, sections, { name: 'deleted' });
  await until('the phone is connected', async () => (await phone.tunnels()).length > 0);
  const [before] = await phone.sas();

  expect((await swan.charon.control(['--terminate', '--child', 'net'])).code).toBe(0);

  const [after] = await until('another tunnel', async () => {
    const sas = await phone.sas();
    const [child] = sas[0]?.children ?? [];
    return child && child.id !== before?.children[0]?.id ? sas : undefined;
  });
  expect(after?.id).toBe(before?.id);
  await expectTraffic();
  await phone.stop();
  await swan.stop();
});

test('connects to strongSwan with certificates on both sides (scenario 1)', async () => {
  const { home } = scene();
  const authority = new Authority();
  const server = authority.issue({
    dn: `CN=${gatewayName}`,
    san: [gatewayName],
    purpose: 'serverAuth',
  });
  const client = authority.issue({ dn: 'CN=anna', san: [anna.id], purpose: 'clientAuth' });
  const swan = await SwanGateway.start(home, {
    ...SUITE,
    local: { auth: 'pubkey', id: gatewayName, certs: 'server.pem' },
    remote: { auth: 'pubkey' },
    files: {
      authorities: { 'ca.pem': authority.certificate },
      certificates: { 'server.pem': server.certificate },
      keys: { 'server.pem': server.key },
    },
  });

  const phone = await dial(
    'certificate',
    dialling({ local_auth: 'pubkey', psk: undefined, certificate: 'server' }),
    ...certificateFiles(home.lab, client, authority.certificate),
  );

  expect((await phone.sas())[0]?.peer).toBe(gatewayName);
  await expectTraffic();
  await phone.stop();
  await swan.stop();
});

/** Our gateway lets the phone send everything through it. */
const startOurs = (): Promise<Gateway> => {
  const { home } = scene();
  const guests = pskGuests({ local_ts: ['0.0.0.0/0', '::/0'] });
  const sections = [...basics(), guests, presharedKey(anna.id, anna.secret)];
  return Gateway.start(home.lab, home.router, sections);
};

test('sends everything through the tunnel, but the tunnel itself and the own LAN past it (scenario 41)', async () => {
  const { home } = scene();
  const gateway = await startOurs();
  const phone = await dial('everything', dialling());

  expect(tables()).toContain(`${address.router} via 192.168.7.1 dev wlan0`);
  await expectTraffic();
  const [before] = await gateway.tunnels();
  expect(await ping(home.phone, '198.51.100.1')).toMatchObject({ received: 3 });
  expect(await ping(home.phone, '2001:db8:100::1')).toMatchObject({ received: 3 });
  const [after] = await gateway.tunnels();
  expect((after?.packetsIn ?? 0) - (before?.packetsIn ?? 0)).toBeGreaterThanOrEqual(6);

  for (const neighbour of ['192.168.7.1', '2001:db8:7::1']) {
    expect(await ping(home.phone, neighbour)).toMatchObject({ received: 3 });
  }
  expect((await gateway.tunnels())[0]?.packetsIn).toBe(after?.packetsIn);

  expect((await phone.ikectl('down', 'way_home')).code).toBe(0);
  await until('its routes are gone', () => tunnelRoutes() === '');
  expect(tables()).not.toContain(address.router);
  expect(addresses()).not.toMatch(/10\.10\.10\.|2001:db8:10:/);
  await phone.stop();
  await gateway.stop();
});

test('after kill -9 only the way to the peer is left, and the next start clears it away', async () => {
  const { home } = scene();
  const gateway = await startOurs();
  const killed = await dial('killed', dialling());

  await killed.kill();

  expect(tables()).not.toContain('ipsec0');
  expect(tables()).toContain(address.router);
  const next = await Gateway.start(home.lab, home.phone, [service, dialling()], { name: 'killed' });
  expect(tables()).not.toContain(address.router);
  expect(tables()).toContain('default via 192.168.7.1');
  await next.stop();
  await gateway.stop();
});
