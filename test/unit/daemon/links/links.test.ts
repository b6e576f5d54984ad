// One-time links over a real socket on loopback: what opens them, how often, and for how long.
import { afterEach, expect, test } from 'vitest';
import { ip } from '../../../../src/base/ip.ts';
import { lanAddress, openLinkDoor } from '../../../../src/daemon/links/door.ts';
import { Links } from '../../../../src/daemon/links/links.ts';
import type { ProfileFacts } from '../../../../src/rpc/accounts.ts';

const profile: ProfileFacts = {
  format: 'android',
  file: { filename: 'a b.txt', type: 'text/plain', encoding: 'text', content: 'the sheet' },
  extras: [
    { filename: 'ca.crt', type: 'application/x-x509-ca-cert', encoding: 'base64', content: 'MAA=' },
  ],
  secret: 'inside',
  steps: ['Do <this> & that.', 'Tap «<b>» to connect.'],
  password: 'pass-word',
  passphrase: undefined,
};

let now = 1_800_000_000_000;
const timers: { at: number; run: () => void }[] = [];
let doors = 0;
const links = new Links({
  accounts: { exportDevice: async () => profile },
  random: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
  now: () => now,
  after(ms, run) {
    const timer = { at: now + ms, run };
    timers.push(timer);
    return () => void timers.splice(timers.indexOf(timer), 1);
  },
  async openDoor(answer) {
    doors++;
    return openLinkDoor({ at: { ip: ip('127.0.0.1'), port: 0 }, tls: undefined, answer });
  },
});
afterEach(() => links.close());

const create = () => links.create({ name: 'phone', format: 'android', minutes: 10, renew: false });
const pass = (minutes: number): void => {
  now += minutes * 60_000;
  for (const { at, run } of [...timers]) if (at <= now) run();
};

test('shows what to do as often as one looks, and gives each file away once', async () => {
  const { url, id } = await create();
  const page = await fetch(url);
  expect(page.headers.get('cache-control')).toBe('no-store');
  expect(page.headers.get('referrer-policy')).toBe('no-referrer');
  const text = await page.text();
  expect(text).toContain('Do &#60;this&#62; &#38; that.');
  expect(text).toContain('10 minutes are left');
  await fetch(url, { method: 'HEAD' });
  const sheet = await fetch(`${url}/a%20b.txt`);
  expect(sheet.headers.get('content-disposition')).toBe('attachment; filename="a_b.txt"');
  expect(await sheet.text()).toBe('the sheet');
  expect((await fetch(`${url}/a%20b.txt`)).status).toBe(404);
  expect(links.list()).toMatchObject([{ id, device: 'phone' }]);

  const last = await fetch(`${url}/ca.crt`);

  expect(new Uint8Array(await last.arrayBuffer())).toEqual(Uint8Array.of(0x30, 0));
  expect(links.list()).toEqual([]);
  await expect(fetch(url)).rejects.toThrow(); // nobody listens any more
});

test('says the same of a link that is over and of one that never was', async () => {
  const first = await create();
  const other = await create();
  expect(links.remove(first.id)).toBe(true);
  const gone = await fetch(first.url);
  const never = await fetch(new URL(`/${'A'.repeat(32)}`, other.url));
  expect([gone.status, never.status]).toEqual([404, 404]);
  expect(await gone.text()).toBe(await never.text());

  pass(11);

  expect(links.list()).toEqual([]);
});

test('is open while a link waits, and for nobody who tries out addresses', async () => {
  const before = doors;
  const { url } = await create();
  await create();
  expect(doors).toBe(before + 1);
  for (let i = 0; i < 30; i++) await (await fetch(new URL(`/guess-${i}`, url))).text();

  await expect(fetch(url)).rejects.toThrow();
});

test('tells nothing that opens a link to who may only read', async () => {
  const { url } = await create();
  const token = new URL(url).pathname.slice(1);
  expect(token.length).toBe(32);
  expect(JSON.stringify(links.list())).not.toContain(token);
});

test('takes as many as eight', async () => {
  for (let i = 0; i < 8; i++) await create();
  await expect(create()).rejects.toThrow('delete one');
});

test('stands on the bridge of the LAN, and never on an address of the Internet', () => {
  const wan = { device: 'eth0', ip: ip('203.0.113.7') };
  const other = { device: 'eth1', ip: ip('192.168.9.1') };
  const lan = { device: 'br-lan', ip: ip('192.168.1.1') };
  expect(lanAddress([wan, other, lan])).toBe('192.168.1.1');
  expect(lanAddress([wan, other])).toBe('192.168.9.1');
  expect(lanAddress([wan])).toBeUndefined();
});

// The page was English to everybody, while the wizard that made its link was not.
test.each([
  ['de-CH, de;q=0.9, en;q=0.8', 'de', 'VPN für phone', '10 Minuten bleiben.'],
  [
    'fr, en;q=0.5, de;q=0.7',
    'de',
    'VPN für phone',
    'Tippen Sie auf «&#60;b&#62;», um sich zu verbinden.',
  ],
  ['de;q=0, en', 'en', 'VPN for phone', '10 minutes are left.'],
  ['de-DE;q=0.3, en-GB', 'en', 'VPN for phone', 'Tap «&#60;b&#62;» to connect.'],
  ['ja, *;q=0.1', 'en', 'VPN for phone', '10 minutes are left.'],
  ['', 'en', 'VPN for phone', '10 minutes are left.'],
  [`${'q'.repeat(5000)},;;q=,,`, 'en', 'VPN for phone', '10 minutes are left.'],
])('is in the language of a browser that accepts «%.30s»', async (accepted, tag, title, line) => {
  const { url } = await create();
  const read = async (path: string) =>
    (await fetch(`${url}${path}`, { headers: { 'accept-language': accepted } })).text();

  const page = await read('');

  expect(page).toContain(`<html lang="${tag}">`);
  expect(page).toContain(`<h1>${title}</h1>`);
  expect(page).toContain(line);
  expect(await read('/nothing')).toContain(tag === 'de' ? 'Hier ist nichts' : 'Nothing here');
});
