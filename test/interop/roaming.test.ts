// Our daemon is the phone: it notices by itself that its uplinks come and go, and moves what it dialled. The other
// end is strongSwan, or ours where everything goes through the tunnel. Scenarios mobike, mobike-virtual-ip-nat and
// nat-rw-psk of strongSwan's test suite, with the roles swapped.
import { afterEach, expect, test } from 'vitest';
import { Gateway } from '../lab/gateway.ts';
import { address } from '../lab/home.ts';
import { basics, presharedKey, pskGuests, wayHome } from '../lab/household.ts';
import { stage } from '../lab/stage.ts';
import { pskGateway, SwanGateway } from '../lab/swan-gateway.ts';
import { ping, silenceDuring } from '../lab/traffic.ts';
import { section } from '../lab/uci.ts';
import { until } from '../lab/until.ts';
import { addUplink, cut, mend, uplink } from '../lab/uplink.ts';
import { Wiretap } from '../lab/wiretap.ts';

const anna = { id: 'anna@example.org', secret: 'correct horse battery' };

const scene = stage({
  needs: ['our gateway', 'strongSwan'],
  async play(home) {
    addUplink(home);
    // Keepalives, and what it takes to kill the way to one address of the router.
    home.internet.nft(`table inet roaming {
      counter keepalives { }
      set dead { type ipv4_addr; }
      chain forward {
        type filter hook forward priority 0;
        udp dport 4500 udp length 9 counter name keepalives
        ip daddr @dead drop
      }
    }`);
    return {};
  },
});

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function dial(name: string): Promise<Gateway> {
  const { home } = scene();
  const timers = { retransmit_base: 0.3, keepalive: 1 };
  const phone = await Gateway.start(
    home.lab,
    home.phone,
    [
      section('service', 'main', { log: 'debug', half_open: 10, ...timers }),
      wayHome(anna, { dpd: 2 }),
    ],
    { name },
  );
  ends.push(() => phone.stop());
  expect(await phone.ikectl('up', 'way_home')).toMatchObject({ code: 0 });
  await until('pings are answered', async () => {
    const { received } = await ping(home.phone, address.lan, 1);
    return received === 1;
  });
  return phone;
}

async function startSwan(): Promise<SwanGateway> {
  const swan = await SwanGateway.start(scene().home, pskGateway(anna));
  ends.push(() => swan.stop());
  return swan;
}

/** The gateway lets the phone send everything through it. */
async function startOurs(): Promise<Gateway> {
  const { home } = scene();
  const guests = pskGuests({ local_ts: ['0.0.0.0/0', '::/0'] });
  const sections = [...basics(), guests, presharedKey(anna.id, anna.secret)];
  const gateway = await Gateway.start(home.lab, home.router, sections);
  ends.push(() => gateway.stop());
  return gateway;
}

const onlySa = async (phone: Gateway) => {
  const [sa, ...others] = await phone.sas();
  expect(others).toEqual([]);
  if (!sa) throw new Error('the phone has no SA');
  return sa;
};
const keepalives = (): number => {
  const text = scene().home.internet.runNow(
    'nft',
    'list',
    'counter',
    'inet',
    'roaming',
    'keepalives',
  );
  return Number(/packets (\d+)/.exec(text)?.[1]);
};

test('the tunnel goes on over the other uplink and back, silent for less than a second each time (pitfall 68)', async () => {
  const { home } = scene();
  await startSwan();
  const phone = await dial('over-and-back');
  const { spiI } = await onlySa(phone);

  const over = await silenceDuring(home.phone, address.lan, () => cut(home, 'wlan0'));
  expect(await onlySa(phone)).toMatchObject({ spiI, local: `${uplink.phone}:4500`, nat: 'remote' });
  const back = await silenceDuring(home.phone, address.lan, () => mend(home, 'wlan0'));
  expect(await onlySa(phone)).toMatchObject({ spiI, local: `${address.phone}:4500`, nat: 'both' });

  expect(Math.max(over, back)).toBeLessThan(1);
});

test('keepalives are on the wire behind the NAT, and nowhere else (pitfall 66)', async () => {
  const { home } = scene();
  await startSwan();
  const phone = await dial('keepalives');

  const before = keepalives();
  await until('three keepalives', () => keepalives() >= before + 3);
  cut(home, 'wlan0');
  await until('the phone has moved', async () => (await onlySa(phone)).nat === 'remote');
  const moved = keepalives();
  expect((await silenceDuring(home.phone, address.lan, () => {})) < 1).toBe(true);
  expect(keepalives()).toBe(moved);
  mend(home, 'wlan0');
});

test('with IPv6 alone it goes on to the address that strongSwan told (RFC 4555 §3.5)', async () => {
  const { home } = scene();
  const swan = await startSwan();
  const phone = await dial('ipv6');
  const { spiI } = await onlySa(phone);

  const silence = await silenceDuring(home.phone, address.lan, () => {
    cut(home, 'wwan0');
    home.phone.ip('-4', 'addr', 'flush', 'dev', 'wlan0');
  });

  expect(silence).toBeLessThan(1);
  const sa = await onlySa(phone);
  expect(sa).toMatchObject({ spiI, remote: `[${address.router6}]:4500` });
  expect(await swan.tunnels()).toHaveLength(1);
  cut(home, 'wlan0');
  mend(home, 'wlan0');
  mend(home, 'wwan0');
});

test('a way that is dead, though nothing changed here, is left for another', async () => {
  const { home } = scene();
  await startSwan();
  const phone = await dial('dead');
  const { spiI } = await onlySa(phone);

  home.internet.runNow('nft', 'add', 'element', 'inet', 'roaming', 'dead', `{ ${address.router} }`);
  await until('the phone has moved', async () =>
    (await onlySa(phone)).remote.startsWith(`[${address.router6}]`),
  );

  expect(await ping(home.phone, address.lan)).toMatchObject({ received: 3 });
  expect((await onlySa(phone)).spiI).toBe(spiI);
  home.internet.runNow('nft', 'flush', 'set', 'inet', 'roaming', 'dead');
});

test('without any uplink it waits, and goes on when one is there again', async () => {
  const { home } = scene();
  await startSwan();
  const phone = await dial('waits');
  const { spiI } = await onlySa(phone);

  await silenceDuring(home.phone, address.lan, async () => {
    cut(home, 'wlan0');
    cut(home, 'wwan0');
    await until('it is told', () => phone.log.includes('there is no way to its peer'));
    mend(home, 'wwan0');
  });

  expect(await onlySa(phone)).toMatchObject({ spiI, local: `${uplink.phone}:4500` });
  mend(home, 'wlan0');
});

test('the way past a tunnel for everything follows, and nothing leaves in the clear', async () => {
  const { home } = scene();
  await startOurs();
  const phone = await dial('everything');
  const wire = new Wiretap(home);
  const { spiI } = await onlySa(phone);
  expect(home.phone.ip('route', 'show')).toContain(`${address.router} via 192.168.7.1 dev wlan0`);

  const over = await silenceDuring(home.phone, address.lan, () => cut(home, 'wlan0'));
  expect(home.phone.ip('route', 'show')).toContain(`${address.router} via 10.64.0.1 dev wwan0`);
  const back = await silenceDuring(home.phone, address.lan, () => mend(home, 'wlan0'));
  expect(home.phone.ip('route', 'show')).toContain(`${address.router} via 192.168.7.1 dev wlan0`);

  expect(Math.max(over, back)).toBeLessThan(1);
  expect(await onlySa(phone)).toMatchObject({ spiI });
  expect(wire.read().inTheClear.packets).toBe(0);
  wire.remove();
});
