// What goes wrong without anybody's ill will: the gateway is killed, stands still, or loses its line or its address; a
// NAT forgets. A strongSwan that keeps its connection up has its tunnel again, and nothing is left of the one before.
// `make faults` prints how long it took.
import { afterAll, expect, test } from 'vitest';
import { Gateway } from '../lab/gateway.ts';
import { address } from '../lab/home.ts';
import { basics, presharedKey, pskGuests } from '../lab/household.ts';
import { SUITE, startPhone } from '../lab/phone.ts';
import { stage } from '../lab/stage.ts';
import { ping } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { restartNat } from '../lab/uplink.ts';

const anna = { kind: 'psk', id: 'anna@example.org', secret: 'correct horse battery' } as const;
const sections = [
  ...basics({ log: 'info' }),
  pskGuests({ dpd: 5 }),
  presharedKey(anna.id, anna.secret),
];

const scene = stage({
  needs: ['our gateway', 'strongSwan'],
  async play(home) {
    const child = {
      ...{ local_ts: 'dynamic', remote_ts: ['0.0.0.0/0', '::/0'], esp_proposals: SUITE.esp },
      ...{ dpd_action: 'restart', close_action: 'start' },
    };
    const settings = { children: { home: child }, keyingtries: 0 };
    const timing = { retransmit: 0.5, retransmitTries: 2 };
    const gateway = await Gateway.start(home.lab, home.router, sections);
    const phone = await startPhone(home, { home: { login: anna, dpd: 1, settings } }, timing);
    expect((await phone.initiate('home')).code).toBe(0);
    return { gateway, phone };
  },
});

let gateway: Gateway | undefined;
const current = (): Gateway => gateway ?? scene().gateway;

/** Kills it, and starts the next as procd would. */
async function killAndStart(): Promise<void> {
  const { home } = scene();
  await current().kill();
  gateway = await Gateway.start(home.lab, home.router, sections);
}

/** Brings a line down, and after a while up again with what it had. */
async function unplug(): Promise<void> {
  const { router } = scene().home;
  router.ip('link', 'set', 'wan0', 'down');
  await until('the phone has noticed', async () => !(await answers()));
  router.ip('link', 'set', 'wan0', 'up');
  router.ip('addr', 'replace', `${address.router6}/64`, 'dev', 'wan0', 'nodad');
  for (const [family, via] of [
    ['-4', '203.0.113.1'],
    ['-6', '2001:db8:113::1'],
  ] as const) {
    router.ip(family, 'route', 'replace', 'default', 'via', via);
  }
}

async function loseAddress(): Promise<void> {
  const { router } = scene().home;
  router.ip('addr', 'del', `${address.router}/24`, 'dev', 'wan0');
  await until('the phone has noticed', async () => !(await answers()));
  router.address('wan0', `${address.router}/24`);
  router.ip('-4', 'route', 'replace', 'default', 'via', '203.0.113.1');
}

async function standStill(): Promise<void> {
  process.kill(current().pid, 'SIGSTOP');
  await until('the phone has noticed', async () => !(await answers()), 30_000);
  process.kill(current().pid, 'SIGCONT');
}

async function killInRekey(what: 'sa' | 'child'): Promise<void> {
  const [sa] = await current().sas();
  const child = what === 'child' ? ['--child', `${sa?.children[0]?.id}`] : [];
  const asked = current().ikectl('rekey', '--sa', `${sa?.id}`, ...child);
  await killAndStart();
  await asked;
}

const faults: readonly [fault: string, act: () => Promise<void>][] = [
  ['the gateway is killed and started again', killAndStart],
  ['it is killed while it renews the IKE SA', () => killInRekey('sa')],
  ['it is killed while it renews the tunnel', () => killInRekey('child')],
  ['it stands still until it is given up', standStill],
  ['its line is down, and up again', unplug],
  ['its address is gone, and there again', loseAddress],
  ['the phone’s NAT forgets', async () => restartNat(scene().home)],
];

const rows: string[] = [];
test.each(faults)('%s', async (fault, act) => {
  const { phone } = scene();
  await until('the tunnel stands', answers, 60_000);
  await act();
  const began = performance.now();

  await until('pings are answered again', answers, 90_000);
  rows.push(`| ${fault} | ${((performance.now() - began) / 1000).toFixed(1)} |`);

  await until(
    'one SA is left on both sides',
    async () => {
      const ours = (await current().sas()).length;
      return ours === 1 && (await phone.listSas()).length === 1;
    },
    60_000,
  );
  const [pool] = (await current().status()).pools;
  expect(pool?.used).toBeLessThanOrEqual(2); // one address of each family
  expect(current().log).not.toMatch(/bug in ikev2d/);
});
afterAll(() => {
  for (const row of rows) console.info(row);
});

const answers = async (): Promise<boolean> =>
  (await ping(scene().home.phone, address.lan, 1, 0.2)).received > 0;
