// Clients that know nothing but the files that `ikectl device add` wrote: they get both addresses, resolve names of the LAN
// through the tunnel, reach what the record allows, and nothing else.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { android13 } from '../ghost/android.ts';
import { appleProfilePfs } from '../ghost/apple.ts';
import type { Model } from '../ghost/model.ts';
import {
  type Dialled,
  dialledByApple,
  dialledByScript,
  dialledBySheet,
  readApple,
  readScript,
  type Said,
} from '../ghost/profile.ts';
import { windowsScripted } from '../ghost/windows.ts';
import { Charon } from '../lab/charon.ts';
import { address, network } from '../lab/home.ts';
import { nas, resolve, serveNames } from '../lab/names.ts';
import { openssl } from '../lab/openssl.ts';
import { stage } from '../lab/stage.ts';
import { ping } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { familyHome, type Given } from './family-home.ts';
import type { Step } from './ghost-run.ts';
import { Ghosts, trustIn } from './ghosts.ts';

/** A name that every format has to quote. */
const odd = "Anna's {laptop} #1";
/** The router's own, on the TUN device, where its dnsmasq listens. */
const servers = ['10.10.10.1', '2001:db8:10::1'];
/** What a device with routing `home` reaches. */
const reach = [network.lan, network.lan6, `${servers[0]}/32`, `${servers[1]}/128`];
const outside = '203.0.113.1';

const scene = stage({
  needs: ['our gateway', 'strongSwan', 'dnsmasq'],
  async play(home) {
    const family = await familyHome(home, { dns: servers, domain: ['lan'] });
    return { ...family, ghosts: await Ghosts.prepare(home) };
  },
});

test('selftest says whether anybody answers where devices ask for names', async () => {
  const { gateway, home } = scene();
  const says = async () => (await gateway.ikectl('selftest')).stdout;
  expect(await says()).toMatch(/^BROKEN +names of guests: .* nobody listens on port 53/m);

  serveNames(home);

  await until('dnsmasq listens', async () => /^fine +names of guests: /m.test(await says()));
  expect(await says()).toMatch(/^fine +IPv6 of guests: /m);
});

test.each([
  ['password', odd, [], odd],
  ['certificate', 'berts-laptop', ['--certificate'], `berts-laptop@home.arpa`],
] as const)(
  'strongSwan connects by %s from its swanctl.conf',
  async (kind, name, options, peer) => {
    const { gateway, give, home } = scene();
    const wish = ['--format', 'swanctl', '--routing', 'home', ...options];
    const { folder, file } = await give(name, 'linux', ...wish);
    const read = (pem: string): string => readFileSync(join(folder, pem), 'utf8');
    const isByCertificate = kind === 'certificate';
    const laptop = await Charon.start(home.lab, home.phone, {
      name: `laptop-${kind}`,
      config: readFileSync(file, 'utf8'),
      files: {
        authorities: { 'home-ca.pem': read('ca.pem') },
        ...(isByCertificate
          ? {
              certificates: { 'home-device.pem': read('device.pem') },
              keys: { 'home-device.key': read('device.key') },
            }
          : {}),
      },
    });

    const dialled = await laptop.initiate('home');

    expect(dialled.code, laptop.log).toBe(0);
    const [sa] = await gateway.sas();
    expect(sa?.peer).toBe(peer);
    expect(sa?.addresses).toHaveLength(2);
    expect(sa?.children[0]?.local).toEqual(reach);
    expect((await ping(home.phone, address.lan)).received).toBeGreaterThan(0);
    for (const server of servers) {
      expect(await resolve(home.phone, server, nas.name)).toBe(`${nas.ip} ${nas.ip6}`);
      expect(await resolve(home.phone, server, 'nobody.lan')).toBe('ENOTFOUND ENOTFOUND');
    }
    await laptop.stop();
    await until('the laptop is gone', async () => (await gateway.sas()).length === 0, 30_000);
  },
);

interface Visitor {
  readonly platform: string;
  readonly wish?: string;
  /** What its IKE SA has in its suite. */
  readonly suite?: string;
  readonly format: string;
  readonly model: Model;
  readonly read: (given: Given) => Dialled & { readonly said?: Said };
  /** What it hears of split DNS, if it asks. */
  readonly domains: readonly string[];
}

const apple: Omit<Visitor, 'platform'> = {
  ...{ format: 'mobileconfig', model: appleProfilePfs, domains: ['lan'] },
  read({ file }) {
    const open = ['cms', '-verify', '-noverify', '-binary', '-inform', 'DER', '-in', 'a.der'];
    const text = `${openssl({ 'a.der': readFileSync(file) }, ...open)}`;
    return { ...dialledByApple(text), said: readApple(text) };
  },
};
const visitors: readonly Visitor[] = [
  { ...apple, platform: 'ios' },
  // As iOS 26 and macOS 26 read it.
  { ...apple, platform: 'macos', wish: '--post-quantum', suite: '-ke1_mlkem768' },
  {
    ...{ platform: 'windows', format: 'powershell', model: windowsScripted, domains: [] },
    read({ file, told }) {
      const text = readFileSync(file, 'utf8');
      const password = /^password: +(\S+)/m.exec(told)?.[1];
      return { ...dialledByScript(text), said: readScript(text), password };
    },
  },
  {
    ...{ platform: 'android', format: 'android', model: android13, domains: [] },
    read({ file, folder }) {
      const authority = readFileSync(join(folder, 'ca.crt')).toString('base64');
      return dialledBySheet(readFileSync(file, 'utf8'), authority);
    },
  },
];
const visit: readonly Step[] = [
  { kind: 'connect' },
  { kind: 'resolve', name: nas.name, is: nas.ip },
  { kind: 'resolve', name: nas.name, is: nas.ip6 },
  { kind: 'ping', to: address.lan },
  { kind: 'ping', to: address.lan6 },
  { kind: 'ping in vain', to: outside },
  { kind: 'disconnect' },
];

describe.each(visitors)('a ghost of $platform', ({ platform, format, wish, suite, ...visitor }) => {
  const { model, read, domains } = visitor;
  test(`connects from its ${[format, wish].join(' ').trim()}, and finds the LAN by name`, async () => {
    const { gateway, give, ghosts } = scene();
    const name = `a-device-with-${platform}`;
    const wishes = ['--format', format, '--routing', 'home', ...(wish ? [wish] : [])];
    const given = await give(name, platform, ...wishes);
    const { server, user, password = '', authority, said } = read(given);
    expect(server).toBe(address.router);
    const certificate = `-----BEGIN CERTIFICATE-----\n${authority}\n-----END CERTIFICATE-----\n`;

    const report = await ghosts.visit(model, {
      ...{ login: { ...trustIn({ certificate }), user, password }, name: user, over: 'v4' },
      ...{ server, said, steps: visit },
    });

    expect(report, report.diary.join('\n')).toMatchObject({
      ...{ complaints: [], steps: visit.map(({ kind }) => kind) },
      names: { servers, domains },
    });
    expect(report.addresses).toHaveLength(2);
    const up = gateway.log.split('\n').filter((line) => line.includes(`up: '${user}'`));
    expect(up.map((line) => line.includes('mlkem'))).toEqual([suite !== undefined]);
    expect(up.join()).toContain(suite ?? name);
    await until('the ghost is gone', async () => (await gateway.sas()).length === 0, 30_000);
  });
});
