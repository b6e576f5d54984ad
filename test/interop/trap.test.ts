// The first packet starts the tunnel: a cabin's router waits for one, and strongSwan answers at home, or another
// router of ours that waits as well (scenarios net2net-route, route-narrow, dpd-trap). The hotel's router plays the
// cabin; the phone lives behind it.
import { afterEach, expect, test } from 'vitest';
import { Charon } from '../lab/charon.ts';
import { Gateway } from '../lab/gateway.ts';
import { address, network } from '../lab/home.ts';
import { basics } from '../lab/household.ts';
import { gatewayName, SUITE } from '../lab/phone.ts';
import { stage } from '../lab/stage.ts';
import type { Settings } from '../lab/swanctl.ts';
import { ping } from '../lab/traffic.ts';
import { section, type UciSection, type UciValue } from '../lab/uci.ts';
import { until } from '../lab/until.ts';

const cabinName = 'cabin.example.org';
const cabinNets = ['192.168.7.0/24', '2001:db8:7::/64'];
const homeNets = [network.lan, network.lan6];
const secret = 'correct horse battery';
/** Behind the router, and in another half of its network. */
const routerLan = '192.168.1.1';

const scene = stage({ needs: ['our gateway', 'strongSwan'], play: async () => ({}) });

const running: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop();
});

const waiting = (options: Readonly<Record<string, UciValue>> = {}): UciSection =>
  section('connection', 'site', {
    role: 'initiator',
    remote: [address.router],
    start: 'trap',
    local_auth: 'psk',
    local_id: cabinName,
    remote_id: gatewayName,
    psk: secret,
    ike: [SUITE.ike],
    esp: [SUITE.esp],
    local_ts: cabinNets,
    remote_ts: homeNets,
    dpd: 2,
    ...options,
  });

async function startCabin(
  name: string,
  options: Readonly<Record<string, UciValue>> = {},
): Promise<Gateway> {
  const { lab, nat } = scene().home;
  const [service] = basics({ retransmit_tries: 2 });
  if (!service) throw new Error('the lab has no service section');
  const cabin = await Gateway.start(lab, nat, [service, waiting(options)], { name });
  running.push(cabin);
  await until('the routes lead into the trap', () =>
    [nat.ip('-4', 'route', 'show'), nat.ip('-6', 'route', 'show')].every((table) =>
      table.includes('dev ipsec0'),
    ),
  );
  return cabin;
}

/** strongSwan at home; each list of networks is a child of its own. */
async function startHome(
  name: string,
  children: readonly (readonly string[])[],
  settings: Settings = {},
): Promise<Charon> {
  const { lab, router } = scene().home;
  const site: Settings = {
    version: 2,
    local_addrs: address.router,
    proposals: SUITE.ike,
    local: { auth: 'psk', id: gatewayName },
    remote: { auth: 'psk', id: cabinName },
    children: Object.fromEntries(
      children.map((nets, i) => [
        `net${i}`,
        { local_ts: nets, remote_ts: cabinNets, esp_proposals: SUITE.esp, ...settings },
      ]),
    ),
  };
  const secrets = { 'ike-cabin': { 'id-cabin': cabinName, 'id-own': gatewayName, secret } };
  const config = { connections: { site }, secrets };
  const swan = await Charon.start(lab, router, { name, config });
  running.push(swan);
  return swan;
}

const pingOnce = async (to: string): Promise<number> =>
  (await ping(scene().home.phone, to, 1)).received;
/** A ping every 0.2 s until one comes back. */
const pingUntilAnswered = (to: string): Promise<unknown> =>
  until(`${to} answers`, async () => (await pingOnce(to)) === 1, 30_000);

test('the first ping starts the tunnel and is answered (scenario 26: net2net-route)', async () => {
  const swan = await startHome('home', [homeNets]);
  const cabin = await startCabin('cabin');
  expect(await cabin.status()).toMatchObject({ sas: [], counters: { esp: { trapped: 0 } } });

  expect(await pingOnce(address.lan)).toBe(1);

  const { sas, counters } = await cabin.status();
  expect(sas).toMatchObject([{ children: [{ local: cabinNets, remote: homeNets }] }]);
  expect(counters.esp).toMatchObject({ trapped: 1, 'trap-dropped': 0 });
  expect(await ping(scene().home.phone, address.lan6)).toMatchObject({ received: 3 });
  expect((await swan.listSas()).map(({ state }) => state)).toEqual(['ESTABLISHED']);

  // The peer hangs up: the next packet dials again.
  expect((await swan.terminate('site')).code).toBe(0);
  await until('the tunnel is gone', async () => (await cabin.sas()).length === 0);
  await pingUntilAnswered(address.lan6);
  expect(await cabin.sas()).toHaveLength(1);
});

test('a tunnel alone that ended is made anew on its IKE SA', async () => {
  const swan = await startHome('home-child', [homeNets]);
  const cabin = await startCabin('cabin-child');
  expect(await pingOnce(address.lan)).toBe(1);
  const [before] = await cabin.sas();

  expect((await swan.control(['--terminate', '--child', 'net0'])).code).toBe(0);
  await until('the tunnel is gone', async () => (await cabin.tunnels()).length === 0);
  expect(await pingOnce(address.lan)).toBe(1);

  const [after, ...others] = await cabin.sas();
  expect(others).toEqual([]);
  expect(after?.id).toBe(before?.id);
  expect(after?.children).toHaveLength(1);
});

test.each([
  ['us', { inactivity: 2 }, {}],
  ['strongSwan', {}, { inactivity: '2s' }],
] as const)(
  'a tunnel that carries nothing is closed by %s, its IKE SA stays, and the next packet opens another (scenario 25: inactivity-timeout)',
  async (who, ours, theirs) => {
    const swan = await startHome(`quiet-${who}`, [homeNets], theirs);
    const cabin = await startCabin(`quiet-cabin-${who}`, ours);
    expect(await pingOnce(address.lan)).toBe(1);
    const [before] = await cabin.sas();

    await until('the tunnel is gone', async () => (await cabin.tunnels()).length === 0, 20_000);
    expect((await swan.listSas()).map(({ state }) => state)).toEqual(['ESTABLISHED']);
    expect((await cabin.sas()).map(({ id }) => id)).toEqual([before?.id]);

    expect(await pingOnce(address.lan)).toBe(1);
    expect((await cabin.sas()).map(({ id }) => id)).toEqual([before?.id]);
  },
);

test('a responder that narrows gets a tunnel for each packet (scenario 26: net2net-route-narrow)', async () => {
  // strongSwan in userland serves a network only where its host has an address in it.
  scene().home.router.address('lan0', '192.168.1.9/32');
  await startHome('home-narrow', [['192.168.1.8/29'], ['192.168.1.0/29']]);
  const cabin = await startCabin('cabin-narrow');
  const remotes = async (): Promise<readonly string[]> =>
    (await cabin.sas()).flatMap(({ children }) => children.flatMap(({ remote }) => remote)).sort();

  expect(await pingOnce(address.lan)).toBe(1);
  expect(await remotes()).toEqual(['192.168.1.8/29']);
  expect(await pingOnce(routerLan)).toBe(1);
  expect(await remotes()).toEqual(['192.168.1.0/29', '192.168.1.8/29']);
  expect(await cabin.sas()).toHaveLength(1);

  // New keys for both leave each what it has.
  const [sa] = await cabin.sas();
  for (const { id } of sa?.children ?? []) {
    expect(await cabin.ikectl('rekey', '--sa', `${sa?.id}`, '--child', `${id}`)).toMatchObject({
      code: 0,
    });
  }
  await until('both have new keys', async () => {
    const now = (await cabin.sas()).flatMap(({ children }) => children.map(({ id }) => id));
    return now.length === 2 && !sa?.children.some(({ id }) => now.includes(id));
  });
  expect(await remotes()).toEqual(['192.168.1.0/29', '192.168.1.8/29']);
  for (const host of [address.lan, routerLan]) {
    expect(await ping(scene().home.phone, host)).toMatchObject({ received: 3 });
  }

  // Beyond both there is no tunnel, and no new one is tried for every packet.
  expect(await ping(scene().home.phone, '192.168.1.77', 10, 0.1)).toMatchObject({ received: 0 });
  expect(await remotes()).toEqual(['192.168.1.0/29', '192.168.1.8/29']);
});

test('the next packet brings the tunnel up again after the peer died (scenario 24: dpd-trap)', async () => {
  const swan = await startHome('home-dying', [homeNets]);
  const cabin = await startCabin('cabin-dpd');
  expect(await pingOnce(address.lan)).toBe(1);

  await swan.stop('SIGKILL');
  await until('the peer is given up', async () => (await cabin.sas()).length === 0, 20_000);
  expect(cabin.log).toMatch(/'site' is down: dialled again with the next packet/);
  expect((await cabin.status()).sas).toEqual([]);
  await startHome('home-again', [homeNets]);
  await pingUntilAnswered(address.lan);
  expect(await cabin.sas()).toHaveLength(1);
});

test('nothing is dialled any more once its owner hung up, until he dials', async () => {
  await startHome('home-hung', [homeNets]);
  const cabin = await startCabin('cabin-hung');
  expect(await pingOnce(address.lan)).toBe(1);

  expect((await cabin.ikectl('down', 'site')).stdout).toContain('not dialled again until');
  await until('the routes are gone', () => {
    return !scene().home.nat.ip('-4', 'route', 'show').includes('192.168.1.0/24');
  });
  expect(await pingOnce(address.lan)).toBe(0);
  expect((await cabin.status()).sas).toEqual([]);

  expect((await cabin.ikectl('up', 'site')).code).toBe(0);
  await pingUntilAnswered(address.lan);
});

test('two routers that both wait end with one tunnel when both sides begin at once', async () => {
  const { home } = scene();
  const cabin = await startCabin('cabin-both');
  const other = waiting({
    remote: [address.nat],
    local_id: gatewayName,
    remote_id: cabinName,
    local_ts: homeNets,
    remote_ts: cabinNets,
  });
  const gateway = await Gateway.start(home.lab, home.router, [...basics(), other], {
    name: 'home-both',
  });
  running.push(gateway);
  await until('the routes lead into the trap', () =>
    home.router.ip('-4', 'route', 'show').includes('192.168.7.0/24 dev ipsec0'),
  );

  const pings = [
    ping(home.phone, address.lan, 30, 0.1),
    ping(home.lan, address.phone, 30, 0.1),
  ] as const;
  for (const result of await Promise.all(pings)) {
    expect(result.received).toBeGreaterThanOrEqual(20);
  }
  await until('one tunnel is left on either side', async () => {
    const [here, there] = [await cabin.tunnels(), await gateway.tunnels()];
    return here.length === 1 && there.length === 1;
  });
  expect(await cabin.sas()).toHaveLength(1);
  expect(await gateway.sas()).toHaveLength(1);
  for (const [from, to] of [
    [home.phone, address.lan],
    [home.lan, address.phone6],
  ] as const) {
    expect(await ping(from, to)).toMatchObject({ received: 3 });
  }
});
