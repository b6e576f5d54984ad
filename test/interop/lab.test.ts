// The lab itself, proven with strongSwan at both ends: what fails elsewhere is then not the lab's fault.
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { inCheckout } from '../lab/checkout.ts';
import { attempt, runNow } from '../lab/command.ts';
import { pskScene } from '../lab/demo-scenes.ts';
import { address, Home } from '../lab/home.ts';
import { startPhone } from '../lab/phone.ts';
import { stage } from '../lab/stage.ts';
import { download, ping, serveWebPage } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { Wiretap } from '../lab/wiretap.ts';

const scene = stage({
  needs: ['strongSwan'],
  async play(home) {
    const { login, startGateway } = pskScene(true);
    const gateway = await startGateway(home);
    const phone = await startPhone(home, { home: { login } });
    return { gateway, phone, wire: new Wiretap(home) };
  },
});

test('a phone connects through the NAT', async () => {
  const { gateway, phone } = scene();

  expect((await phone.initiate('home')).stdout).toContain('initiate completed successfully');

  expect(await phone.listSas()).toMatchObject([{ state: 'ESTABLISHED', natLocal: true }]);
  expect(await gateway.tunnels()).toMatchObject([{ peer: 'anna@example.org', behindNat: true }]);
});

test('traffic of both families passes, and not in the clear', async () => {
  const { home, wire } = scene();
  const page = await serveWebPage(home, 1_000_000);

  for (const host of [address.lan, address.lan6]) {
    expect(await ping(home.phone, host)).toMatchObject({ received: 3 });
    expect((await download(home.phone, host)).sha256).toBe(page.sha256);
  }

  const { tunnelled, inTheClear } = wire.read();
  expect(tunnelled.packets).toBeGreaterThan(1_000);
  expect(inTheClear.packets).toBe(0);
});

test('the wire loses packets when it is told to', async () => {
  const { home } = scene();
  home.lose(50);

  const { sent, received } = await ping(home.phone, address.lan, 20);

  expect(received).toBeGreaterThan(0);
  expect(received).toBeLessThan(sent);
});

test('a second lab runs beside the first', async () => {
  const other = await Home.build();

  expect(await ping(other.phone, address.router)).toMatchObject({ received: 3 });
  expect(other.phone.name).not.toBe(scene().home.phone.name);
  await other.close();
  expect(runNow(['ip', 'netns', 'list'])).not.toContain(other.phone.name);
  expect(existsSync(other.lab.dir)).toBe(false);
});

test('what a crashed lab left behind goes when the next one opens', async () => {
  const { home } = scene();
  const bundle = runNow([process.execPath, inCheckout('cross/bundle-tool.mjs'), CRASH]).trim();
  const crashed = await attempt([process.execPath, inCheckout(bundle)]);
  const [dir = '', phone = '', pid = ''] = crashed.stdout.trim().split(' ');
  expect(runNow(['ip', 'netns', 'list'])).toContain(phone);
  expect(existsSync(`/proc/${pid}`)).toBe(true);

  const next = await Home.build();
  await next.close();

  expect(runNow(['ip', 'netns', 'list'])).not.toContain(phone);
  await until('its programs are gone', () => !existsSync(`/proc/${pid}`));
  expect(existsSync(dir)).toBe(false);
  // The living are left alone.
  expect(runNow(['ip', 'netns', 'list'])).toContain(home.phone.name);
});

const CRASH = 'test/interop/crash.ts';
