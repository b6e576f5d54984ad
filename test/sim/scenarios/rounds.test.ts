// A certificate, and then a login by EAP (RFC 4739): both of one peer, in two rounds of IKE_AUTH.
import { beforeAll, describe, expect, test } from 'vitest';
import { fromText } from '../../../src/base/bytes.ts';
import { ip } from '../../../src/base/ip.ts';
import { Secret } from '../../../src/base/secret.ts';
import { milliseconds, seconds } from '../../../src/base/time.ts';
import { AuthMethod } from '../../../src/iana/authentication.ts';
import { EapType } from '../../../src/iana/eap.ts';
import { Exchange } from '../../../src/iana/exchanges.ts';
import { Notification } from '../../../src/iana/notifies.ts';
import { PayloadType as P } from '../../../src/iana/payloads.ts';
import type { ChainVerdict } from '../../../src/ike/core.ts';
import { encodeMsChap } from '../../../src/ike/eap/mschapv2-packet.ts';
import type { Connection, Policy } from '../../../src/policy/policy.ts';
import { type Id, ownId } from '../../../src/wire/payloads/id.ts';
import { type Payload, payload } from '../../../src/wire/payloads/index.ts';
import { authenticating, welcome } from '../dialed.ts';
import { doorstep, notifies } from '../doorstep.ts';
import { household, kinds, notifiesOf, talk } from '../household.ts';
import { Papers } from '../papers.ts';
import { child, login, notify, without } from '../payloads.ts';
import { connection, identity, pattern, phone, policy } from '../policies.ts';
import { annasPassword, answerTo, challengeIn, msChapAnswer, requestIn, users } from '../users.ts';

const { MULTIPLE_AUTH_SUPPORTED, ANOTHER_AUTH_FOLLOWS } = Notification;
const both = 'pubkey+eap-mschapv2';
const laptop = 'laptop.example';
let papers: Papers;
beforeAll(async () => {
  papers = await Papers.issue({
    gateway: { name: 'CN=home', key: 'p256', san: ['home.example'], eku: ['serverAuth'] },
    laptop: { name: 'CN=laptop', key: 'p256', san: [laptop] },
  });
});

const serial = (verdict: ChainVerdict): ChainVerdict =>
  verdict.ok ? { ...verdict, certificate: 'ca:07' } : verdict;
const ports = (answers = users()) => papers.ports(serial, answers);
const gateway = (...connections: readonly Partial<Connection>[]): Policy =>
  policy(
    (connections.length > 0 ? connections : [{}]).map((one) =>
      connection({ localAuth: 'pubkey', remoteAuth: [both], ...one }),
    ),
    { certificates: [papers.own('gateway')], authorities: [new Uint8Array(20).fill(1)] },
  );
const dialer = (fields: Partial<Connection> = {}, password = annasPassword): Policy =>
  policy(
    [
      phone({
        localId: identity(laptop),
        localAuth: both,
        remoteAuth: ['pubkey'],
        login: { name: 'anna', password: new Secret(fromText(password)) },
        ...fields,
      }),
    ],
    { certificates: [papers.own('laptop')], authorities: [new Uint8Array(20).fill(1)] },
  );

function dialled(fields: Parameters<typeof household>[0] = {}) {
  const home = household({ gateway: gateway(), phone: dialer(), ports: ports(), ...fields });
  home.dial();
  home.world.run(seconds(20));
  return home;
}

describe('a certificate and then a password', () => {
  test('bring up a tunnel: the gateway knows the user, and by which certificate (pitfalls 34, 35)', () => {
    const home = dialled();

    expect(home.gateway.sa).toMatchObject({ peer: 'anna', user: 'anna', certificate: 'ca:07' });
    expect(home.phone.sa).toMatchObject({ peer: 'home.example', addresses: ['10.3.0.2'] });
    expect(kinds(home.gateway)).toEqual(['child.established', 'sa.established']);
    expect(talk(home.gateway)[1]).toContain('N(MULTIPLE_AUTH_SUPPORTED)');
    const said = talk(home.gateway).filter((line) => line.includes('IKE_AUTH'));
    expect(said).toEqual([
      expect.stringMatching(
        /^in .* 1 \[IDi CERT CERTREQ IDr AUTH CPRQ SA TSi TSr .*N\(MULTIPLE_AUTH_SUPPORTED\) N\(ANOTHER_AUTH_FOLLOWS\)/,
      ),
      expect.stringMatching(/^out .* 1 \[IDr CERT AUTH\]/),
      expect.stringMatching(/^in .* 2 \[IDi\]/),
      ...[2, 3, 4].flatMap((id) => [
        expect.stringMatching(new RegExp(`^out .* ${id} \\[EAP\\]`)),
        expect.stringMatching(new RegExp(`^in .* ${id + 1} \\[EAP\\]`)),
      ]),
      expect.stringMatching(/^out .* 5 \[EAP\]/),
      expect.stringMatching(/^in .* 6 \[AUTH\]/),
      expect.stringMatching(/^out .* 6 \[AUTH CPRP SA TSi TSr N\(MOBIKE_SUPPORTED\)\]/),
    ]);
  });

  test.each([1, 2, 3, 4])('come through a network that loses and doubles (seed %i)', (seed) => {
    const home = household({ gateway: gateway(), phone: dialer(), ports: ports(), seed });
    const jitter = milliseconds(400);
    home.world.lossy({ seed, loss: 0.3, duplicate: 0.4, jitter, mostLosses: 3 });
    home.dial();
    home.world.run(seconds(100));

    expect(home.gateway.sa).toMatchObject({ peer: 'anna', certificate: 'ca:07' });
    expect(home.phone.sa.children).toHaveLength(1);
  });

  test('choose the connection together: who has the certificate, and who logs in', () => {
    const serving = gateway(
      { name: 'anybody' },
      { name: 'others', remoteId: pattern('desk.example'), eapId: pattern('anna') },
      { name: 'boss', remoteId: pattern(laptop), eapId: pattern('boss') },
      { name: 'anna', remoteId: pattern('*.example'), eapId: pattern('anna') },
      { name: 'no rounds', remoteAuth: ['pubkey', 'eap-mschapv2'], eapId: pattern('anna') },
    );
    expect(dialled({ gateway: serving }).gateway.sa).toMatchObject({ connection: 'anna' });
  });

  test('leave the certificate to be found while the login goes on, for whoever revokes it', () => {
    const home = household({
      gateway: gateway(),
      phone: dialer(),
      ports: (question) => (question.kind === 'account' ? 'never' : ports()(question)),
    });
    home.dial();
    home.world.run(seconds(1));

    const [sa] = home.gateway.core.snapshot().sas;
    expect(sa).toMatchObject({ phase: 'eap', certificate: 'ca:07', peer: undefined });
    const command = { kind: 'terminate', which: sa?.id ?? 'all' } as const;
    home.world.input(home.gateway, { kind: 'command', command });
    home.world.run(seconds(1));
    expect(home.gateway.core.snapshot().sas).toEqual([]);
    expect(home.gateway.children.size).toBe(0);
  });

  test('are asked of nobody where no connection wants them (RFC 4739 §3.1)', () => {
    const home = dialled({ gateway: gateway({ remoteAuth: ['pubkey', 'eap-mschapv2'] }) });
    const [, answer] = home.world.sent;
    expect(answer && notifiesOf(answer)).not.toContain('MULTIPLE_AUTH_SUPPORTED');
    expect(home.phone.eventsOf('attempt.failed')).toMatchObject([
      { why: 'the peer takes a certificate or EAP, not both' },
    ]);
    expect(home.gateway.asked).toEqual([]);
  });
});

describe('nobody comes in', () => {
  const refused = (fields: Parameters<typeof household>[0]) => {
    const home = dialled(fields);
    expect(home.gateway.core.snapshot().sas).toEqual([]);
    expect(home.phone.core.snapshot().sas).toEqual([]);
    expect([home.gateway.installed, home.gateway.released]).toEqual([[], []]);
    const asked = home.gateway.asked.map(({ question }) => question.kind);
    return { why: home.gateway.eventsOf('attempt.failed').map(({ why }) => why), asked };
  };

  test.each<[string, Partial<Connection>, string]>([
    ['certificate', { localAuth: 'pubkey' }, 'does not log in by EAP after it'],
    ['login', { localAuth: 'eap-mschapv2' }, 'wants to log in by EAP'],
  ])('with the %s alone', (_, fields, why) => {
    const done = refused({ phone: dialer(fields) });
    expect(done.why).toEqual([expect.stringContaining(why)]);
    expect(done.asked).not.toContain('account');
  });

  test('with a wrong password after a good certificate', () => {
    const { why } = refused({ phone: dialer({}, 'guess') });
    expect(why).toEqual(['wrong password for user «anna»']);
  });

  test('with a bad certificate, and nobody is asked for a password', () => {
    const judge = (): ChainVerdict => ({ ok: false, cause: 'revoked', why: 'revoked' });
    const ofGateway = papers.ports(judge, users());
    const home = household({ gateway: gateway(), phone: dialer(), ports: ofGateway });
    home.dial();
    home.world.run(seconds(20));
    expect(talk(home.gateway).at(-1)).toMatch(/\[N\(AUTHENTICATION_FAILED\)\]/);
    expect(home.gateway.eventsOf('attempt.failed')).toMatchObject([{ why: 'revoked' }]);
  });

  test('with a certificate that no connection of two rounds is for', () => {
    const serving = gateway(
      { remoteId: pattern('desk.example') },
      { remoteAuth: ['pubkey'], remoteId: pattern('*.elsewhere.example') },
    );
    const { why, asked } = refused({ gateway: serving });
    expect(why).toEqual([expect.stringMatching(/^no connection accepts the identity laptop/)]);
    expect(asked).not.toContain('account');
  });

  test('as a user whom the connection of the certificate does not take', () => {
    const serving = gateway({ eapId: pattern('boss') }, { remoteAuth: ['eap-mschapv2'] });
    const { why } = refused({ gateway: serving });
    expect(why).toEqual(['no connection lets anna in by eap-mschapv2']);
  });
});

describe('a peer that plays with the rounds', () => {
  const idOf = (name: string): Id => {
    const { type, data } = identity(name);
    return ownId(type, data);
  };
  const [first, second] = [idOf(laptop), idOf('anna')];
  const named = (id: Id): Payload => payload(P.IDI, id);

  function stranger() {
    const { gateway: host, halfOpen, world } = doorstep({ policy: gateway(), ports: ports() });
    const peer = halfOpen();
    const ask = (...payloads: Payload[]) => peer.ask(Exchange.IKE_AUTH, payloads);
    return { host, peer, ask, world };
  }
  type Stranger = ReturnType<typeof stranger>;

  /** The request of the first round. */
  function shown({ peer }: Stranger, ...more: readonly Payload[]): Payload[] {
    const octets = peer.octets(first);
    const scheme = 'ecdsa-sha256-raw';
    const data = papers.ports()({ kind: 'sign', keyId: 'laptop', scheme, octets });
    if (!(data instanceof Uint8Array)) throw new Error('no signature');
    return [
      named(first),
      payload(P.CERT, { encoding: 4, data: papers.of('laptop').der }),
      payload(P.AUTH, { method: AuthMethod.ECDSA_SHA256_P256, data }),
      ...child(),
      notify(MULTIPLE_AUTH_SUPPORTED),
      ...more,
    ];
  }
  const follows = notify(ANOTHER_AUTH_FOLLOWS);

  /** Up to EAP-Success. @returns the key that it made */
  function loggedIn(who: Stranger): Uint8Array {
    expect(notifies(who.ask(...shown(who, follows)))).toEqual([]);
    const offer = requestIn(who.ask(named(second)));
    const challenge = requestIn(who.ask(answerTo(offer, EapType.IDENTITY, 'anna')));
    const right = { name: 'anna', password: annasPassword };
    const { data, msk } = msChapAnswer(challengeIn(challenge), right);
    const verdict = requestIn(who.ask(answerTo(challenge, EapType.MSCHAPV2, data)));
    who.ask(answerTo(verdict, EapType.MSCHAPV2, encodeMsChap({ op: 'success' })));
    return msk;
  }
  const isOut = ({ host }: Stranger, answer: readonly Payload[] | undefined): void => {
    expect(notifies(answer)).toContain('AUTHENTICATION_FAILED');
    expect(host.core.snapshot().sas).toEqual([]);
    expect(host.installed).toEqual([]);
  };

  test('comes in with AUTH over its second IDi (RFC 4739 §2, pitfall 34)', () => {
    const who = stranger();
    const msk = loggedIn(who);
    const answer = who.ask(who.peer.keyAuth(second, msk));
    expect(answer?.map(({ type }) => type)).toEqual(expect.arrayContaining([P.AUTH, P.SA]));
    expect(who.host.sa).toMatchObject({ peer: 'anna', certificate: 'ca:07' });
  });

  test('stays out with AUTH over its first IDi (RFC 4739 §2, pitfall 37)', () => {
    const who = stranger();
    const msk = loggedIn(who);
    isOut(who, who.ask(who.peer.keyAuth(first, msk)));
  });

  test('stays out when it announces a third round', () => {
    const who = stranger();
    const msk = loggedIn(who);
    isOut(who, who.ask(who.peer.keyAuth(second, msk), follows));
  });

  test('stays out when it says AUTH again instead of a login', () => {
    const who = stranger();
    who.ask(...shown(who, follows));
    isOut(who, who.ask(...without(shown(who), P.SA, P.TSI, P.TSR, P.CP)));
  });

  test('stays out when it begins EAP without a name', () => {
    const who = stranger();
    who.ask(...shown(who, follows));
    const request = { code: 'request', identifier: 0, type: EapType.IDENTITY } as const;
    const eap = answerTo({ ...request, data: new Uint8Array(0) }, EapType.IDENTITY, 'anna');
    isOut(who, who.ask(eap));
  });

  test('stays out when it asks for a tunnel between the rounds (pitfall 37)', () => {
    const who = stranger();
    who.ask(...shown(who, follows));
    who.peer.ask(Exchange.CREATE_CHILD_SA, [
      ...child(),
      payload(P.NONCE, { data: who.peer.rng(32) }),
    ]);
    expect(who.host.installed).toEqual([]);
    expect(who.host.core.snapshot().sas).toEqual([]);
  });

  test('stays out when its first round is a pre-shared key', () => {
    const { gateway: host, halfOpen } = doorstep({ policy: policy([connection()]) });
    const peer = halfOpen();
    const answer = peer.ask(Exchange.IKE_AUTH, [...login(peer), follows]);
    expect(notifies(answer)).toEqual(['AUTHENTICATION_FAILED']);
    expect(host.core.snapshot().sas).toEqual([]);
  });

  test('stays out when it is silent after the first round, and nothing is left of it', () => {
    const who = stranger();
    who.ask(...shown(who, follows));
    who.world.run(seconds(300));
    expect(who.host.core.snapshot().sas).toEqual([]);
  });
});

test('two laptops of one user have a tunnel each: the certificate tells them apart (pitfall 41)', async () => {
  const more = await Papers.issue({
    gateway: { name: 'CN=home', key: 'p256', san: ['home.example'] },
    laptop: { name: 'CN=laptop', key: 'p256', san: [laptop] },
    desk: { name: 'CN=desk', key: 'p256', san: ['desk.example'] },
  });
  const home = household({
    gateway: { ...gateway(), certificates: [more.own('gateway')] },
    phone: { ...dialer(), certificates: [more.own('laptop')] },
    ports: more.ports(serial, users()),
  });
  home.dial();
  home.world.run(seconds(5));
  const ofDesk = {
    ...dialer({ localId: identity('desk.example') }),
    certificates: [more.own('desk')],
  };
  const desk = home.world.host('desk', '198.51.100.11', ofDesk, more.ports(serial), 9);
  const path = {
    local: { ip: ip(desk.address), port: 500 },
    remote: { ip: ip(home.gateway.address), port: 500 },
  };
  const command = { kind: 'initiate', connection: 'home', path } as const;
  home.world.input(desk, { kind: 'command', command });
  home.world.run(seconds(5));

  expect(home.gateway.core.snapshot().sas).toMatchObject([{ peer: 'anna' }, { peer: 'anna' }]);
});

test('a gateway that wants to prove itself once more is left: nobody asked it to', () => {
  const { dialer: dialling, peer } = authenticating();
  peer.respond([...welcome(peer), notify(ANOTHER_AUTH_FOLLOWS)]);

  expect(dialling.core.snapshot().sas).toEqual([]);
  expect(dialling.installed).toEqual([]);
  expect(dialling.eventsOf('attempt.failed')).toMatchObject([
    { why: 'the peer wants to prove itself once more' },
  ]);
});
