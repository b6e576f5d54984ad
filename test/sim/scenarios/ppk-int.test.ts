// A PPK before IKE_AUTH (RFC 9867): what a scripted peer may say, with its own derivation of keys; with one to three
// additional key exchanges; its schedules are in multi-ke-schedules.test.ts.
import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { concat, fromText } from '../../../src/base/bytes.ts';
import { Secret } from '../../../src/base/secret.ts';
import { seconds } from '../../../src/base/time.ts';
import { Exchange } from '../../../src/iana/exchanges.ts';
import { Notification } from '../../../src/iana/notifies.ts';
import { PayloadType as P } from '../../../src/iana/payloads.ts';
import type { Policy, Ppk } from '../../../src/policy/policy.ts';
import { find, type Payload, payload } from '../../../src/wire/payloads/index.ts';
import { dialing, welcome } from '../dialed.ts';
import { doorstep, notifies } from '../doorstep.ts';
import { household, talk } from '../household.ts';
import { expectAgreement } from '../model.ts';
import { login, notify } from '../payloads.ts';
import type { Peer } from '../peer.ts';
import { connection, pattern, phone, policy, proposals } from '../policies.ts';

const { USE_PPK, USE_PPK_INT, PPK_IDENTITY, PPK_IDENTITY_KEY } = Notification;
const { INTERMEDIATE_EXCHANGE_SUPPORTED } = Notification;
const ourSecret = 'thirty-two bytes that nobody else';
const ppk = (id: string, secret = ourSecret): Ppk => ({
  id: fromText(id),
  secret: new Secret(fromText(secret)),
  peers: [],
});
const idOf = (id: string): Uint8Array => concat(Uint8Array.of(2), fromText(id));
/** prf(PPK, Ni | Nr | SPIi | SPIr), of which eight octets travel. */
const shown = ({ ni, nr, spiI, spiR }: Peer, secret = ourSecret): Uint8Array =>
  createHmac('sha256', secret)
    .update(concat(ni, nr, spiI, spiR))
    .digest()
    .subarray(0, 8);
const offered = (peer: Peer, id = 'anna', secret = ourSecret): Payload =>
  notify(PPK_IDENTITY_KEY, concat(idOf(id), shown(peer, secret)));
const willing = [notify(INTERMEDIATE_EXCHANGE_SUPPORTED), notify(USE_PPK), notify(USE_PPK_INT)];

describe('a scripted phone', () => {
  const home = (ppkRequired = false) => {
    const scene = doorstep({
      policy: policy([connection({ ppkRequired })], { ppks: [ppk('bert', 'x'), ppk('anna')] }),
    });
    const peer = scene.stranger().connect(willing);
    return { ...scene, peer };
  };
  const intermediate = (peer: Peer, ...payloads: readonly Payload[]) =>
    peer.askIntermediate(payloads);
  const comesIn = (peer: Peer) => notifies(peer.ask(Exchange.IKE_AUTH, login(peer)));

  test('hears one place for the PPK, the better one', () => {
    const { peer } = home();
    const said = notifies(peer.lastHeard().payloads).filter((name) => name.includes('PPK'));
    expect(said).toEqual(['USE_PPK_INT']);
  });

  test('that announces no IKE_INTERMEDIATE is asked for it in IKE_AUTH', () => {
    const { stranger } = home();
    const peer = stranger().connect(willing.slice(1));
    const said = notifies(peer.lastHeard().payloads);
    expect(said).toContain('USE_PPK');
    expect(said).not.toContain('USE_PPK_INT');
  });

  test('goes on under keys that have it: all of them, by its own derivation', () => {
    const { gateway, peer } = home();
    const answer = intermediate(peer, offered(peer));
    expect(answer).toEqual([notify(PPK_IDENTITY, idOf('anna'))]);
    peer.rekeyByPpk(fromText(ourSecret));
    expect(comesIn(peer)).toEqual([]);
    expect(gateway.sa.ppk).toBe('anna');
  });

  test('that names several is answered with the first one that fits', () => {
    const { gateway, peer } = home();
    const answer = intermediate(
      peer,
      offered(peer, 'nobody'),
      offered(peer, 'bert'),
      offered(peer),
    );
    expect(answer).toEqual([notify(PPK_IDENTITY, idOf('anna'))]);
    peer.rekeyByPpk(fromText(ourSecret));
    expect(comesIn(peer)).toEqual([]);
    expect(gateway.sa.ppk).toBe('anna');
  });

  const bad: readonly [string, (peer: Peer) => readonly Payload[]][] = [
    ['names none', () => []],
    ['names another', (peer) => [offered(peer, 'carl')]],
    ['does not know its secret', (peer) => [offered(peer, 'anna', 'a guess')]],
    [
      'names one of another type',
      (peer) => [notify(PPK_IDENTITY_KEY, concat(Uint8Array.of(1), fromText('anna'), shown(peer)))],
    ],
    ['shows nothing', () => [notify(PPK_IDENTITY_KEY, idOf('anna'))]],
    [
      'shows less',
      (peer) => [notify(PPK_IDENTITY_KEY, concat(idOf('anna'), shown(peer).subarray(1)))],
    ],
    ['shows it without a name', (peer) => [notify(PPK_IDENTITY_KEY, shown(peer))]],
    ['says nothing at all', () => [notify(PPK_IDENTITY_KEY)]],
    [
      'guesses too often',
      (peer) => [
        ...Array.from({ length: 8 }, () => offered(peer, 'anna', 'a guess')),
        offered(peer),
      ],
    ],
  ];
  test.each(bad)('that %s goes on without, and is refused where one must be', (_, payloads) => {
    for (const required of [false, true]) {
      const { gateway, peer } = home(required);
      expect(intermediate(peer, ...payloads(peer))).toEqual([]);
      expect(comesIn(peer)).toEqual(required ? ['AUTHENTICATION_FAILED'] : []);
      if (!required) expect(gateway.sa.ppk).toBeUndefined();
      expect(gateway.eventsOf('bug')).toEqual([]);
    }
  });

  test('that has the secret of another peer comes in where none must be, and it does not count', () => {
    for (const ppkRequired of [false, true]) {
      const theirs = { ...ppk('anna'), peers: [pattern('bert@example.org')] };
      const { gateway, stranger } = doorstep({
        policy: policy([connection({ ppkRequired })], { ppks: [theirs] }),
      });
      const peer = stranger().connect(willing);
      intermediate(peer, offered(peer));
      peer.rekeyByPpk(fromText(ourSecret));
      expect(comesIn(peer)).toEqual(ppkRequired ? ['AUTHENTICATION_FAILED'] : []);
      expect(gateway.core.snapshot().sas.map((sa) => sa.ppk)).toEqual(
        ppkRequired ? [] : [undefined],
      );
    }
  });

  test('with an id as long as a message is named in a line that can be read', () => {
    const { gateway, peer } = home();
    intermediate(peer, offered(peer, 'x'.repeat(1000)));
    const [note] = gateway.eventsOf('note');
    expect(note?.why).toMatch(/^there is no PPK «x+…?»/);
    expect(note?.why.length).toBeLessThan(150);
  });

  test('may name one once, and only there', () => {
    const { gateway, peer } = home();
    intermediate(peer, offered(peer, 'carl'));
    expect(peer.ask(Exchange.IKE_INTERMEDIATE, [offered(peer)])).toBeUndefined();
    expect(gateway.installed).toEqual([]);
  });

  test('that skips IKE_INTERMEDIATE does not come in', () => {
    const { gateway, peer } = home();
    peer.ask(Exchange.IKE_AUTH, login(peer));
    expect(gateway.installed).toEqual([]);
  });

  test('that sends a key with it, of which nothing was said, is refused', () => {
    const { gateway, peer } = home();
    const answer = peer.ask(Exchange.IKE_INTERMEDIATE, [
      payload(P.KE, { method: 31, data: new Uint8Array(32) }),
      offered(peer),
    ]);
    expect(notifies(answer)).toEqual(['INVALID_SYNTAX']);
    expect(gateway.installed).toEqual([]);
  });
});

describe('a scripted gateway', () => {
  const ppks = [ppk('anna')];
  const asked = (fields = {}) => {
    const { world, peer, dialer, request } = dialing(fields, undefined, { ppks });
    const said = [notify(INTERMEDIATE_EXCHANGE_SUPPORTED), notify(USE_PPK_INT)];
    peer.send(peer.answerInit(request, said));
    return { world, peer, dialer };
  };

  test('is shown that the phone knows the secret', () => {
    const { peer } = asked();
    expect(peer.lastHeard().header.exchange).toBe(Exchange.IKE_INTERMEDIATE);
    expect(find(peer.lastHeard().payloads, P.NOTIFY)?.data).toEqual(
      concat(idOf('anna'), shown(peer)),
    );
  });

  test('that takes it is spoken to under keys that have it', () => {
    const { peer, dialer } = asked();
    peer.respondIntermediate([notify(PPK_IDENTITY, idOf('anna'))]);
    peer.rekeyByPpk(fromText(ourSecret));
    expect(notifies(peer.lastHeard().payloads)).not.toContain('NO_PPK_AUTH');
    peer.respond(welcome(peer));
    expect(dialer.sa.ppk).toBe('anna');
  });

  test.each([
    ['takes none', [], 'unknown-ppk'],
    ['takes another', [notify(PPK_IDENTITY, idOf('bert'))], 'broken-message'],
    ['does not say which', [notify(PPK_IDENTITY)], 'broken-message'],
  ] as const)('that %s is no gateway for a phone that insists', (_, payloads, cause) => {
    const { peer, dialer } = asked({ ppkRequired: true });
    peer.respondIntermediate(payloads);
    expect(dialer.eventsOf('attempt.failed').map((one) => one.cause)).toEqual([cause]);
    expect(dialer.installed).toEqual([]);
  });

  test('that takes none is one for a phone that does not', () => {
    const { peer, dialer } = asked();
    peer.respondIntermediate([]);
    peer.respond(welcome(peer));
    expect(dialer.core.snapshot().sas).toMatchObject([{ ppk: undefined, phase: 'established' }]);
  });

  test('that asks a question of its own in between is not heard, and AUTH does not cover it', () => {
    const { peer, dialer } = asked();
    const request = peer.seal(Exchange.IKE_INTERMEDIATE, [], { messageId: 0 });
    expect(peer.hears(() => peer.send(request))).toEqual([]);
    peer.respondIntermediate([]);
    peer.respond(welcome(peer));
    expect(dialer.core.snapshot().sas).toMatchObject([{ phase: 'established' }]);
  });

  test('a reload that takes the PPK away before the answer gives the attempt up', () => {
    const { world, peer, dialer } = asked();
    const without = policy([phone()], { ppks: [] });
    world.input(dialer, { kind: 'command', command: { kind: 'policy', policy: without } });
    peer.respondIntermediate([notify(PPK_IDENTITY, idOf('anna'))]);
    expect(dialer.eventsOf('attempt.failed').map((one) => one.cause)).toEqual([
      'configuration-changed',
    ]);
  });
});

const suites = [
  '',
  '-ke1_mlkem512',
  '-ke1_mlkem512-ke2_ecp256',
  '-ke1_ecp256-ke3_mlkem768-ke7_mlkem512',
];

test.each(suites)('with%s additional key exchanges, it goes in with the last', (more) => {
  const house = hybrid(more);
  house.dial();
  house.world.run(seconds(5));
  expectAgreement(house.world, house.gateway, house.phone);
  expect([house.gateway.sa.ppk, house.phone.sa.ppk]).toEqual(['anna', 'anna']);
  const middle = talk(house.gateway).filter((line) => line.startsWith('in IKE_INTERMEDIATE'));
  expect(middle).toHaveLength(Math.max(1, more.split('-ke').length - 1));
  expect(middle.map((line) => line.includes('PPK_IDENTITY_KEY'))).toEqual(
    middle.map((_, i) => i === middle.length - 1),
  );
  expect(middle.every((line) => line.includes('KE') || more === '')).toBe(true);
});

function hybrid(more: string) {
  const ike = proposals('ike', `aes256gcm16-prfsha256-x25519${more}`);
  const both: Partial<Policy> = { ppks: [ppk('anna')], keylog: true };
  return household({
    gateway: policy([connection({ ike, ppkRequired: true })], both),
    phone: policy([phone({ ike, ppkRequired: true })], both),
  });
}
