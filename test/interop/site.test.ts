// Two networks, each behind a router of ours: whoever lives in one reaches the other, in both directions, and the
// routers do too. The hotel's router plays the second home; the phone lives behind it.
import { expect, test } from 'vitest';
import { Gateway } from '../lab/gateway.ts';
import { address, network } from '../lab/home.ts';
import { basics } from '../lab/household.ts';
import { gatewayName } from '../lab/phone.ts';
import { stage } from '../lab/stage.ts';
import { download, ping, serveWebPage } from '../lab/traffic.ts';
import { section, type UciValue } from '../lab/uci.ts';
import { until } from '../lab/until.ts';

interface Site {
  readonly name: string;
  readonly nets: readonly string[];
}
const cabin: Site = { name: 'cabin.example.org', nets: ['192.168.7.0/24', '2001:db8:7::/64'] };
const home: Site = { name: gatewayName, nets: [network.lan, network.lan6] };
const secret = 'correct horse battery';

const site = (here: Site, there: Site, options: Readonly<Record<string, UciValue>> = {}) =>
  section('connection', 'site', {
    local_auth: 'psk',
    local_id: here.name,
    remote_id: there.name,
    psk: secret,
    local_ts: here.nets,
    remote_ts: there.nets,
    suite: 'modern',
    ...options,
  });
const dialling = { role: 'initiator', remote: [address.router], start: 'start', dpd: 2 };

const scene = stage({
  needs: ['our gateway'],
  async play(homes) {
    const { lab, router, nat } = homes;
    const [service] = basics({ retransmit_tries: 2 });
    if (!service) throw new Error('the lab has no service section');
    const answerer = await Gateway.start(lab, router, [...basics(), site(home, cabin)]);
    const dialler = await Gateway.start(lab, nat, [service, site(cabin, home, dialling)], {
      name: 'cabin',
    });
    return { answerer, dialler };
  },
});

test('the tunnel comes up by itself and leads each network into the other (scenario 26)', async () => {
  const { answerer, home: homes } = scene();
  await until('the routes are there', () => routesOf(homes.nat).includes(network.lan));
  await until('the routes are there', () => routesOf(homes.router).includes('192.168.7.0/24'));

  expect(await answerer.sas()).toMatchObject([{ connection: 'site', peer: cabin.name }]);
  for (const host of [address.lan, address.lan6]) {
    expect(await ping(homes.phone, host)).toMatchObject({ received: 3 });
  }
  for (const host of [address.phone, address.phone6]) {
    expect(await ping(homes.lan, host)).toMatchObject({ received: 3 });
  }
});

test('the routers reach the other network from the address that may use the tunnel', async () => {
  const { home: homes } = scene();

  for (const host of [address.phone, address.phone6]) {
    expect(await ping(homes.router, host)).toMatchObject({ received: 3 });
  }
  for (const host of [address.lan, address.lan6]) {
    expect(await ping(homes.nat, host)).toMatchObject({ received: 3 });
  }
});

test('a download arrives unharmed', async () => {
  const { home: homes } = scene();
  const page = await serveWebPage(homes, 5_000_000);

  for (const host of [address.lan, address.lan6]) {
    expect((await download(homes.phone, host)).sha256).toBe(page.sha256);
  }
});

test('the tunnel comes back by itself when the other router hung up', async () => {
  const { answerer, dialler, home: homes } = scene();
  const [before] = await dialler.sas();

  expect((await answerer.ikectl('down', 'site')).code).toBe(0);

  await until('another tunnel stands', async () => {
    const [after] = await dialler.sas();
    return after !== undefined && after.id !== before?.id;
  });
  expect(dialler.log).toMatch(/connection 'site' is down: dialled again in \d/);
  await until('the routes are back', () => routesOf(homes.nat).includes(network.lan6));
  expect(await ping(homes.phone, address.lan)).toMatchObject({ received: 3 });
});

test('the tunnel comes back by itself when the other router was killed and starts anew (scenario 24: dpd-restart)', async () => {
  const { answerer, home: homes } = scene();
  await answerer.kill();
  const config = [...basics(), site(home, cabin)];

  const next = await Gateway.start(homes.lab, homes.router, config, { name: 'next' });
  scene().answerer = next;

  // The other side notices when it asks (dpd), and gives up when nobody answers.
  await until('a tunnel stands', async () => (await next.sas()).length > 0, 30_000);
  await until('it carries packets', async () => {
    return (await ping(homes.phone, address.lan, 1)).received === 1;
  });
  expect(await ping(homes.lan, address.phone6)).toMatchObject({ received: 3 });
});

test('the routes go with the tunnel, and it stays down when its owner hung up', async () => {
  const { answerer, dialler, home: homes } = scene();

  const down = await dialler.ikectl('down', 'site');

  expect(down.stdout).toContain('site is not dialled again until «ikectl up site»');
  for (const host of [homes.nat, homes.router]) {
    await until('the routes are gone', () => !routesOf(host).includes('ipsec0'));
  }
  expect(homes.router.ip('-4', 'address', 'show', 'dev', 'ipsec0')).toContain('10.10.10.1/24');
  expect(await answerer.sas()).toEqual([]);

  expect((await dialler.ikectl('up', 'site')).code).toBe(0);
  await until('the tunnel stands', async () => (await dialler.sas()).length > 0);
});

/** Without the pool's, which stay with the gateway. */
function routesOf(host: { ip(...args: readonly string[]): string }): string {
  return [host.ip('-4', 'route', 'show'), host.ip('-6', 'route', 'show')]
    .join('')
    .split('\n')
    .filter((line) => !/^10\.10\.10\.|^2001:db8:10::|^fe80|^ff00/.test(line))
    .join('\n');
}
