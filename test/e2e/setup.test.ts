// From an empty router to a phone that is in and out again, by the pages alone: Chromium in the LAN, strongSwan as the
// phone of Anna.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { afterAll, expect, test } from 'vitest';
import type { Charon } from '../lab/charon.ts';
import { program } from '../lab/checkout.ts';
import { runNow } from '../lab/command.ts';
import { address, network } from '../lab/home.ts';
import { startPhone } from '../lab/phone.ts';
import { stage } from '../lab/stage.ts';
import { ping } from '../lab/traffic.ts';
import { formatUci, section } from '../lab/uci.ts';
import { until } from '../lab/until.ts';
import { seriousFaults } from './accessible.ts';
import { openBrowser, openPage } from './browser.ts';
import { readCode } from './camera.ts';
import { picture } from './pictures.ts';
import { openRouter } from './router/router.ts';

const scene = stage({
  needs: ['our gateway', 'strongSwan', 'Chromium'],
  async play(home) {
    const router = await openRouter(home);
    const browser = await openBrowser(home.lan);
    return { router, browser, folder: join(home.lab.folder('gateway'), 'own') };
  },
});

afterAll(async () => {
  const { router, browser } = scene();
  await browser.close();
  await router.close();
});

/** What the owner was told of Anna's phone. */
let anna = { name: '', password: '' };
let phone: Charon;

const reaches = async (): Promise<boolean> =>
  (await ping(scene().home.phone, address.lan)).received > 0;
const open = async (path: string): Promise<Page> => {
  const { router, browser } = scene();
  return (await openPage(browser, router.page(path))).page;
};

/** What a dialog comes to, or why it does not. */
async function unlessRefused(dialog: Locator, done: Promise<void>): Promise<void> {
  const why = dialog.locator('.ikev2-why:not(:empty)');
  const refused = async (): Promise<void> => {
    await why.waitFor({ timeout: 120_000 });
    throw new Error(`refused: ${await why.textContent()}`);
  };
  await Promise.race([done, refused()]);
}

/** What a camera reads leads to the profile, once. */
async function fetchByCode(dialog: Locator): Promise<void> {
  const link = dialog.locator('.ikev2-link');
  const url = await link.locator('a').getAttribute('href');
  expect(await readCode(link.locator('svg'))).toBe(url);
  const get = async (where: string) => {
    const { stdout } = await scene().home.lan.attempt(['curl', '-sk', '-w', '%{http_code}', where]);
    return { text: stdout.slice(0, -3), code: stdout.slice(-3) };
  };
  const shown = await get(`${url}`);
  const href = /href="([^"]+\.mobileconfig)"/.exec(shown.text)?.[1] ?? '';
  const file = `${new URL(href, `${url}`)}`;
  expect(shown.code).toBe('200');
  expect(await get(file)).toMatchObject({ code: '200', text: expect.stringContaining('VPNType') });
  expect((await get(file)).code).not.toBe('200');
}

test('a fresh installation is set up by its name alone', async () => {
  const { router } = scene();
  const page = await open('overview');
  const start = performance.now();

  await page.getByRole('button', { name: 'Set up' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('What devices dial').fill('vpn.example.org');
  expect(await seriousFaults(page, '.ikev2-dialog')).toEqual([]);
  await dialog.getByRole('button', { name: 'Set up' }).click();

  await unlessRefused(dialog, dialog.waitFor({ state: 'hidden', timeout: 90_000 }));
  await page.getByText('vpn.example.org', { exact: true }).waitFor();
  console.info(`set up in ${((performance.now() - start) / 1000).toFixed(1)} s`);
  expect(await router.gateway.call('connections')).toMatchObject({
    connections: [{ name: 'phones' }],
  });
  expect(await router.gateway.call('config_check')).toMatchObject({ ok: true });
  const { pools } = await router.gateway.status();
  expect(pools).toMatchObject([{ name: 'devices' }]);
  await page.context().close();
});

test('a device is added, gets its profile, and comes in', async () => {
  const { home, router } = scene();
  const page = await open('devices');
  await page.getByText('There is no device yet.').waitFor();

  await page.getByRole('button', { name: 'Add a device' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Whose is it?').fill('Anna');
  expect(await dialog.getByLabel('Name of the device').inputValue()).toBe('anna-iphone');
  await dialog.getByText('More choices').click();
  await dialog.getByLabel('Post-quantum keys').check();
  expect(await seriousFaults(page, '.ikev2-dialog')).toEqual([]);
  await picture(page, 'add-device');
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();

  await unlessRefused(dialog, page.getByText('anna-iphone is ready').waitFor());
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    dialog.getByRole('button', { name: /Download/ }).click(),
  ]);
  const profile = readFileSync(await download.path(), 'utf8');
  expect(profile).toContain('vpn.example.org');
  expect(profile).toContain('PostQuantumKeyExchangeMethods');
  await fetchByCode(dialog);
  await picture(page, 'device-ready');
  expect(await seriousFaults(page, '.ikev2-dialog')).toEqual([]);
  anna = {
    name: 'anna-iphone',
    password: (await dialog.locator('.ikev2-secret code').first().textContent()) ?? '',
  };
  await dialog.getByRole('button', { name: 'Done' }).click();

  const { pem } = Object(await router.gateway.call('ca_export'));
  const login = { kind: 'eap', method: 'eap-mschapv2', id: anna.name, authority: pem } as const;
  phone = await startPhone(home, {
    anna: { login: { ...login, password: anna.password } },
    wrong: { login: { ...login, eapId: 'bert', password: 'not the password' } },
  });
  expect((await phone.initiate('anna')).code).toBe(0);
  await page
    .locator('.ikev2-device', { hasText: 'anna-iphone' })
    .getByText('connected', { exact: true })
    .waitFor();
  expect(await seriousFaults(page)).toEqual([]);
  expect(await reaches()).toBe(true);
  await picture(page, 'devices');
  await page.context().close();
});

/** A button, or in LuCI itself one of two in a list. */
const saveAndApply = (page: Page): Promise<void> =>
  page.locator('.cbi-page-actions .cbi-button-apply').click();

test('what devices may reach ends in the firewall', async () => {
  const page = await open('server');
  const home = page.getByLabel('The home network', { exact: true });
  await home.waitFor();
  expect(await home.isChecked()).toBe(true);
  expect(await seriousFaults(page)).toEqual([]);
  await picture(page, 'server');

  await home.uncheck();
  await saveAndApply(page);
  await until('the home network is out of reach', async () => !(await reaches()), 30_000);

  await page.waitForFunction('document.readyState === "complete"');
  await page.goto(scene().router.page('server'));
  expect(await home.isChecked()).toBe(false);
  await home.check();
  await saveAndApply(page);
  await until('the home network is in reach', reaches, 30_000);
  await page.context().close();
});

test('whoever fails is told why, and a report tells nobody’s name', async () => {
  await phone.initiate('wrong');
  const page = await open('diagnosis');
  const attempt = page.locator('.ikev2-attempt').first();
  await attempt.waitFor();
  expect(await attempt.locator('.ikev2-advice').textContent()).toMatch(/\w{5}/);
  await page.getByRole('button', { name: 'Test now' }).click();
  await page.locator('.ikev2-checks li').first().waitFor();
  await page.getByLabel('Look for').fill('anna-iphone');
  await page.locator('.ikev2-log li').first().waitFor();
  // The first question and the first poll used to bring the same lines, both of them.
  const lines = await page.locator('.ikev2-log li').allTextContents();
  expect(new Set(lines).size).toBe(lines.length);
  expect(await seriousFaults(page)).toEqual([]);
  await picture(page, 'diagnosis');

  await page.getByRole('button', { name: 'Report for whoever helps' }).click();
  const report = await page.getByLabel('Report', { exact: true }).inputValue();
  expect(report).toContain('Failed attempts');
  for (const secret of [
    anna.password,
    'anna-iphone',
    'vpn.example.org',
    address.nat,
    address.router,
  ]) {
    expect(report).not.toContain(secret);
  }
  await page.context().close();
});

test('another router is joined by one text each way', async () => {
  const { home, router } = scene();
  const cabin = home.lab.folder('cabin');
  const file = join(cabin, 'ikev2');
  writeFileSync(file, formatUci([section('service', 'main', { folder: join(cabin, 'own') })]));
  const said = runNow([program.ikectl, '--config', file, '--run-dir', cabin, 'key', 'show']);
  const key = /^list remote_key '(\S+)'$/m.exec(said)?.[1];
  const pack = (networks: string[]) => {
    const text = JSON.stringify({ name: 'cabin.example.org', key, networks });
    return `ikev2-site-1:${Buffer.from(text).toString('base64url')}`;
  };
  const page = await open('sites');
  await page.getByRole('button', { name: 'Join another router' }).click();
  const dialog = page.getByRole('dialog');
  expect(await dialog.getByLabel('Text of this router').inputValue()).toMatch(/^ikev2-site-1:/);
  expect(await seriousFaults(page, '.ikev2-dialog')).toEqual([]);

  const theirs = dialog.getByLabel('Text of the other router');
  const joining = dialog.getByRole('button', { name: 'Join' });
  await theirs.fill(pack([network.lan]));
  await joining.click();
  await dialog.getByText(/one of them has to move/).waitFor();
  await theirs.fill(pack(['192.168.7.0/24']));
  await joining.click();

  await page.getByText('cabin.example.org', { exact: true }).waitFor();
  expect(await router.gateway.call('connections')).toMatchObject({
    connections: [{ name: 'phones' }, { name: 'site_cabin_example_org' }],
  });
  expect(await router.gateway.call('config_check')).toMatchObject({ ok: true });
  await page.context().close();
});

test('a broken certificate is seen at once, and renewed with one click', async () => {
  const { folder } = scene();
  const file = join(folder, 'gateway.pem');
  const good = readFileSync(file);
  writeFileSync(file, good.subarray(0, 400));
  const page = await open('overview');
  await page.locator('.alert-message.error').first().waitFor();
  expect(await page.locator('.alert-message.error').first().textContent()).toMatch(/gateway/);
  writeFileSync(file, good);
  await page.goto(scene().router.page('certificates'));
  const row = page.locator('tr', { has: page.getByRole('button', { name: 'Renew' }) });
  const serial = async () => row.locator('.ikev2-fine').textContent();
  const before = await serial();
  expect(await seriousFaults(page)).toEqual([]);
  await picture(page, 'certificates');
  const [authority] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Download the authority' }).click(),
  ]);
  expect(readFileSync(await authority.path(), 'utf8')).toContain('BEGIN CERTIFICATE');
  await row.getByRole('button', { name: 'Renew' }).click();
  await until('it has another serial number', async () => (await serial()) !== before, 60_000);
  await page.context().close();
});

test('a revoked device is out, and stays out', async () => {
  const { router } = scene();
  const page = await open('devices');
  const row = page.locator('.ikev2-device', { hasText: 'anna-iphone' });
  await row.getByRole('button', { name: 'Revoke' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
  await row.getByText(/^revoked/).waitFor();
  await until('nobody is connected', async () => (await router.gateway.sas()).length === 0);
  expect((await phone.initiate('anna')).code).not.toBe(0);
  await page.context().close();
});
