// When the gateway cannot start it says why, once and clearly, and leaves nothing behind.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Authority } from '../lab/certificates.ts';
import { Gateway, type GatewayOptions } from '../lab/gateway.ts';
import { address } from '../lab/home.ts';
import {
  basics,
  certificateFiles,
  certificateGuests,
  presharedKey,
  pskGuests,
} from '../lab/household.ts';
import { gatewayName, startPhone } from '../lab/phone.ts';
import { stage } from '../lab/stage.ts';
import { ping } from '../lab/traffic.ts';
import type { UciSection } from '../lab/uci.ts';
import { until } from '../lab/until.ts';

const anna = { kind: 'psk', id: 'anna@example.org', secret: 'correct horse battery' } as const;
const sections = [...basics(), pskGuests(), presharedKey(anna.id, anna.secret)];

const scene = stage({
  needs: ['our gateway', 'strongSwan'],
  play: async () => ({}),
});

/** Starts a gateway that must give up by itself; returns what it said. */
async function givesUp(config: readonly UciSection[], options: GatewayOptions): Promise<string> {
  const { home } = scene();
  const gateway = Gateway.launch(home.lab, home.router, config, options);
  await gateway.ended();
  expect(gateway.exitCode).toBeGreaterThan(0);
  expect(gateway.log).not.toMatch(/^\s+at /m); // a message, not a stack
  return gateway.log;
}

const leftovers = (): string => scene().home.router.ip('-o', 'link', 'show', 'type', 'tun');

test('says which port another program holds', async () => {
  const { home } = scene();
  const bind = "require('dgram').createSocket('udp4').bind(500, () => console.log('bound'))";
  const holder = home.lab.start(home.router, 'holder', [process.execPath, '-e', bind]);
  await until('the port is taken', () => holder.log.includes('bound'));

  const said = await givesUp(sections, { name: 'port-taken' });

  expect(said).toMatch(/500/);
  expect(said).toMatch(/in use|taken|occupied/i);
  expect(leftovers()).toBe('');
  await holder.stop();
});

test('says that /dev/net/tun is missing, and what to install', async () => {
  const said = await givesUp(sections, {
    name: 'no-tun',
    scene: 'mount -t tmpfs tmpfs /dev/net',
  });

  expect(said).toMatch(/\/dev\/net\/tun/);
});

test.each([
  ['is missing', undefined],
  ['holds no key', 'not a key\n'],
])('names the key file when it %s', async (_what, content) => {
  const { home } = scene();
  const authority = new Authority();
  const server = authority.issue({
    dn: `CN=${gatewayName}`,
    san: [gatewayName],
    purpose: 'serverAuth',
  });
  const files = certificateFiles(home.lab, server, authority.certificate);
  const key = join(home.lab.dir, 'certificates', 'broken.key');
  if (content !== undefined) writeFileSync(key, content);
  const broken = files.map((file) =>
    file.type === 'certificate' ? { ...file, options: { ...file.options, key } } : file,
  );

  const said = await givesUp([...basics(), certificateGuests(), ...broken], { name: 'broken-key' });

  expect(said).toContain('broken.key');
});

test('a second daemon on the same ports says so and ends, and the first goes on', async () => {
  const { home } = scene();
  const first = await Gateway.start(home.lab, home.router, sections, { name: 'first' });

  const said = await givesUp(sections, { name: 'second' });

  expect(said).toMatch(/in use|taken|already/i);
  expect((await first.status()).listen.length).toBeGreaterThan(0);
  await first.stop();
  expect(leftovers()).toBe('');
});

test('after kill -9 nothing is left, and the next one serves the same phone', async () => {
  const { home } = scene();
  const killed = await Gateway.start(home.lab, home.router, sections, { name: 'killed' });
  const phone = await startPhone(home, { home: { login: anna } }, { name: 'before' });
  expect((await phone.initiate('home')).code).toBe(0);
  expect(leftovers()).toContain('ipsec0');

  await killed.kill();
  await phone.stop();

  expect(leftovers()).toBe('');
  expect(home.router.ip('route', 'show')).not.toContain('ipsec0');
  expect(home.router.ip('-6', 'route', 'show')).not.toContain('ipsec0');
  expect(home.router.runNow('ss', '-Hlun')).not.toMatch(/:4?500\b/);

  // In the folder of the one that was killed: its socket file must not be in the way.
  const next = await Gateway.start(home.lab, home.router, sections, { name: 'killed' });
  const again = await startPhone(home, { home: { login: anna } }, { name: 'after' });
  expect((await again.initiate('home')).code).toBe(0);
  expect(await ping(home.phone, address.lan)).toMatchObject({ received: 3 });
  await again.stop();
  await next.stop();
});

test('tells what is wrong with a configuration, section and option named', async () => {
  const { home } = scene();
  const wrong = [...basics(), pskGuests({ suite: 'fashionable', encap: 'sometimes' })];

  const said = await givesUp(wrong, { name: 'wrong' });

  expect(said).toMatch(/psk_guests/);
  expect(said).toMatch(/suite/);
  expect(said).toMatch(/encap/);
  expect(home.router.ip('-o', 'link', 'show', 'type', 'tun')).toBe('');
});
