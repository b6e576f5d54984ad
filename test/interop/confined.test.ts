// The daemon with no more of root than its package grants it: what procd's ujail does on the router, setpriv does here.
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { inCheckout } from '../lab/checkout.ts';
import { Gateway } from '../lab/gateway.ts';
import { address } from '../lab/home.ts';
import { basics, presharedKey, pskGuests } from '../lab/household.ts';
import { startPhone } from '../lab/phone.ts';
import { stage } from '../lab/stage.ts';
import { ping } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';

const anna = { kind: 'psk', id: 'anna@example.org', secret: 'correct horse battery' } as const;

const granted: Readonly<Record<string, readonly string[]>> = JSON.parse(
  readFileSync(inCheckout('openwrt/ikev2-ts/files/ikev2.capabilities'), 'utf8'),
);
const words = (set: string): string =>
  ['-all', ...(granted[set] ?? []).map((name) => name.replace('CAP_', '+').toLowerCase())].join();

const scene = stage({
  needs: ['our gateway', 'strongSwan'],
  async play(home) {
    const dir = home.lab.folder('confined');
    mkdirSync(join(dir, 'etc'), { recursive: true });
    const setpriv = [
      'setpriv --no-new-privs',
      ...[`--bounding-set=${words('bounding')}`, `--inh-caps=${words('inheritable')}`],
      `--ambient-caps=${words('ambient')}`,
    ].join(' ');
    const gateway = await Gateway.start(
      home.lab,
      home.router,
      [...basics({ folder: join(dir, 'etc') }), pskGuests(), presharedKey(anna.id, anna.secret)],
      { scene: `echo $$ >${dir}/pid; set -- ${setpriv} "$@"` },
    );
    return { gateway, dir, phone: await startPhone(home, { home: { login: anna } }) };
  },
});

let status: string;
beforeAll(() => {
  const pid = readFileSync(join(scene().dir, 'pid'), 'utf8').trim();
  status = readFileSync(`/proc/${pid}/status`, 'utf8');
});

test('it has the network and nothing else, and no program that it starts gets more', () => {
  const bits = { CAP_NET_BIND_SERVICE: 10, CAP_NET_ADMIN: 12, CAP_NET_RAW: 13 };
  expect(Object.keys(bits).sort()).toEqual([...(granted['bounding'] ?? [])].sort());
  const mask = Object.values(bits).reduce((sum, bit) => sum + 2 ** bit, 0);
  for (const set of ['CapBnd', 'CapEff', 'CapPrm']) {
    expect(status).toContain(`${set}:\t${mask.toString(16).padStart(16, '0')}\n`);
  }
  expect(status).toContain('NoNewPrivs:\t1\n');
});

test('a phone connects and reaches the network at home', async () => {
  const { phone, gateway, home } = scene();

  expect((await phone.initiate('home')).code).toBe(0);

  expect(await gateway.sas()).toMatchObject([{ peer: anna.id }]);
  expect(await ping(home.phone, address.lan)).toMatchObject({ received: 3 });
});

test('the configuration is changed and read again, certificates are made', async () => {
  const { gateway, dir } = scene();

  expect(await gateway.ikectl('user', 'add', 'berta')).toMatchObject({ code: 0 });
  expect(await gateway.ikectl('cert', 'init', '--name', 'vpn.example.org')).toMatchObject({
    code: 0,
  });

  expect(readFileSync(gateway.configFile, 'utf8')).toContain("option name 'berta'");
  expect(readFileSync(join(dir, 'etc/gateway.pem'), 'utf8')).toContain('PRIVATE KEY');
  expect(gateway.log).toContain('configuration read again');
});

test('it takes its routes and its device away and says goodbye', async () => {
  const { gateway, phone, home } = scene();

  await gateway.stop();

  await until('the phone hears DELETE', () => phone.log.includes('received DELETE for IKE_SA'));
  expect(home.router.ip('-o', 'link', 'show', 'type', 'tun')).toBe('');
});
