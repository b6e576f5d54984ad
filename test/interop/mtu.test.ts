// Ways that are narrower than the tunnel's device: the router's own uplink, or somewhere in the Internet, where
// routers say so or keep silent. Whoever sends too much from the LAN hears what fits, and nothing hangs.
import { expect, test } from 'vitest';
import { Gateway } from '../lab/gateway.ts';
import { address, type Home } from '../lab/home.ts';
import { basics, presharedKey, pskGuests } from '../lab/household.ts';
import type { Namespace } from '../lab/namespace.ts';
import { startPhone } from '../lab/phone.ts';
import { stage } from '../lab/stage.ts';
import { download, serveWebPage, type WebPage } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';

const anna = { kind: 'psk', id: 'anna@example.org', secret: 'correct horse battery' } as const;

const scene = stage({
  needs: ['our gateway', 'strongSwan'],
  async play(home) {
    const sections = [...basics(), pskGuests(), presharedKey(anna.id, anna.secret)];
    const gateway = await Gateway.start(home.lab, home.router, sections);
    const phone = await startPhone(home, { home: { login: anna } });
    const page = await serveWebPage(home, 3_000_000);
    return { gateway, phone, page };
  },
});

/** Dials anew, when every host has forgotten what the way before had taught. */
async function dial(): Promise<{ v4: string; v6: string }> {
  const { gateway, phone, home } = scene();
  for (const host of [home.lan, home.router, home.phone]) {
    for (const family of ['-4', '-6']) host.ip(family, 'route', 'flush', 'cache');
  }
  await phone.terminate('home').catch(() => undefined);
  await until('the gateway has no SA', async () => (await gateway.sas()).length === 0);
  expect((await phone.initiate('home')).code).toBe(0);
  const [sa] = await gateway.sas();
  const inside = sa?.addresses ?? [];
  const v4 = inside.find((ip) => !ip.includes(':')) ?? '';
  return { v4, v6: inside.find((ip) => ip.includes(':')) ?? '' };
}

const child = async () => (await scene().gateway.sas())[0]?.children[0];
const counted = async (name: string) =>
  (await scene().gateway.status()).counters.esp[name] ?? Number.NaN;

function setMtu(a: Namespace, deviceA: string, b: Namespace, deviceB: string, mtu: number): void {
  a.ip('link', 'set', deviceA, 'mtu', `${mtu}`);
  b.ip('link', 'set', deviceB, 'mtu', `${mtu}`);
}
const setUplink = ({ router, internet }: Home, mtu: number) =>
  setMtu(router, 'wan0', internet, 'isp', mtu);
const setHotel = ({ nat, internet }: Home, mtu: number) =>
  setMtu(nat, 'wan0', internet, 'hotel', mtu);

/** A packet of that many bytes that nobody may cut. */
const pingWhole = (to: string, bytes: number, count = 1) => {
  const headers = to.includes(':') ? 48 : 28;
  const argv = ['ping', '-n', '-c', `${count}`, '-i', '0.3', '-W', '2', '-M', 'do'];
  return scene().home.lan.attempt([...argv, '-s', `${bytes - headers}`, to]);
};
/** The answer of a router to one that is too big: what fits. */
const refusal = /(?:Frag needed and DF set \(mtu = |Packet too big: mtu=)(\d+)/;
async function fitting(to: string, bytes: number): Promise<number> {
  const told = await until('the LAN host is told', async () =>
    refusal.exec((await pingWhole(to, bytes)).stdout)?.at(1),
  );
  return Number(told);
}

/** The phone has to learn its own way, too. */
const passing = (to: string, bytes: number) =>
  until('it passes', async () => / 1 received/.test((await pingWhole(to, bytes)).stdout));

async function bothDownloads(page: WebPage): Promise<void> {
  for (const host of [address.lan, address.lan6]) {
    expect((await download(scene().home.phone, host, 60)).sha256).toBe(page.sha256);
  }
}

// Of 1,280 bytes: IP 20, UDP 8, ESP 8, IV 8, ICV 16; then whole words, less two.
test.each([
  [1280, 1218],
  [1400, 1338],
])('an uplink of %i bytes lets %i through, and says so', async (mtu, fits) => {
  const { home, page } = scene();
  setUplink(home, mtu);
  const phone = await dial();

  expect(await child()).toMatchObject({ pathMtu: mtu, mtu: fits });
  const clamped = await counted('mss-clamped');
  await bothDownloads(page);
  // A SYN each way; over IPv6 only where the way is narrower than its least.
  expect((await counted('mss-clamped')) - clamped).toBeGreaterThanOrEqual(2);
  expect(await fitting(phone.v4, 1400)).toBe(fits);
  await passing(phone.v4, fits);
  // No IPv6 link is narrower than 1,280 bytes: below that the pieces are made outside.
  expect(await fitting(phone.v6, 1400)).toBe(Math.max(fits, 1280));
  await passing(phone.v6, Math.max(fits, 1280));
});

test('what may be cut is cut inside, and comes whole', async () => {
  const { home } = scene();
  setUplink(home, 1280);
  const phone = await dial();
  const before = await counted('fragmented');
  const argv = ['ping', '-n', '-q', '-c', '3', '-i', '0.2', '-W', '2', '-M', 'dont', '-s', '1372'];
  await until('three pass, when the phone has learnt its own way', async () =>
    / 3 received/.test((await home.lan.attempt([...argv, phone.v4])).stdout),
  );
  expect((await counted('fragmented')) - before).toBeGreaterThanOrEqual(3);
});

test('a narrow link far away is learnt from what routers say, and forgotten with the way', async () => {
  const { home, page } = scene();
  setUplink(home, 1500);
  setHotel(home, 1300);
  const phone = await dial();

  expect(await child()).toMatchObject({ pathMtu: 1500 });
  expect(await fitting(phone.v4, 1400)).toBe(1238);
  expect(await child()).toMatchObject({ pathMtu: 1300, mtu: 1238 });
  await bothDownloads(page);
});

test('where routers say nothing, packets are cut on the way and nothing hangs', async () => {
  const { home, page } = scene();
  setHotel(home, 1300);
  home.internet.nft(`table ip silence {
    chain output {
      type filter hook output priority 0
      icmp type destination-unreachable drop
    }
  }`);
  const phone = await dial();

  // One is lost that asked; and one of the phone's, whom its own router does tell.
  const { stdout } = await pingWhole(phone.v4, 1400, 8);
  expect(Number(/(\d) received/.exec(stdout)?.[1])).toBeGreaterThanOrEqual(6);
  expect(await child()).toMatchObject({ pathMtu: 1500 });
  await bothDownloads(page);
});
