// Two routers as their owners see them, a page each: joined by a text from one page in the other, and the home at a
// provider's as well, with a kill switch. The hotel's router plays the cabin's, the phone lives behind it; the provider
// is strongSwan on the Internet.
import type { Locator, Page } from 'playwright-core';
import { afterAll, expect, test } from 'vitest';
import { Authority } from '../lab/certificates.ts';
import { Charon } from '../lab/charon.ts';
import { address, type Home } from '../lab/home.ts';
import { SUITE } from '../lab/phone.ts';
import { stage } from '../lab/stage.ts';
import { ping } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { seriousFaults } from './accessible.ts';
import { openBrowser, openPage, type Watched } from './browser.ts';
import { picture } from './pictures.ts';
import { interfacesOf, openRouter, type Place } from './router/router.ts';

const authority = new Authority('ecdsa', 'C=CH, O=Provider, CN=Provider CA');
const provider = { address: '203.0.113.1', user: 'customer7', password: 'correct horse battery' };
/** On the Internet, beyond the provider. */
const beyond = ['192.0.2.80', '2001:db8:80::80'];

const scene = stage({
  needs: ['our gateway', 'strongSwan', 'Chromium'],
  async play(home) {
    const [atHome, atCabin] = [
      await openRouter(home),
      await openRouter(home, undefined, cabin(home)),
    ];
    home.internet.address('lo', ...beyond.map((ip) => `${ip}/${ip.includes(':') ? 128 : 32}`));
    const dialled = await startProvider(home);
    const browsers = [await openBrowser(home.lan), await openBrowser(home.phone)] as const;
    return { atHome, atCabin, dialled, browsers };
  },
});

afterAll(async () => {
  const { atHome, atCabin, browsers } = scene();
  for (const browser of browsers) await browser.close();
  await atHome.close();
  await atCabin.close();
});

const cabin = ({ nat, phone }: Home): Place => ({
  name: 'cabin',
  host: nat,
  neighbour: phone,
  address: '192.168.7.1',
  interfaces: interfacesOf('192.168.7.1', '2001:db8:7::', address.nat),
});

function startProvider({ lab, internet }: Home): Promise<Charon> {
  const dn = 'CN=provider';
  const server = authority.issue({ dn, san: [provider.address], purpose: 'serverAuth' });
  const { user: id, password: secret } = provider;
  return Charon.start(lab, internet, {
    name: 'provider',
    config: {
      connections: {
        customers: {
          version: 2,
          local_addrs: provider.address,
          proposals: SUITE.ike,
          pools: ['v4', 'v6'],
          local: { auth: 'pubkey', id: provider.address, certs: 'server.pem' },
          remote: { auth: 'eap-mschapv2', eap_id: '%any' },
          children: { net: { local_ts: ['0.0.0.0/0', '::/0'], esp_proposals: SUITE.esp } },
        },
      },
      pools: { v4: { addrs: '10.20.0.0/24' }, v6: { addrs: '2001:db8:20::/64' } },
      secrets: { 'eap-customer': { id, secret } },
    },
    files: {
      authorities: { 'ca.pem': authority.certificate },
      certificates: { 'server.pem': server.certificate },
      keys: { 'server.pem': server.key },
    },
  });
}

async function openSites(which: 'home' | 'cabin'): Promise<Watched> {
  const { atHome, atCabin, browsers } = scene();
  const [router, browser] = which === 'home' ? [atHome, browsers[0]] : [atCabin, browsers[1]];
  return openPage(browser, router.page('sites'));
}

const button = (within: Page | Locator, name: string) =>
  within.getByRole('button', { name, exact: true });

/** Those that answer. */
async function reached(from: Home['lan'], hosts: readonly string[]): Promise<readonly string[]> {
  const got = await Promise.all(hosts.map(async (host) => (await ping(from, host)).received > 0));
  return hosts.filter((_, i) => got[i]);
}

const reachesAll = async (from: Home['lan'], hosts: readonly string[]): Promise<boolean> =>
  (await reached(from, hosts)).length === hosts.length;

test('each router starts from its page, and is joined by the text of the other', async () => {
  const { home } = scene();
  const pages = { home: await openSites('home'), cabin: await openSites('cabin') };
  for (const { page } of Object.values(pages)) {
    await button(page, 'Start it').click();
    await button(page, 'Start it').waitFor({ state: 'detached' });
    await button(page, 'Join another router').click();
  }
  const textOf = ({ page }: Watched) => page.getByLabel('Text of this router').inputValue();
  const texts = { home: await textOf(pages.home), cabin: await textOf(pages.cabin) };

  for (const [{ page }, text] of [
    [pages.home, texts.cabin],
    [pages.cabin, texts.home],
  ] as const) {
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Text of the other router').fill(text);
    await button(page, 'Join').click();
    await dialog.waitFor({ state: 'detached' });
  }

  // The first packet for the other network dials.
  await until('the networks reach each other', () => reachesAll(home.phone, [address.lan]));
  expect(await reached(home.phone, [address.lan, address.lan6])).toEqual([
    address.lan,
    address.lan6,
  ]);
  expect(await reached(home.lan, [address.phone, address.phone6])).toEqual([
    address.phone,
    address.phone6,
  ]);
  for (const { page, faults, strangers } of Object.values(pages)) {
    await page.getByText('connected', { exact: true }).waitFor();
    expect(await seriousFaults(page)).toEqual([]);
    expect(faults).toEqual([]);
    expect(strangers).toEqual([]);
  }
  for (const { context } of Object.values(pages)) await context.close();
});

test('the home reaches the Internet through a provider, and its site as before', async () => {
  const { home, dialled } = scene();
  const { page, context, faults } = await openSites('home');
  const dialog = page.getByRole('dialog');
  await button(page, 'Dial a provider').click();
  await dialog.getByLabel('Server').fill(provider.address);
  await dialog.getByLabel('User').fill(provider.user);
  await dialog.getByLabel('Password').fill(provider.password);
  const buffer = Buffer.from(authority.certificate);
  const file = { name: 'provider.pem', mimeType: 'application/x-pem-file', buffer };
  await dialog.getByLabel('Authority').setInputFiles(file);
  await dialog.getByLabel('Kill switch').check();
  expect(await seriousFaults(page, '.ikev2-dialog')).toEqual([]);
  await picture(page, 'dial-provider');
  await button(page, 'Dial').last().click();
  await dialog.waitFor({ state: 'detached' });

  await rowOf(page, 'provider').getByText('connected', { exact: true }).waitFor();
  await until('it carries both families', () => reachesAll(home.lan, beyond));
  expect((await dialled.listSas())[0]).toMatchObject({ state: 'ESTABLISHED' });
  // Behind the provider's address hides what goes to the provider, and nothing that goes to the site.
  expect(await reached(home.lan, [address.phone, address.phone6])).toEqual([
    address.phone,
    address.phone6,
  ]);
  expect(await reached(home.phone, [address.lan, address.lan6])).toEqual([
    address.lan,
    address.lan6,
  ]);
  expect(await seriousFaults(page)).toEqual([]);
  await picture(page, 'sites');
  expect(faults).toEqual([]);
  await context.close();
});

test('with the kill switch nothing of the home leaves in the clear', async () => {
  const { home, atHome } = scene();
  const { page, context } = await openSites('home');
  const row = rowOf(page, 'provider');
  const inTheClear = watchClear(home);

  // A conversation that is under way is held as well: its packets used to find the other way out by their state.
  const talks = beyond.map((host) => ping(home.lan, host, 60, 0.1));
  await button(row, 'Hang up').click();
  await row.getByText('not connected', { exact: true }).waitFor();
  await Promise.all(talks);
  expect(await reached(home.lan, beyond)).toEqual([]);
  expect(inTheClear()).toBe(0);
  // The site has a tunnel of its own.
  expect(await reached(home.lan, [address.phone, address.phone6])).toEqual([
    address.phone,
    address.phone6,
  ]);

  await button(row, 'Dial').click();
  await row.getByText('connected', { exact: true }).waitFor();
  await until('it carries both families', () => reachesAll(home.lan, beyond));
  expect(inTheClear()).toBe(0);

  // Nor when the gateway dies, and its device with it.
  await atHome.gateway.kill();
  expect(await reached(home.lan, beyond)).toEqual([]);
  expect(inTheClear()).toBe(0);
  await atHome.restart();
  await until('it carries both families', () => reachesAll(home.lan, beyond));

  // Without it the same packets do leave, and are seen: so that zero above means something.
  await button(page, 'Switch off').click();
  await button(page, 'Switch on').waitFor();
  await button(row, 'Hang up').click();
  await until('they go out as they are', () => reachesAll(home.lan, beyond.slice(0, 1)));
  expect(inTheClear()).toBeGreaterThan(0);
  await context.close();
});

test('what is removed is gone, on both sides', async () => {
  const { home, atHome } = scene();
  for (const which of ['home', 'cabin'] as const) {
    const { page, context } = await openSites(which);
    const rows = page.locator('tbody tr', { has: page.getByRole('button', { name: 'Remove' }) });
    await rows.first().waitFor();
    for (let left = await rows.count(); left > 0; left--) {
      await rows.first().getByRole('button', { name: 'Remove' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
      await until('the row is gone', async () => (await rows.count()) === left - 1);
    }
    await page.getByText('None yet.').waitFor();
    await context.close();
  }
  expect(await reached(home.phone, [address.lan, address.lan6])).toEqual([]);
  expect(await atHome.gateway.call('connections')).toEqual({ connections: [] });
  expect(await atHome.gateway.call('certificates')).toEqual({ certificates: [] });
});

const rowOf = (page: Page, name: string) =>
  page.locator('tbody tr', { has: page.locator('strong', { hasText: name }) });

/** @returns how many packets of the home went to the Internet outside of a tunnel since */
function watchClear({ internet }: Home): () => number {
  internet.nft(`table inet leaks {
    counter clear { }
    chain come {
      type filter hook prerouting priority -300;
      iifname != "isp" return
      udp dport { 500, 4500 } return
      meta l4proto esp return
      ip6 daddr { ff00::/8, fe80::/10 } return
      icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } return
      counter name clear
    }
  }`);
  return () => {
    const text = internet.runNow('nft', 'list', 'counter', 'inet', 'leaks', 'clear');
    return Number(/packets (\d+)/.exec(text)?.[1]);
  };
}
