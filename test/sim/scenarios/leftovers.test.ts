// However a handshake or a tunnel ends, nothing stays behind: no SA, timer, question or address, and of all the
// keys that the core ever made, none unwiped (classes 16, 20).
import { beforeEach, expect, test, vi } from 'vitest';
import { fromText } from '../../../src/base/bytes.ts';
import { Secret } from '../../../src/base/secret.ts';
import { milliseconds, seconds } from '../../../src/base/time.ts';
import { Exchange } from '../../../src/iana/exchanges.ts';
import { Notification } from '../../../src/iana/notifies.ts';
import { PayloadType as P } from '../../../src/iana/payloads.ts';
import { payload } from '../../../src/wire/payloads/index.ts';
import { type Doorstep, doorstep, onlyChild } from '../doorstep.ts';
import { type Household, household, pool } from '../household.ts';
import { leftovers } from '../leftovers.ts';
import { login, notify } from '../payloads.ts';
import { connection, pattern, phone, policy, proposals } from '../policies.ts';
import { eapPhone, eapPolicy, users } from '../users.ts';
import { forgetSecrets, secretsLeft, secretsMade, watchSecrets } from '../watched-secrets.ts';

vi.mock('../../../src/base/secret.ts', async (original) =>
  (await import('../watched-secrets.ts')).watching(original),
);
beforeEach(forgetSecrets);

const all = { kind: 'command', command: { kind: 'terminate', which: 'all' } } as const;
const ecp256 = { ike: proposals('ike', 'aes256gcm16-prfsha256-ecp256') };
const cbc = {
  ike: proposals('ike', 'aes256-sha256-ecp256'),
};
const busy = { limits: { ...policy([]).limits, cookieThreshold: 0 } };
const otherKey = [{ ids: [], secret: new Secret(fromText('incorrect')) }];
const ppk = (id: string, secret: string) => ({
  id: fromText(id),
  secret: new Secret(fromText(secret)),
  peers: [],
});
const ppks = [ppk('anna', 'the secret of both')];
const own = (fields = {}) => policy([phone(fields)], { ppks });
const gatewayWith = (id: string) =>
  policy([connection()], { ppks: [ppk(id, 'the secret of another')] });

/** Two cores; what happens after the phone dialed. */
const lives: [string, Parameters<typeof household>[0], (house: Household) => void][] = [
  ['the phone hangs up', {}, ({ world, phone: dialer }) => world.input(dialer, all)],
  ['the gateway hangs up', {}, ({ world, gateway }) => world.input(gateway, all)],
  [
    'both hang up at once',
    {},
    ({ world, gateway, phone: dialer }) => [dialer, gateway].map((host) => world.input(host, all)),
  ],
  [
    'with keys of CBC and HMAC',
    { gateway: policy([connection(cbc)]), phone: policy([phone(cbc)]) },
    ({ world, phone: dialer }) => world.input(dialer, all),
  ],
  [
    'after rounds of COOKIE and INVALID_KE',
    { gateway: policy([connection(ecp256)], busy) },
    ({ world, gateway }) => world.input(gateway, all),
  ],
  [
    'a suite that nobody accepts',
    { phone: policy([phone({ ike: proposals('ike', 'aes128-sha1-modp2048') })]) },
    () => {},
  ],
  ['a wrong key', { phone: policy([phone()], { presharedKeys: otherKey }) }, () => {}],
  ['no key at all', { gateway: policy([connection()], { presharedKeys: [] }) }, () => {}],
  [
    'a PPK that both have',
    { gateway: policy([connection()], { ppks }), phone: own() },
    ({ world, phone: dialer }) => world.input(dialer, all),
  ],
  [
    'a PPK that the gateway has not',
    { gateway: gatewayWith('bert'), phone: own() },
    ({ world, gateway }) => world.input(gateway, all),
  ],
  [
    'a PPK that is another one',
    { gateway: gatewayWith('anna'), phone: own({ ppkRequired: true }) },
    () => {},
  ],
  [
    'a PPK that the phone insists on',
    { gateway: gatewayWith('bert'), phone: own({ ppkRequired: true }) },
    () => {},
  ],
  [
    'a PPK, and no answer to its AUTH',
    { gateway: policy([connection()], { ppks }), phone: own(), ports: () => 'never' },
    () => {},
  ],
  [
    'a gateway of another name',
    { gateway: policy([connection({ localId: undefined })]) },
    () => {},
  ],
  [
    'a tunnel that is refused',
    { phone: policy([phone({ esp: proposals('esp', 'aes128gcm16') })]) },
    () => {},
  ],
  ['an empty pool', { ports: pool([]) }, () => {}],
  ['a pool that never answers', { ports: () => 'never' }, () => {}],
  [
    'keys disclosed for Wireshark',
    { gateway: policy([connection()], { keylog: true }) },
    ({ world, gateway }) => world.input(gateway, all),
  ],
  [
    'a peer that falls silent',
    { gateway: policy([connection({ dpd: seconds(20) })]) },
    ({ world, phone: dialer }) => {
      world.wire = () => [];
      world.input(dialer, all);
    },
  ],
  [
    'worn-out keys',
    {},
    ({ world, gateway }) => {
      const event = { kind: 'hard-limit', child: onlyChild(gateway).ref } as const;
      world.input(gateway, { kind: 'dataplane', event });
    },
  ],
];

test.each(lives)('%s', (_name, fields, end) => {
  const house = household(fields);
  const { world, gateway, phone: dialer, dial } = house;
  for (const host of [gateway, dialer]) watchSecrets(host);
  dial();
  world.run(seconds(2));
  end(house);
  world.run(seconds(3600));
  expect(secretsLeft()).toBe(0);
  expect([gateway, dialer].flatMap((host) => leftovers(world, host))).toEqual([]);
});

const byEap = () => ({ gateway: eapPolicy(), phone: eapPhone(), ports: users() });
const loginsByEap: [string, Parameters<typeof household>[0]][] = [
  ['that came in', byEap()],
  ['with a wrong password', { ...byEap(), phone: eapPhone({}, { name: 'anna', password: 'x' }) }],
  ['of somebody else', { ...byEap(), gateway: eapPolicy({ eapId: pattern('bert') }) }],
  ['by GTC', { ...byEap(), gateway: eapPolicy({ remoteAuth: ['eap-gtc'] }) }],
];

test.each(loginsByEap)('a login by EAP %s, broken off after any datagram', (_name, fields) => {
  for (let n = 2; n < 14; n++) {
    const { world, gateway, phone: dialer, dial } = household(fields);
    for (const host of [gateway, dialer]) watchSecrets(host);
    world.wire = (packet) => (world.sent.length > n ? [] : [{ packet, delay: milliseconds(10) }]);
    dial();
    world.run(seconds(30));
    for (const host of [gateway, dialer]) world.input(host, all);
    world.run(seconds(3600));
    expect([n, secretsLeft()]).toEqual([n, 0]);
    expect([gateway, dialer].flatMap((host) => leftovers(world, host))).toEqual([]);
  }
  expect(secretsMade()).toBeGreaterThan(0);
});

test.each([0, 1, 2, 3, 4, 5, 6, 7, 8])(
  'a dial of which the network loses everything after %i datagrams',
  (n) => {
    const {
      world,
      gateway,
      phone: dialer,
      dial,
    } = household({
      gateway: policy([connection({ ...ecp256, dpd: seconds(20) })], busy),
      phone: policy([phone({ dpd: seconds(20) })]),
    });
    for (const host of [gateway, dialer]) watchSecrets(host);
    world.wire = (packet) => (world.sent.length > n ? [] : [{ packet, delay: milliseconds(10) }]);
    dial();
    world.run(seconds(3600));
    expect(secretsMade()).toBeGreaterThanOrEqual(n > 6 ? 18 : 0);
    expect(secretsLeft()).toBe(0);
    expect([gateway, dialer].flatMap((host) => leftovers(world, host))).toEqual([]);
  },
);

test('a dial that is called off at any moment', () => {
  for (let ms = 0; ms < 60; ms += 3) {
    const { world, gateway, phone: dialer, dial } = household();
    for (const host of [gateway, dialer]) watchSecrets(host);
    dial();
    world.run(milliseconds(ms));
    world.input(ms % 2 ? dialer : gateway, all);
    world.run(seconds(30));
    for (const host of [dialer, gateway]) world.input(host, all);
    world.run(seconds(3600));
    expect(secretsLeft()).toBe(0);
    expect([gateway, dialer].flatMap((host) => leftovers(world, host))).toEqual([]);
  }
});

const visits: [string, (step: Doorstep) => void][] = [
  ['a stranger who never comes back', ({ halfOpen }) => halfOpen()],
  [
    'strangers in numbers',
    ({ stranger }) => {
      for (let i = 0; i < 50; i++)
        stranger({ seed: i }).send(stranger({ seed: i }).initRequest(), milliseconds(5));
    },
  ],
  [
    'a KE of zeros',
    ({ stranger }) => {
      const peer = stranger();
      const bad = peer.initRequest().slice();
      const at = Buffer.from(bad).indexOf(Buffer.from([0, 40, 0, 31])) + 6;
      peer.send(bad.fill(0, at, at + 32));
    },
  ],
  [
    'CREATE_CHILD_SA before its time',
    ({ halfOpen }) => halfOpen().ask(Exchange.CREATE_CHILD_SA, []),
  ],
  [
    'pieces that never make a message',
    ({ halfOpen }) => {
      const peer = halfOpen();
      const content = { first: 35, inner: new Uint8Array(99), place: { number: 1, total: 3 } };
      peer.send(peer.sealRaw(Exchange.IKE_AUTH, content));
    },
  ],
  [
    'content that does not parse',
    ({ guest }) => {
      const peer = guest();
      peer.send(peer.sealRaw(Exchange.INFORMATIONAL, { first: P.SA, inner: new Uint8Array(1) }));
    },
  ],
  [
    'a guest who comes again, and again',
    ({ guest }) => {
      const extra = [notify(Notification.INITIAL_CONTACT)];
      for (let seed = 1; seed < 6; seed++) guest({ seed, extra });
    },
  ],
  [
    'a guest who deletes the tunnel, then the SA',
    ({ guest }) => {
      const peer = guest();
      const spis = [Uint8Array.of(0xc0, 1, 2, 3)];
      peer.ask(Exchange.INFORMATIONAL, [payload(P.DELETE, { protocol: 3, spis })]);
      peer.ask(Exchange.INFORMATIONAL, [payload(P.DELETE, { protocol: 1, spis: [] })]);
    },
  ],
  [
    'a guest who guesses, and guesses again',
    ({ halfOpen }) => {
      const peer = halfOpen();
      for (const secret of ['a', 'b']) peer.ask(Exchange.IKE_AUTH, login(peer, { secret }));
    },
  ],
];

test.each(visits)('%s', (_name, visit) => {
  const step = doorstep({ policy: policy([connection({ dpd: seconds(30) })]) });
  const { world, gateway } = step;
  watchSecrets(gateway);
  visit(step);
  world.run(seconds(3600));
  expect(secretsLeft()).toBe(0);
  expect(leftovers(world, gateway)).toEqual([]);
});
