// strongSwan is the phone: it loses its uplink and goes on over another, behind a NAT or not, and the NAT itself
// forgets. Scenarios mobike-virtual-ip, mobike-virtual-ip-nat and mobike-nat-mappings of strongSwan's test suite.
import { expect, test } from 'vitest';
import { Gateway } from '../lab/gateway.ts';
import { address } from '../lab/home.ts';
import { basics, presharedKey, pskGuests } from '../lab/household.ts';
import { startPhone } from '../lab/phone.ts';
import { stage } from '../lab/stage.ts';
import { ping, silenceDuring } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { addUplink, cut, mend, restartNat, uplink } from '../lab/uplink.ts';

const anna = { kind: 'psk', id: 'anna@example.org', secret: 'correct horse battery' } as const;

const scene = stage({
  needs: ['our gateway', 'strongSwan'],
  async play(home) {
    addUplink(home);
    // Told of an IPv6 address too, strongSwan goes on to whichever answers first.
    const service = basics({ listen: [address.router] });
    const sections = [...service, pskGuests(), presharedKey(anna.id, anna.secret)];
    const gateway = await Gateway.start(home.lab, home.router, sections);
    const phone = await startPhone(home, { home: { login: anna, dpd: 4 } });
    await phone.initiate('home');
    return { gateway, phone };
  },
});

const onlySa = async () => {
  const [sa, ...others] = await scene().gateway.sas();
  expect(others).toEqual([]);
  if (!sa) throw new Error('the gateway has no SA');
  return sa;
};

test('a phone that loses its Wi-Fi keeps its tunnel over the mobile network, silent for less than a second (pitfall 68, scenario 22)', async () => {
  const { home } = scene();
  const before = await onlySa();

  const silence = await silenceDuring(home.phone, address.lan, () => cut(home, 'wlan0'));

  expect(silence).toBeLessThan(1);
  const after = await onlySa();
  expect(after.spiI).toBe(before.spiI);
  expect(after.remote).toBe(`${uplink.phone}:4500`);
});

test('and goes back to the Wi-Fi behind its NAT', async () => {
  const { home } = scene();
  const before = await onlySa();

  const silence = await silenceDuring(home.phone, address.lan, async () => {
    mend(home, 'wlan0');
    cut(home, 'wwan0');
  });

  expect(silence).toBeLessThan(1);
  const after = await onlySa();
  expect(after.spiI).toBe(before.spiI);
  expect(after.remote).toMatch(new RegExp(`^${address.nat}:`));
  mend(home, 'wwan0');
});

test('a NAT that restarts is followed with the next ESP packet (pitfall 67)', async () => {
  const { home } = scene();
  const before = await onlySa();

  restartNat(home);
  const { received } = await ping(home.phone, address.lan, 5);

  // The answer to the first may be gone before the gateway has heard that its sender moved.
  expect(received).toBeGreaterThanOrEqual(4);
  const after = await onlySa();
  expect(after.spiI).toBe(before.spiI);
  expect(after.remote).not.toBe(before.remote);
});

test('and without any traffic with the next probe of the phone (scenario 23: mobike-nat-mappings)', async () => {
  const { home } = scene();
  const [inner] = (await onlySa()).addresses;
  const before = await onlySa();

  restartNat(home);
  expect(await ping(home.lan, inner ?? '', 1)).toMatchObject({ received: 0 });

  await until(
    'the phone is found again',
    async () => {
      const { received } = await ping(home.lan, inner ?? '', 1);
      return received === 1;
    },
    30_000,
  );
  expect((await onlySa()).spiI).toBe(before.spiI);
});
