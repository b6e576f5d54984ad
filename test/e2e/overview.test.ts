// The overview against the real daemon: phones of strongSwan come, carry traffic and are hung up on, while Chromium in
// the router's LAN looks at the page.
import { readFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { address } from '../lab/home.ts';
import { basics, presharedKey, pskGuests } from '../lab/household.ts';
import { startPhone } from '../lab/phone.ts';
import { stage } from '../lab/stage.ts';
import { ping } from '../lab/traffic.ts';
import { section } from '../lab/uci.ts';
import { seriousFaults } from './accessible.ts';
import { openBrowser, openPage } from './browser.ts';
import { picture } from './pictures.ts';
import { openRouter } from './router/router.ts';

const anna = { kind: 'psk', id: 'anna@example.org', secret: 'correct horse battery' } as const;
const mallory = { ...anna, id: 'email:<img/src=x/onerror=alert(1)>@example.org' };
const shown = mallory.id.slice('email:'.length);

const scene = stage({
  needs: ['our gateway', 'strongSwan', 'Chromium'],
  async play(home) {
    const router = await openRouter(home, [
      ...basics({ websocket: '192.168.1.1:8500' }),
      pskGuests({ local_ts: ['0.0.0.0/0', '::/0'] }),
      presharedKey(anna.id, anna.secret),
      section('psk', 'everybody', { secret: mallory.secret }),
    ]);
    const phone = await startPhone(home, { anna: { login: anna }, mallory: { login: mallory } });
    const browser = await openBrowser(home.lan);
    return { router, phone, browser };
  },
});

afterAll(async () => {
  const { router, browser } = scene();
  await browser.close();
  await router.close();
});

test('shows who comes, what they carry, and the handshake as it was; and hangs up', async () => {
  const { home, router, phone, browser } = scene();
  const { page, faults, strangers } = await openPage(browser, router.page('overview'));
  const row = page.locator('.ikev2-row', { hasText: anna.id });
  await page.getByText('No device is connected').waitFor();
  await page.locator('[data-way="websocket"]').waitFor();

  await phone.initiate('anna');
  await row.waitFor();

  // The WebSocket brings samples: figures change without a question, as long as something flows.
  const rate = row.locator('.ikev2-rate', { hasText: /[1-9][\d.]* [KM]?bit/ }).first();
  const [carried] = await Promise.all([ping(home.phone, address.lan, 50), rate.waitFor()]);
  expect(carried.received).toBeGreaterThan(0);
  await row.getByRole('button', { name: 'Details' }).click();
  const steps = page.locator('.ikev2-step');
  await steps.first().waitFor();
  const said = await steps.locator('code').allInnerTexts();
  expect(said.slice(0, 4)).toEqual(['IKE_SA_INIT 0', 'IKE_SA_INIT 0', 'IKE_AUTH 1', 'IKE_AUTH 1']);
  expect(await page.locator('.ikev2-good').allInnerTexts()).toEqual(['Connected']);
  expect(await seriousFaults(page)).toEqual([]);
  await picture(page, 'overview');

  await row.getByRole('button', { name: 'Disconnect' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Disconnect' }).click();
  await page.getByText('No device is connected').waitFor();
  expect(await router.gateway.sas()).toEqual([]);
  expect(faults).toEqual([]);
  expect(strangers).toEqual([]);
  await page.context().close();
});

test('shows a hostile name as the text that it is', async () => {
  const { router, phone, browser } = scene();
  const { page, faults, context } = await openPage(browser, router.page('overview'));
  let alerts = 0;
  page.on('dialog', (dialog) => {
    alerts++;
    dialog.dismiss();
  });
  await phone.initiate('mallory');
  const row = page.locator('.ikev2-row', { hasText: shown });
  await row.waitFor();
  await row.getByRole('button', { name: 'Details' }).click();
  await page.locator('.ikev2-step').first().waitFor();
  expect(await page.locator('#view img').count()).toBe(0);
  await row.getByRole('button', { name: 'Disconnect' }).click();
  const dialog = page.getByRole('dialog');
  expect(await dialog.textContent()).toContain(shown);
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });
  expect(alerts).toBe(0);
  expect(faults).toEqual([]);
  await phone.terminate('mallory');
  await context.close();
});

test('records what a device sends, and gives the file away', async () => {
  const { home, router, phone, browser } = scene();
  const { page, context, faults } = await openPage(browser, router.page('diagnosis'));
  await page.getByLabel('Whom').fill(anna.id);
  // This page came without TLS.
  expect(await page.getByLabel('With keys').isDisabled()).toBe(true);
  await page.getByRole('button', { name: 'Record' }).click();
  await page.getByRole('progressbar').waitFor();
  await phone.initiate('anna');
  await ping(home.phone, address.lan, 3);
  await page.getByText(/^Recording anna@example\.org: ([8-9]|\d\d+) packets/).waitFor();
  expect(await seriousFaults(page)).toEqual([]);
  await page.getByRole('button', { name: 'Stop' }).click();

  const save = page.getByRole('button', { name: 'Download' });
  const [download] = await Promise.all([page.waitForEvent('download'), save.click()]);
  expect(download.suggestedFilename()).toMatch(/^capture-anna@example\.org-\d+\.pcapng$/);
  const file = readFileSync(await download.path());
  expect(file.readUInt32BE(0)).toBe(0x0a0d0d0a);
  expect(file.length).toBeGreaterThan(1000);
  await save.waitFor({ state: 'hidden' });
  expect(await router.gateway.call('captures')).toEqual({ captures: [] });
  expect(faults).toEqual([]);
  await phone.terminate('anna');
  await context.close();
});

test('tells that the gateway is gone, and goes on by itself when it is back', async () => {
  const { router, phone, browser } = scene();
  const { page, context } = await openPage(browser, router.page('overview'));
  await page.locator('[data-way="websocket"]').waitFor();

  await router.gateway.kill();
  await page.getByText('not running', { exact: true }).waitFor();

  await router.restart();
  await page.getByText('running', { exact: true }).waitFor();
  await page.locator('[data-way="websocket"]').waitFor();
  await phone.initiate('anna');
  await page.locator('.ikev2-row', { hasText: anna.id }).waitFor();
  await context.close();
});
