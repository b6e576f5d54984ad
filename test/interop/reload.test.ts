// The owner changes the configuration while a phone is connected: what does not concern its tunnel does not disturb
// it, and what takes its place away ends it.
import { expect, test } from 'vitest';
import { Gateway } from '../lab/gateway.ts';
import { address } from '../lab/home.ts';
import { basics, presharedKey, pskGuests } from '../lab/household.ts';
import { startPhone } from '../lab/phone.ts';
import { stage } from '../lab/stage.ts';
import { ping } from '../lab/traffic.ts';
import { section, type UciSection } from '../lab/uci.ts';
import { until } from '../lab/until.ts';

const anna = { kind: 'psk', id: 'anna@example.org', secret: 'correct horse battery' } as const;
const bert = { kind: 'psk', id: 'bert@example.org', secret: 'a staple of its own' } as const;
const phones = pskGuests({ remote_id: anna.id });
const office = section('connection', 'office', {
  local_auth: 'psk',
  remote_id: 'office.example.org',
  psk: 'yet another long secret',
  local_ts: ['192.168.1.0/24'],
  remote_ts: ['192.168.2.0/24'],
});
const annasKey = presharedKey(anna.id, anna.secret);

const scene = stage({
  needs: ['our gateway', 'strongSwan'],
  async play(home) {
    const sections = [...basics(), phones, office, annasKey];
    const gateway = await Gateway.start(home.lab, home.router, sections);
    const phone = await startPhone(home, { home: { login: anna } });
    return { gateway, phone };
  },
});

const write = (...sections: readonly UciSection[]): void => scene().gateway.configure(sections);

/** Pings for two seconds, and does something meanwhile. */
async function pinging(meanwhile: () => Promise<unknown>): Promise<number> {
  const argv = ['ping', '-n', '-q', '-c', '40', '-i', '0.05', '-W', '2', address.lan];
  const pings = scene().home.phone.attempt(argv);
  await meanwhile();
  return Number(/(\d+) received/.exec((await pings).stdout)?.[1] ?? 0);
}

test('a phone keeps its tunnel over a change of another connection, and of everything beside it', async () => {
  const { gateway, phone } = scene();
  expect((await phone.initiate('home')).code).toBe(0);
  const [before] = await gateway.sas();
  const changedOffice = { ...office, options: { ...office.options, remote_ts: ['10.2.0.0/16'] } };
  write(
    ...basics({ log: 'info' }, { range: ['10.77.0.0/24', '2001:db8:77::/64'] }),
    { ...phones, options: { ...phones.options, dpd: 60 } },
    changedOffice,
    annasKey,
    presharedKey(bert.id, bert.secret),
  );

  const received = await pinging(async () => {
    const { code, stdout } = await gateway.ikectl('reload');
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^in use: /m) });
  });

  expect(received).toBe(40);
  const [after] = await gateway.sas();
  expect(after).toMatchObject({ id: before?.id, addresses: before?.addresses });
  expect(await ping(scene().home.phone, address.lan6)).toMatchObject({ received: 3 });
});

test('who comes after the change of a pool gets an address of its new range, and uses it', async () => {
  const { gateway, phone, home } = scene();
  await phone.terminate('home');
  expect((await phone.initiate('home')).code).toBe(0);

  const [sa] = await gateway.sas();
  expect(sa?.addresses[0]).toMatch(/^10\.77\.0\./);
  for (const host of [address.lan, address.lan6]) {
    expect(await ping(home.phone, host)).toMatchObject({ received: 3 });
  }
  const own = home.router.ip('-o', 'address', 'show', 'dev', 'ipsec0');
  expect(own).toContain('10.77.0.1/24');
  expect(own).not.toContain('10.10.10.1');
});

test('a configuration with an error is refused with its reason, and nothing changes', async () => {
  const { gateway } = scene();
  write(...basics(), { ...phones, options: { ...phones.options, suite: 'fashionable' } });

  const received = await pinging(async () => {
    const refused = await gateway.ikectl('reload');
    expect(refused.code).toBe(1);
    expect(refused.stdout).toMatch(/connection 'psk_guests', option 'suite', line \d+: /);
    expect(refused.stdout).toContain('the old configuration stays');
  });

  expect(received).toBe(40);
});

test('a phone is told to go when its connection is removed, and is not let in again', async () => {
  const { gateway, phone } = scene();
  write(...basics(), office);

  process.kill(gateway.pid, 'SIGHUP');

  await until('the phone hears DELETE', () => phone.log.includes('received DELETE for IKE_SA'));
  await until('the phone has no SA', async () => (await phone.listSas()).length === 0);
  expect(gateway.log).toMatch(/'anna@example\.org' is hung up: its connection is not in the conf/);
  expect((await gateway.status()).sas).toEqual([]);
  expect((await phone.initiate('home')).code).not.toBe(0);
});

test('and is let in again as soon as it is back', async () => {
  const { gateway, phone, home } = scene();
  write(...basics(), phones, annasKey);
  expect((await gateway.ikectl('reload')).code).toBe(0);

  expect((await phone.initiate('home')).code).toBe(0);

  expect(await ping(home.phone, address.lan)).toMatchObject({ received: 3 });
});
