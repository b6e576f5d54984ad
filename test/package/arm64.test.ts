// What an arm64 router does with nothing but its packages, BusyBox and musl, the processor emulated: the daemon
// starts, strongSwan's phone dials in, and packets go through the C module for that processor.
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, expect, onTestFailed, test } from 'vitest';
import type { Charon } from '../lab/charon.ts';
import { runNow } from '../lab/command.ts';
import { address, Home } from '../lab/home.ts';
import { basics, presharedKey, pskGuests } from '../lab/household.ts';
import { startPhone } from '../lab/phone.ts';
import { whyNot } from '../lab/ready.ts';
import { download, ping, serveWebPage } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { EmulatedGateway } from './emulated-gateway.ts';
import { busybox } from './router.ts';

const anna = { kind: 'psk', id: 'anna@example.org', secret: 'correct horse battery' } as const;

let home: Home;
let gateway: EmulatedGateway;
let phone: Charon;

const why = reasonNotTo();

beforeAll(async () => {
  if (why !== undefined) return;
  home = await Home.build();
  try {
    const sections = [...basics(), pskGuests(), presharedKey(anna.id, anna.secret)];
    gateway = await EmulatedGateway.start(home, 'aarch64', 'aarch64_generic', sections);
    phone = await startPhone(home, { home: { login: anna } });
  } catch (error) {
    process.stderr.write(`${home.lab.explain()}\n`);
    throw error;
  }
}, 240_000);
beforeEach((context) => {
  if (why !== undefined) context.skip(`skipped: ${why}`);
  onTestFailed(() => void process.stderr.write(`${home.lab.explain()}\n`));
});
afterAll(async () => {
  await home?.close();
  gateway?.router.close();
});

test('the root has programs for arm64 alone', () => {
  const machine = (path: string): number =>
    readFileSync(gateway.router.path(path)).readUInt16LE(18);
  const programs = [
    '/bin/busybox',
    '/usr/lib/ikev2-ts-runtime/node',
    '/usr/lib/ikev2-ts/libikev2esp.so',
  ];
  expect(programs.map(machine)).toEqual([183, 183, 183]); // EM_AARCH64
  expect(runNow(gateway.router.inside('/bin/uname', '-m')).trim()).toBe('aarch64');
});

test('the module runs on the instructions of this processor, and ikectl sees it', async () => {
  expect(gateway.log).toContain('aes-gcm armv8');
  const { code, stdout } = await gateway.ikectl('status');
  expect([code, stdout]).toEqual([0, expect.stringContaining('aes-gcm armv8')]);
});

test('a phone dials in, and is told what it may reach', async () => {
  const dialled = await phone.initiate('home');

  expect(dialled.stdout).toContain('initiate completed successfully');
  const { sas } = await gateway.status();
  expect(sas).toMatchObject([{ peer: anna.id, phase: 'established', nat: 'remote' }]);
});

test.each([address.lan, address.lan6])('packets reach %s and come back', async (host) => {
  expect(await ping(home.phone, host, 3)).toMatchObject({ sent: 3, received: 3 });
});

test('a download arrives unharmed', async () => {
  const page = await serveWebPage(home, 500_000);
  expect((await download(home.phone, address.lan)).sha256).toBe(page.sha256);
});

test('at its end the phone hears DELETE', async () => {
  expect(await gateway.stop()).toBe(0);
  await until('the phone hears DELETE', () => phone.log.includes('received DELETE for IKE_SA'));
});

function reasonNotTo(): string | undefined {
  if (process.env['EMULATION'] !== 'arm64')
    return 'no emulation of arm64 here (test/package/enter-arm64.sh)';
  if (!existsSync(busybox.aarch64)) return 'no BusyBox for arm64';
  return whyNot('strongSwan');
}
