// A router's flash wears out by writing: with everything read-only but its run directory, which is in memory there, the
// gateway serves phones as ever, complains of nothing, and finds leases and counters again after a restart.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Gateway } from '../lab/gateway.ts';
import { address } from '../lab/home.ts';
import { basics, presharedKey, pskGuests } from '../lab/household.ts';
import { startPhone } from '../lab/phone.ts';
import { stage } from '../lab/stage.ts';
import { ping } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';

const anna = { kind: 'psk', id: 'anna@example.org', secret: 'correct horse battery' } as const;

const scene = stage({
  needs: ['our gateway', 'strongSwan'],
  async play(home) {
    const dir = home.lab.folder('gateway');
    const readOnly = [
      `mkdir -p ${dir}/run && mount --bind ${dir}/run ${dir}/run`,
      'for at in / /tmp /etc /var; do ! mountpoint -q $at || mount -o remount,bind,ro $at; done',
      `! touch ${dir}/probe 2>/dev/null || { echo 'it can be written'; exit 9; }`,
    ].join('\n');
    const start = (): Promise<Gateway> =>
      Gateway.start(
        home.lab,
        home.router,
        [
          ...basics({ keylog: join(dir, 'run') }),
          ...[pskGuests({ child_lifetime: 3, jitter: 0 }), presharedKey(anna.id, anna.secret)],
        ],
        { scene: readOnly },
      );
    const phone = await startPhone(home, { home: { login: anna } });
    return { first: await start(), start, phone, dir };
  },
});

test('phones come, get new keys and go, and nothing is written but the run directory', async () => {
  const { first, phone, home, dir } = scene();

  expect((await phone.initiate('home')).code).toBe(0);
  await until(
    'keys were renewed twice',
    () => (first.log.match(/keys were renewed/g) ?? []).length >= 2,
    60_000,
  );
  expect(await ping(home.phone, address.lan)).toMatchObject({ received: 3 });
  await phone.terminate('home');
  await until('the lease is remembered', () => existsSync(join(dir, 'run/leases.json')));

  expect(first.log).not.toMatch(/EROFS|read-only|^error|bug in ikev2d/im);
});

test('leases and counters are there again after a restart', async () => {
  const { first, start, phone } = scene();
  const received = async (gateway: Gateway): Promise<number> =>
    (await gateway.status()).counters.esp['rx-packets'] ?? 0;
  const [lease] = /10\.10\.10\.\d+(?= +remembered)/.exec((await first.ikectl('pool')).stdout) ?? [
    '',
  ];
  const before = await received(first);
  await first.stop();

  const second = await start();

  expect(before).toBeGreaterThan(0);
  expect(await received(second)).toBeGreaterThanOrEqual(before);
  expect((await phone.initiate('home')).code).toBe(0);
  expect((await second.sas())[0]?.addresses).toContain(lease);
});
