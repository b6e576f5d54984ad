// Users and devices as their owner changes them by `ikectl`, while strongSwan's phones use what they were given.
import { expect, test } from 'vitest';
import { Authority } from '../lab/certificates.ts';
import { Gateway } from '../lab/gateway.ts';
import { address } from '../lab/home.ts';
import { basics, certificateFiles, eapGuests, user } from '../lab/household.ts';
import { type Dial, gatewayName, startPhone } from '../lab/phone.ts';
import { loggedKeys } from '../lab/secrets.ts';
import { stage } from '../lab/stage.ts';
import { ping } from '../lab/traffic.ts';
import { section } from '../lab/uci.ts';
import { until } from '../lab/until.ts';

const authority = new Authority('rsa');
const server = authority.issue({
  dn: `C=CH, O=Home, CN=${gatewayName}`,
  san: [gatewayName],
  purpose: 'serverAuth',
});
const annas = 'correct horse';
const inPool = '10.10.10.2'; // the first that anybody would get
const phones = 'k7mxp-4hq2d-w9vsa';

const login = (id: string, password: string): Dial => ({
  login: {
    kind: 'eap',
    method: 'eap-mschapv2',
    id,
    password,
    authority: authority.certificate,
  },
});

const scene = stage({
  needs: ['our gateway', 'strongSwan'],
  async play(home) {
    const files = certificateFiles(home.lab, server, authority.certificate);
    const keylog = home.lab.folder('keys'); // those in it are looked for in the log at the end
    const gateway = await Gateway.start(home.lab, home.router, [
      ...basics({ keylog }),
      eapGuests(),
      user('anna', annas, { address: ['172.20.7.7'] }),
      section('device', 'anna_phone', {
        name: 'anna-phone',
        owner: 'anna',
        password: phones,
        address: [inPool],
      }),
      ...files,
    ]);
    const phone = await startPhone(home, {
      anna: login('anna', annas),
      phone: login('anna-phone', phones),
    });
    return { gateway, phone, keylog };
  },
});

const peers = async (gateway: Gateway) => (await gateway.sas()).map(({ peer }) => peer).sort();
const becomes = (gateway: Gateway, ...expected: string[]) =>
  until(`inside are ${expected}`, async () => `${await peers(gateway)}` === `${expected}`);

test('users and devices have the addresses that are theirs, in the pool or not', async () => {
  const { home, gateway, phone } = scene();
  await phone.initiate('anna');

  const [anna] = await gateway.sas();
  expect(anna?.addresses[0]).toBe('172.20.7.7');
  expect(await ping(home.phone, address.lan)).toMatchObject({ received: 3 });
  await phone.initiate('phone');
  expect((await gateway.sas()).map(({ addresses }) => addresses[0]).sort()).toEqual([
    inPool,
    '172.20.7.7',
  ]);
  await phone.terminate('phone');
  await phone.terminate('anna');
  await becomes(gateway);
});

test('a revoked device is out at once and stays out; its owner does not notice (attack 9)', async () => {
  const { home, gateway, phone } = scene();
  await phone.initiate('anna');
  await phone.initiate('phone');
  await becomes(gateway, 'anna', 'anna-phone');

  expect((await gateway.ikectl('device', 'revoke', 'anna-phone')).code).toBe(0);

  await becomes(gateway, 'anna');
  expect(await ping(home.phone, address.lan)).toMatchObject({ received: 3 });
  const again = await phone.initiate('phone', 5);
  expect(again.code).not.toBe(0);
  expect(phone.log).toContain('EAP_MSCHAPV2 method failed');
  expect(await gateway.explain()).toMatch(/why: The device «anna-phone» was revoked on \d/);
});

test('a disabled user is out at once, and may come back when enabled', async () => {
  const { gateway, phone } = scene();
  await becomes(gateway, 'anna');

  expect((await gateway.ikectl('user', 'disable', 'anna')).code).toBe(0);

  await becomes(gateway);
  expect((await phone.initiate('anna', 5)).code).not.toBe(0);
  expect(await gateway.explain()).toContain('The user «anna» is disabled');
  await gateway.ikectl('user', 'enable', 'anna');
  expect((await phone.initiate('anna')).code).toBe(0);
  await becomes(gateway, 'anna');
});

test('a tunnel ends when the time of its user is over', async () => {
  const { gateway } = scene();
  const soon = new Date(Date.now() + 4000).toISOString().replace(/\.\d+/, '');

  expect((await gateway.ikectl('user', 'set', 'anna', '--expires', soon)).code).toBe(0);

  expect(await peers(gateway)).toEqual(['anna']);
  await becomes(gateway);
  expect(gateway.log).toContain('the account of user «anna» has expired');
});

test('nothing of a password is in the log, and only hashes of new ones in the file', async () => {
  const { gateway, keylog } = scene();

  const { stdout } = await gateway.ikectl('user', 'set', 'anna', '--generate');

  const made = /password: (\S+)/.exec(stdout)?.[1] ?? '';
  expect(made.length).toBeGreaterThan(20);
  for (const secret of [annas, phones, made]) expect(gateway.log).not.toContain(secret);
  expect(loggedKeys(keylog).length).toBeGreaterThan(8);
});
