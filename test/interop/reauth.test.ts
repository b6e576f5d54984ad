// Reauthentication with strongSwan at the other end, made before the old connection breaks (scenarios 32, 33); the
// same identity from another place (scenario 42); connections that begin without a tunnel (scenario 28); a gateway that
// sends us elsewhere (scenario 34).
import { expect, onTestFinished, test } from 'vitest';
import type { Charon } from '../lab/charon.ts';
import { Gateway } from '../lab/gateway.ts';
import { address, network } from '../lab/home.ts';
import { basics, presharedKey, pskGuests, wayHome } from '../lab/household.ts';
import { type PhoneOptions, startPhone } from '../lab/phone.ts';
import { stage } from '../lab/stage.ts';
import { pskGateway, SwanGateway } from '../lab/swan-gateway.ts';
import type { Settings } from '../lab/swanctl.ts';
import { ping } from '../lab/traffic.ts';
import { section, type UciValue } from '../lab/uci.ts';
import { until } from '../lab/until.ts';

type Options = Readonly<Record<string, UciValue | undefined>>;
const anna = { kind: 'psk', id: 'anna@example.org', secret: 'correct horse battery' } as const;

const scene = stage({
  needs: ['our gateway', 'strongSwan'],
  async play(home) {
    home.internet.route(network.pool, address.router);
    home.internet.route(network.pool6, address.router6);
    return {};
  },
});

/** Our gateway, and charon as its phone. */
async function guests(name: string, ours: Options, theirs: Settings, options: PhoneOptions = {}) {
  const { home } = scene();
  const sections = [...basics(), pskGuests(ours), presharedKey(anna.id, anna.secret)];
  const gateway = await Gateway.start(home.lab, home.router, sections, {
    name: `${name}-gateway`,
  });
  const phone = await startPhone(
    home,
    { home: { login: anna, settings: theirs } },
    { name, ...options },
  );
  expect((await phone.initiate('home')).code).toBe(0);
  onTestFinished(async () => {
    await phone.stop();
    await gateway.stop();
  });
  return { gateway, phone };
}

/** Charon as the gateway, and our daemon as the phone that dials it. */
async function dialled(name: string, ours: Options, theirs: Settings) {
  const { home } = scene();
  const swan = await SwanGateway.start(home, { ...pskGateway(anna), settings: theirs });
  const dialling = wayHome(anna, ours);
  const service = section('service', 'main', { log: 'debug', retransmit_base: 0.5 });
  const phone = await Gateway.start(home.lab, home.phone, [service, dialling], { name });
  expect(await phone.ikectl('up', 'way_home')).toMatchObject({ code: 0 });
  await until('the phone is connected', async () => (await phone.tunnels()).length > 0);
  await until(
    'it carries packets',
    async () => (await ping(home.phone, address.lan, 1)).received === 1,
  );
  onTestFinished(async () => {
    await phone.stop();
    await swan.stop();
  });
  return { swan, phone };
}

const addressesOf = async (gateway: Gateway) =>
  (await gateway.sas()).map(({ addresses }) => addresses);
const idOf = async (gateway: Gateway) => (await gateway.sas()).at(-1)?.id;
/** Pings every 10 ms for so long: how many were lost. */
async function lost(seconds: number): Promise<number> {
  const { sent, received } = await ping(scene().home.phone, address.lan, seconds * 100, 0.01);
  expect(sent).toBe(seconds * 100);
  return sent - received;
}
const oneSa = (gateway: Gateway) =>
  until('one connection', async () => (await gateway.sas()).length === 1, 15_000);
const logged = (charon: Charon, what: RegExp) =>
  charon.log.split('\n').filter((line) => what.test(line)).length;

test('strongSwan reauthenticates every three seconds, keeps its addresses and loses no packet (scenario 33)', async () => {
  const theirs = { reauth_time: '3s', rekey_time: '0s', over_time: '2s', rand_time: '0s' };
  const { gateway, phone } = await guests('often', {}, theirs, { makeBeforeBreak: true });
  const [before, id] = [await addressesOf(gateway), await idOf(gateway)];

  expect(await lost(8)).toBe(0);

  expect(logged(phone, /reauthenticating IKE_SA/)).toBeGreaterThanOrEqual(2);
  await oneSa(gateway);
  expect(await idOf(gateway)).not.toBe(id);
  expect((await addressesOf(gateway)).at(-1)).toEqual(before[0]);
});

test('strongSwan is told when to reauthenticate by AUTH_LIFETIME (scenario 32)', async () => {
  const { gateway, phone } = await guests(
    'told',
    { reauth_lifetime: 6 },
    { over_time: '2s', rekey_time: '0s', rand_time: '0s' }, // it begins that much earlier
    { makeBeforeBreak: true },
  );
  const id = await idOf(gateway);

  expect(await lost(8)).toBe(0);

  expect(logged(phone, /AUTH_LIFETIME/)).toBeGreaterThanOrEqual(1);
  expect(await idOf(gateway)).not.toBe(id);
});

test.each([
  ['our own option says so', { reauth_lifetime: 5 }, {}],
  [
    'strongSwan announces a lifetime',
    {},
    { reauth_time: '6s', rekey_time: '0s', over_time: '3s', rand_time: '0s' },
  ],
])(
  'we reauthenticate because %s, and keep our addresses (scenarios 32, 33)',
  async (why, ours, theirs) => {
    const { phone, swan } = await dialled(`ours-${why.length}`, ours, theirs);
    const [before, id] = [await addressesOf(phone), await idOf(phone)];

    // strongSwan sends on the new tunnel as soon as it has answered: what is here before we have read that waits.
    expect(await lost(8)).toBe(0);

    await oneSa(phone);
    expect(await idOf(phone)).not.toBe(id);
    expect(await addressesOf(phone)).toEqual(before);
    await until('strongSwan has one connection', async () => (await swan.tunnels()).length === 1);
  },
);

test.each([
  ['says INITIAL_CONTACT', {}, { unique: 'replace' }],
  ['says nothing, and unique is replace', { unique: 'replace' }, { unique: 'never' }],
])(
  'the same identity returns from another address and %s: one connection, the same addresses (scenario 42)',
  async (why, ours, theirs) => {
    const { home } = scene();
    const { gateway, phone } = await guests(`back-${why.length}`, ours, theirs);
    const before = await addressesOf(gateway);
    await phone.stop('SIGKILL');

    const there = await startPhone(
      home,
      { home: { login: anna, settings: theirs } },
      { name: `elsewhere-${why.length}`, host: home.internet },
    );
    onTestFinished(() => there.stop());
    expect((await there.initiate('home')).code).toBe(0);

    expect(await addressesOf(gateway)).toEqual(before);
    expect((await gateway.sas())[0]?.remote).not.toContain(address.nat);
  },
);

test('strongSwan begins without a tunnel, and makes it then (scenario 28)', async () => {
  const { phone } = await guests('childless', {}, { childless: 'force' });

  expect(logged(phone, /generating IKE_AUTH request 1 \[.* SA /)).toBe(0);
  expect(logged(phone, /generating CREATE_CHILD_SA request 2 \[.*SA No KE TSi TSr/)).toBe(1);
  expect(await ping(scene().home.phone, address.lan)).toMatchObject({ received: 3 });
});

test('we begin without a tunnel, and make it then (scenario 28)', async () => {
  const { swan } = await dialled('ours-childless', { childless: 'force' }, { childless: 'force' });

  const logins = swan.charon.log.split('\n').filter((line) => /parsed IKE_AUTH request/.test(line));
  expect(logins.at(-1)).not.toMatch(/ SA /);
  expect(logged(swan.charon, /parsed CREATE_CHILD_SA request 2 \[.*SA No KE TSi TSr/)).toBe(1);
});

test('strongSwan sends us to another address of its, and the connection moves there (scenario 34)', async () => {
  const { swan, phone } = await dialled('sent', { redirect: '1' }, {});
  const whom = ['--peer-id', anna.id];

  const sent = await swan.charon.control(['--redirect', ...whom, '--gateway', address.router6]);
  expect(sent).toMatchObject({ code: 0 });

  await until('the connection is there', async () =>
    (await phone.sas()).some(({ remote }) => remote.includes(address.router6)),
  );
  await oneSa(phone);
  expect(logged(swan.charon, /N\(REDIR_FROM\)|redirected from/i)).toBeGreaterThanOrEqual(1);
  expect(await ping(scene().home.phone, address.lan)).toMatchObject({ received: 3 });
});
