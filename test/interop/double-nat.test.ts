// NAT in front of both ends, and a LAN that hides behind the one address that its router got (scenario 20).
import { expect, test } from 'vitest';
import { Gateway } from '../lab/gateway.ts';
import { address, type Home } from '../lab/home.ts';
import { basics, presharedKey, pskGuests, wayHome } from '../lab/household.ts';
import { startPhone } from '../lab/phone.ts';
import { stage } from '../lab/stage.ts';
import { pskGateway, SwanGateway } from '../lab/swan-gateway.ts';
import { download, ping, serveWebPage, type WebPage } from '../lab/traffic.ts';
import { section } from '../lab/uci.ts';
import { until } from '../lab/until.ts';

const anna = { kind: 'psk', id: 'anna@example.org', secret: 'correct horse battery' } as const;
let page: WebPage;

const scene = stage({
  needs: ['our gateway', 'strongSwan'],
  async play(home) {
    page = await serveWebPage(home, 1_000_000);
    return {};
  },
});

/** The provider's box in front of the router: it forwards the two ports, and hides the router behind its own address. */
const box = '198.51.100.1';
const forwardPorts = ({ internet }: Home): void =>
  internet.nft(`table ip box {
    chain prerouting {
      type nat hook prerouting priority -100;
      iifname "hotel" ip daddr ${box} udp dport { 500, 4500 } dnat to ${address.router}
    }
    chain postrouting {
      type nat hook postrouting priority 100;
      oifname "hotel" masquerade
    }
  }`);

test('a phone behind a NAT reaches a router behind another (scenario 20: double-nat)', async () => {
  const { home } = scene();
  forwardPorts(home);
  const sections = [...basics(), pskGuests(), presharedKey(anna.id, anna.secret)];
  const gateway = await Gateway.start(home.lab, home.router, sections);
  const phone = await startPhone(home, { home: { login: anna, to: box } });

  expect(await phone.initiate('home')).toMatchObject({ code: 0 });

  expect(await gateway.sas()).toMatchObject([{ peer: anna.id, nat: 'both' }]);
  expect(await ping(home.phone, address.lan)).toMatchObject({ received: 3 });
  expect((await download(home.phone, address.lan)).sha256).toBe(page.sha256);
  await phone.stop();
  await gateway.stop();
  home.internet.runNow('nft', 'delete', 'table', 'ip', 'box');
});

test('a LAN goes out through the one address that its router was given (scenario 20: nat-virtual-ip)', async () => {
  const { home } = scene();
  const swan = await SwanGateway.start(home, pskGateway(anna));
  const client = await Gateway.start(
    home.lab,
    home.nat,
    [
      section('service', 'main', { log: 'debug', retransmit_base: 0.5 }),
      wayHome(anna, { virtual_ip: ['0.0.0.0'] }),
    ],
    { name: 'client' },
  );
  home.nat.nft(`table ip behind {
    chain postrouting {
      type nat hook postrouting priority 100;
      oifname "ipsec0" masquerade
    }
  }`);
  expect(await client.ikectl('up', 'way_home')).toMatchObject({ code: 0 });
  await until('the routes lead into the tunnel', () =>
    home.nat.ip('route', 'get', address.lan).includes('ipsec0'),
  );

  expect(await ping(home.phone, address.lan)).toMatchObject({ received: 3 });
  expect((await download(home.phone, address.lan)).sha256).toBe(page.sha256);

  const [tunnel] = await client.tunnels();
  expect(tunnel?.packetsOut).toBeGreaterThan(10);
  expect((await swan.tunnels()).map(({ peer }) => peer)).toEqual([anna.id]);
  await client.stop();
  await swan.stop();
});
