// One packet in five is lost, both ways: the handshake still comes through, by retransmission alone.
import { expect, test } from 'vitest';
import { Gateway } from '../lab/gateway.ts';
import { address } from '../lab/home.ts';
import { basics, presharedKey, pskGuests } from '../lab/household.ts';
import { startPhone } from '../lab/phone.ts';
import { stage } from '../lab/stage.ts';
import { download, serveWebPage } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';

const anna = { kind: 'psk', id: 'anna@example.org', secret: 'correct horse battery' } as const;

const scene = stage({
  needs: ['our gateway', 'strongSwan'],
  async play(home) {
    const sections = [...basics(), pskGuests(), presharedKey(anna.id, anna.secret)];
    const gateway = await Gateway.start(home.lab, home.router, sections);
    const timing = { retransmit: 0.2, retransmitTries: 8 };
    const phone = await startPhone(home, { home: { login: anna } }, timing);
    home.lose(20);
    return { gateway, phone };
  },
});

test('connects ten times out of ten', async () => {
  const { gateway, phone } = scene();

  for (let times = 0; times < 10; times += 1) {
    expect((await phone.initiate('home', 30)).code).toBe(0);
    await phone.terminate('home');
    // The phone's DELETE may be lost with all its repetitions; the next connection replaces the old one.
  }

  expect(phone.log).toContain('retransmit 1 of request');
  const { ike } = (await gateway.status()).counters;
  expect(Object.keys(ike)).not.toEqual([]);
  expect(gateway.log).not.toMatch(/bug in ikev2d/);
}, 300_000);

test('answers a request that comes twice with the same bytes, and installs one tunnel (pitfall 2)', async () => {
  const { gateway, phone } = scene();
  expect((await phone.initiate('home', 30)).code).toBe(0);

  await until('one IKE SA is left', async () => (await gateway.sas()).length === 1, 60_000);

  expect(await gateway.tunnels()).toHaveLength(1);
}, 120_000);

test('carries a download unharmed, for TCP mends what the wire loses', async () => {
  const { home } = scene();
  const page = await serveWebPage(home, 200_000);

  expect((await download(home.phone, address.lan, 90)).sha256).toBe(page.sha256);
}, 120_000);
