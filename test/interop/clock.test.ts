// A router has no battery: it starts in 1970, and NTP sets its clock while the gateway runs; later it may be set back.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Authority } from '../lab/certificates.ts';
import { inCheckout } from '../lab/checkout.ts';
import { Gateway } from '../lab/gateway.ts';
import { address } from '../lab/home.ts';
import {
  basics,
  certificateFiles,
  certificateGuests,
  eapGuests,
  presharedKey,
  pskGuests,
  user,
} from '../lab/household.ts';
import { gatewayName, startPhone } from '../lab/phone.ts';
import { stage } from '../lab/stage.ts';
import { ping } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';

const anna = { kind: 'psk', id: 'anna@example.org', secret: 'correct horse battery' } as const;
const since1970 = () => -Math.floor(Date.now() / 1000) + 100;

const scene = stage({
  needs: ['our gateway', 'strongSwan'],
  async play(home) {
    const authority = new Authority('ecdsa');
    const issue = (cn: string, name: string, purpose: 'serverAuth' | 'clientAuth') =>
      authority.issue({ dn: `C=CH, O=Home, CN=${cn}`, san: [name], purpose });
    const server = issue(gatewayName, gatewayName, 'serverAuth');
    const credential = issue('berta', 'berta@example.org', 'clientAuth');
    const files = certificateFiles(home.lab, server, authority.certificate);
    const clock = join(home.lab.folder('clock'), 'offset');
    const set = (offset: number): void => writeFileSync(clock, `${offset}`);
    set(since1970());
    const gateway = await Gateway.start(
      home.lab,
      home.router,
      [
        ...basics({ keepalive: 1 }),
        ...[pskGuests({ dpd: 2 }), presharedKey(anna.id, anna.secret)],
        ...[certificateGuests(), { ...eapGuests(), name: 'logins' }, ...files],
        ...[
          user('carla', 'correct horse stable'),
          user('guest', 'wrong battery staple', { expires: '2099-12-31' }),
        ],
      ],
      {
        env: {
          NODE_OPTIONS: `--import=${inCheckout('test/lab/clock.mjs')}`,
          WALL_CLOCK_FILE: clock,
        },
      },
    );
    const login = (id: string, password: string) =>
      ({
        login: {
          kind: 'eap',
          method: 'eap-mschapv2',
          id,
          password,
          authority: authority.certificate,
        },
      }) as const;
    const phone = await startPhone(home, {
      shared: { login: anna },
      certified: {
        login: {
          ...{ kind: 'certificate', id: 'berta@example.org', credential },
          authority: authority.certificate,
        },
      },
      ...{
        endless: login('carla', 'correct horse stable'),
        visitor: login('guest', 'wrong battery staple'),
      },
    });
    return { gateway, phone, set };
  },
});

const uptime = async (): Promise<number> =>
  JSON.parse((await scene().gateway.ikectl('status', '--json')).stdout).uptime;
const selftest = async (): Promise<string> => (await scene().gateway.ikectl('selftest')).stdout;

test('in 1970 a shared secret is as good as ever, and the owner is told what is not', async () => {
  const { gateway, phone, home } = scene();

  expect((await phone.initiate('shared')).code).toBe(0);

  expect(await ping(home.phone, address.lan)).toMatchObject({ received: 3 });
  expect(await selftest()).toMatch(/^BROKEN +clock: it is 1970-01-01/m);
  expect((await gateway.ikectl('status')).stdout).toMatch(/1 peer connected/);
});

test('in 1970 nobody comes in by certificate, and both the log and explain say why', async () => {
  const { gateway, phone } = scene();

  expect((await phone.initiate('certified')).code).not.toBe(0);

  const { stdout } = await gateway.ikectl('explain');
  expect(stdout).toMatch(/router's clock says 1970-01-01/);
  expect(gateway.log).toMatch(/router's clock says 1970-01-01/);
});

test('in 1970 a user without a last day comes in, and a user with one waits', async () => {
  const { gateway, phone } = scene();

  expect((await phone.initiate('endless')).code, phone.log).toBe(0);
  expect((await phone.initiate('visitor')).code).not.toBe(0);

  expect(await gateway.explain()).toMatch(/user «guest» may come in until 2099-12-31/);
  expect((await phone.terminate('endless')).code).toBe(0);
});

test('when NTP sets the clock, tunnels stay, and certificates are good from then on', async () => {
  const { gateway, phone, home, set } = scene();
  const before = await uptime();

  set(0);

  expect((await phone.initiate('certified')).code).toBe(0);
  expect((await phone.initiate('visitor')).code).toBe(0);
  expect((await phone.terminate('visitor')).code).toBe(0);
  expect(await ping(home.phone, address.lan, 10)).toMatchObject({ received: 10 });
  expect(await selftest()).toMatch(/^fine +clock: /m);
  const after = await uptime();
  expect(after).toBeGreaterThanOrEqual(before);
  expect(after - before).toBeLessThan(600);
  const { stdout } = await gateway.ikectl('status');
  expect(stdout).toMatch(/anna@example.org .* \d+ (?:s|min) /); // up since then, not since 1970
  expect(await gateway.sas()).toHaveLength(2);
});

test('a clock that is set back costs no tunnel, and none of the timers stands still', async () => {
  const { gateway, home, set } = scene();
  await until('probes are sent', () => gateway.log.includes('INFORMATIONAL'));

  set(since1970());

  expect(await ping(home.phone, address.lan, 10)).toMatchObject({ received: 10 });
  const seen = gateway.log.length;
  await until('probes are sent again', () => gateway.log.slice(seen).includes('INFORMATIONAL'));
  expect(await gateway.sas()).toHaveLength(2);
  expect((await gateway.ikectl('status')).stdout).not.toMatch(/-\d+ (?:s|min|h|d)\b|NaN/);
});
