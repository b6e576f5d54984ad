// Post-quantum pre-shared keys (RFC 8784, RFC 9867): who has which, who insists on it, and what comes of it, in both roles
// and with every way to authenticate.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { concat, fromText } from '../../../src/base/bytes.ts';
import { Secret } from '../../../src/base/secret.ts';
import { seconds } from '../../../src/base/time.ts';
import { Exchange } from '../../../src/iana/exchanges.ts';
import { Notification } from '../../../src/iana/notifies.ts';
import { PayloadType as P } from '../../../src/iana/payloads.ts';
import { deriveChildKeys } from '../../../src/ike/sa/keymat.ts';
import type { Connection, LocalAuth, Policy, Ppk } from '../../../src/policy/policy.ts';
import { decodeMessage, encodeMessage } from '../../../src/wire/message.ts';
import { find, type Payload } from '../../../src/wire/payloads/index.ts';
import { authenticating, dialing, welcome } from '../dialed.ts';
import { doorstep, notifies, onlyChild } from '../doorstep.ts';
import { household, notifiesOf, talk } from '../household.ts';
import { expectAgreement } from '../model.ts';
import { olderPpk } from '../older-ppk.ts';
import { Papers } from '../papers.ts';
import { ikeSuite, login, notify, primitives } from '../payloads.ts';
import { connection, pattern, phone, policy, proposals } from '../policies.ts';
import { annasPassword, users } from '../users.ts';
import type { Packet, SimHost, Wire } from '../world.ts';

const { USE_PPK, USE_PPK_INT, PPK_IDENTITY, NO_PPK_AUTH } = Notification;
const ourSecret = 'thirty-two bytes that nobody else';
const ppk = (id: string, secret = ourSecret, ...peers: readonly string[]): Ppk => ({
  id: fromText(id),
  secret: new Secret(fromText(secret)),
  peers: peers.map(pattern),
});
/** PPK_ID of the type that is fixed (§5.1). */
const idOf = (id: string): Uint8Array => concat(Uint8Array.of(2), fromText(id));

let papers: Papers;
beforeAll(async () => {
  papers = await Papers.issue({
    gateway: { name: 'CN=home', key: 'p256', san: ['home.example'], eku: ['serverAuth'] },
    phone: { name: 'CN=anna', key: 'p256', san: ['anna@example.org'] },
  });
});

type Auth = Extract<LocalAuth, 'psk' | 'pubkey' | 'eap-mschapv2' | 'eap-gtc'> | 'pubkey+eap-gtc';
const ways: readonly Auth[] = ['psk', 'pubkey', 'eap-mschapv2', 'eap-gtc', 'pubkey+eap-gtc'];

interface Side {
  readonly ppks?: readonly Ppk[];
  readonly required?: boolean;
}

function policies(auth: Auth, gateway: Side, dialer: Side): { gateway: Policy; phone: Policy } {
  const own = auth === 'psk' ? auth : 'pubkey';
  const login = { name: 'anna', password: new Secret(fromText(annasPassword)) };
  const rest = (name: 'gateway' | 'phone', ppks: readonly Ppk[] = []) => ({
    ppks,
    certificates: [papers.own(name)],
    authorities: [new Uint8Array(20).fill(1)],
  });
  const ppkRequired = gateway.required ?? false;
  return {
    gateway: policy(
      [connection({ localAuth: own, remoteAuth: [auth], ppkRequired })],
      rest('gateway', gateway.ppks),
    ),
    phone: policy(
      [
        phone({
          localAuth: auth,
          remoteAuth: [own],
          ...(auth.includes('eap') ? { login } : {}),
          ppkRequired: dialer.required ?? false,
        }),
      ],
      rest('phone', dialer.ppks),
    ),
  };
}

/** A phone that dialled, and where that led. */
function dialled(auth: Auth, gateway: Side, dialer: Side, wire?: Wire) {
  const ports = papers.ports(undefined, users());
  const house = household({ ...policies(auth, gateway, dialer), ports });
  if (wire) house.world.wire = wire;
  house.dial();
  house.world.run(seconds(5));
  return house;
}
const causes = (host: SimHost) => host.eventsOf('attempt.failed').map(({ cause }) => cause);

/** Who knows RFC 8784 alone: nobody, the gateway, or the phone. */
const versions = [[], ['responder'], ['initiator']] as const;
const standing = versions.flatMap((old) =>
  (old[0] === 'initiator' ? ways.slice(0, 1) : ways).map((auth) => ({ auth, old })),
);

describe.each(standing)('with $auth, older: $old', ({ auth, old }) => {
  const isNew = old.length === 0;
  let restore = () => {};
  beforeAll(() => {
    restore = olderPpk(...old);
  });
  afterAll(() => restore());
  const known = [ppk('other', 'x'), ppk('anna')];
  /** What the gateway has: nothing, the same, another one under its id, others. */
  const held = {
    none: [],
    same: known,
    changed: [ppk('anna', 'not the one of the phone')],
    others: [ppk('bert')],
  } as const;
  const outcomes = [
    // [gateway has, it insists, phone has one, it insists, outcome]
    ['none', false, false, false, 'plain'],
    ['none', false, true, false, 'plain'],
    ['none', false, true, true, 'refused'],
    ['same', false, false, false, 'plain'],
    ['same', true, false, false, 'refused'],
    ['same', false, true, false, 'mixed'],
    ['same', true, true, false, 'mixed'],
    ['same', false, true, true, 'mixed'],
    ['same', true, true, true, 'mixed'],
    // Who shows beforehand that it has the secret finds out in time that it is another one (RFC 9867).
    ['changed', false, true, false, isNew ? 'plain' : 'refused'],
    ['changed', true, true, false, 'refused'],
    ['changed', false, true, true, 'refused'],
    ['changed', true, true, true, 'refused'],
    ['others', false, true, false, 'plain'],
    ['others', true, true, false, 'refused'],
    ['others', false, true, true, 'refused'],
  ] as const;

  test.each(outcomes)(
    'gateway: %s, insists %s; phone: %s, insists %s: %s (pitfall 52, scenario 36)',
    (gatewayHas, gatewayInsists, phoneHas, phoneInsists, outcome) => {
      const {
        world,
        gateway,
        phone: dialer,
      } = dialled(
        auth,
        { ppks: held[gatewayHas], required: gatewayInsists },
        { ppks: phoneHas ? [ppk('anna')] : [], required: phoneInsists },
      );
      if (outcome === 'refused') {
        expect([...gateway.installed, ...dialer.installed]).toEqual([]);
        expect([...causes(gateway), ...causes(dialer)]).not.toEqual([]);
        return;
      }
      expectAgreement(world, gateway, dialer);
      const used = outcome === 'mixed' ? 'anna' : undefined;
      expect([gateway.sa.ppk, dialer.sa.ppk]).toEqual([used, used]);
      expect(gateway.eventsOf('sa.established')).toMatchObject([{ ppk: used }]);
    },
  );

  test('says once who it is with, beside the AUTH that has it, and once that it is so', () => {
    const { gateway } = dialled(auth, { ppks: known }, { ppks: [ppk('anna')] });
    const said = talk(gateway).filter((line) => line.includes('PPK_IDENTITY'));
    expect(said).toEqual(
      isNew
        ? [
            expect.stringMatching(/^in IKE_INTERMEDIATE request .*N\(PPK_IDENTITY_KEY\)/),
            expect.stringMatching(/^out IKE_INTERMEDIATE response .*N\(PPK_IDENTITY\)/),
          ]
        : [
            expect.stringMatching(/^in IKE_AUTH request .*AUTH.*N\(NO_PPK_AUTH\)/),
            expect.stringMatching(/^out IKE_AUTH response .*AUTH.*N\(PPK_IDENTITY\)/),
          ],
    );
  });

  test('who insists sends no AUTH without it (pitfall 52)', () => {
    const { gateway } = dialled(auth, { ppks: known }, { ppks: [ppk('anna')], required: true });
    expect(talk(gateway).join()).toContain('PPK_IDENTITY');
    expect(talk(gateway).join()).not.toContain('NO_PPK_AUTH');
  });

  test('rekeys of both kinds go on from keys that have it, and mix nothing in again (§3)', () => {
    const {
      world,
      gateway,
      phone: dialer,
    } = dialled(auth, { ppks: known }, { ppks: [ppk('anna')] });
    for (const host of [dialer, gateway]) {
      for (const child of [onlyChildRef(host), undefined]) {
        world.input(host, { kind: 'command', command: { kind: 'rekey', sa: host.sa.id, child } });
        world.run(seconds(90));
        expectAgreement(world, gateway, dialer);
        expect([gateway.sa.ppk, dialer.sa.ppk]).toEqual(['anna', 'anna']);
      }
    }
    expect(talk(gateway).filter((line) => line.includes('PPK'))).toHaveLength(4);
  });
});

const onlyChildRef = (host: SimHost) => host.sa.children[0]?.ref;

test('a reauthentication uses it anew', () => {
  const both = { ppks: [ppk('anna')], required: true };
  const { gateway, phone: dialer } = policies('psk', both, both);
  const renewed = {
    ...dialer,
    connections: dialer.connections.map((one) => ({ ...one, reauthLifetime: seconds(100) })),
  };
  const house = household({ gateway, phone: renewed });
  house.dial();
  house.world.run(seconds(150));
  expect(house.gateway.eventsOf('sa.established').map((event) => event.ppk)).toEqual([
    'anna',
    'anna',
  ]);
  expectAgreement(house.world, house.gateway, house.phone);
});

test('goes into the keys that came of several key exchanges (RFC 9370)', () => {
  const both = { ppks: [ppk('anna')], required: true };
  const ike = proposals('ike', 'aes256gcm16-prfsha256-x25519-ke1_mlkem768');
  const hybrid = ({ connections, ...rest }: Policy): Policy => ({
    ...rest,
    connections: connections.map((one) => ({ ...one, ike })),
  });
  const { gateway, phone: dialer } = policies('psk', both, both);
  const house = household({ gateway: hybrid(gateway), phone: hybrid(dialer) });
  house.dial();
  house.world.run(seconds(5));
  expectAgreement(house.world, house.gateway, house.phone);
  const command = { kind: 'rekey', sa: house.phone.sa.id, child: undefined } as const;
  house.world.input(house.phone, { kind: 'command', command });
  house.world.run(seconds(90));
  expectAgreement(house.world, house.gateway, house.phone);
  for (const { sa } of [house.gateway, house.phone]) {
    expect(sa).toMatchObject({ ppk: 'anna', suite: expect.stringContaining('ke1_mlkem768') });
  }
});

describe('for certain peers', () => {
  const both = [ppk('a', ourSecret, 'bert@example.org'), ppk('b', ourSecret, '*@example.org')];

  test('one is used by those alone who are to have it', () => {
    const { gateway } = dialled('psk', { ppks: both }, { ppks: [ppk('a')] });
    expect(gateway.sa.ppk).toBeUndefined();
    expect(gateway.eventsOf('note')[0]?.why).toMatch(
      /the PPK «a» is not for this peer: it does not count/,
    );
    expect(dialled('psk', { ppks: both }, { ppks: [ppk('b')] }).gateway.sa.ppk).toBe('b');
  });

  test('who logs in by EAP is who the method proved, not IDi (pitfall 38)', () => {
    // IDi of the phone is anna@example.org; the user is anna.
    const { gateway } = dialled('eap-mschapv2', { ppks: both }, { ppks: [ppk('b')] });
    expect(gateway.sa.ppk).toBeUndefined();
    const ofUser = [ppk('b', ourSecret, 'anna')];
    expect(dialled('eap-mschapv2', { ppks: ofUser }, { ppks: [ppk('b')] }).gateway.sa.ppk).toBe(
      'b',
    );
  });

  test('a phone uses the one for its gateway, or the one that its connection names', () => {
    const mine = [ppk('x', ourSecret, 'cabin.example'), ppk('y', ourSecret, 'home.example')];
    const gateway = { ppks: [ppk('x'), ppk('y')] };
    expect(dialled('psk', gateway, { ppks: mine }).gateway.sa.ppk).toBe('y');
    const { gateway: of, phone: dialer } = policies('psk', gateway, { ppks: mine });
    const connections = dialer.connections.map((one) => ({ ...one, ppkId: fromText('x') }));
    const house = household({ gateway: of, phone: { ...dialer, connections } });
    house.dial();
    house.world.run(seconds(2));
    expect(house.gateway.sa.ppk).toBe('x');
  });
});

describe.each([
  ['USE_PPK of a gateway that knows no better', [USE_PPK], ['responder'], 'ppk-missing'],
  // The gateway waits for the PPK, and IKE_AUTH comes.
  ['USE_PPK and USE_PPK_INT', [USE_PPK, USE_PPK_INT], [], 'broken-message'],
] as const)('a man in the middle who strips %s', (_what, types, old, alone) => {
  let restore = () => {};
  beforeAll(() => {
    restore = olderPpk(...old);
  });
  afterAll(() => restore());
  const isTheirs = (type: number) => (types as readonly number[]).includes(type);
  /** Of requests, or of responses. */
  const stripping =
    (isOurs: (packet: Packet) => boolean): Wire =>
    (packet) => [{ packet: isOurs(packet) ? stripped(packet) : packet, delay: seconds(0.01) }];
  function stripped(packet: Packet): Packet {
    const { header, payloads } = decodeMessage(packet.bytes);
    const rest = payloads.filter(({ type, body }) => type !== P.NOTIFY || !isTheirs(body.type));
    return { ...packet, bytes: encodeMessage(header, rest) };
  }
  const isInit = ({ bytes }: Packet) => bytes[18] === Exchange.IKE_SA_INIT;
  const fromPhone = stripping((one) => isInit(one) && one.from.ip === '198.51.100.10');
  const fromGateway = stripping((one) => isInit(one) && one.from.ip === '203.0.113.2');
  const both = stripping(isInit);

  const has = { ppks: [ppk('anna')] };
  const insists = { ...has, required: true };
  test.each([
    ['of the request, where neither insists', fromPhone, has, has, 'other-shared-key'],
    ['of the answer, where neither insists', fromGateway, has, has, alone],
    ['of both, where neither insists', both, has, has, 'other-shared-key'],
    ['of the request, where the phone insists', fromPhone, has, insists, 'ppk-missing'],
    ['of the answer, where the phone insists', fromGateway, has, insists, 'ppk-missing'],
    ['of the request, where the gateway insists', fromPhone, insists, has, 'other-shared-key'],
  ] as const)('%s, fails', (_, wire, gatewaySide, phoneSide, cause) => {
    const { gateway, phone: dialer } = dialled('psk', gatewaySide, phoneSide, wire);
    expect([...gateway.installed, ...dialer.installed]).toEqual([]);
    expect([...causes(gateway), ...causes(dialer)]).toContain(cause);
  });
});

test('who strips USE_PPK_INT alone, so that both sides fall back to AUTH, is found out there', () => {
  const has = { ppks: [ppk('anna')] };
  const wire: Wire = (packet) => {
    const { header, payloads } = decodeMessage(packet.bytes);
    const isInit = header.exchange === Exchange.IKE_SA_INIT && !header.isResponse;
    const rest = payloads.filter(
      ({ type, body }) => type !== P.NOTIFY || body.type !== USE_PPK_INT,
    );
    const bytes = isInit ? encodeMessage(header, rest) : packet.bytes;
    return [{ packet: { ...packet, bytes }, delay: seconds(0.01) }];
  };
  const { gateway, phone: dialer } = dialled('psk', has, has, wire);
  expect(talk(gateway).join()).toContain('NO_PPK_AUTH');
  expect([...gateway.installed, ...dialer.installed]).toEqual([]);
  expect(causes(gateway)).toEqual(['other-ppk']);
});

describe('a scripted phone with its own derivation of keys', () => {
  const home = () => doorstep({ policy: policy([connection()], { ppks: [ppk('anna')] }) });
  const connected = (...extra: readonly Payload[]) => {
    const { gateway, stranger } = home();
    const peer = stranger().connect([notify(USE_PPK), ...extra]);
    const openly = login(peer);
    peer.mix(fromText(ourSecret));
    return { gateway, peer, openly, mixed: login(peer) };
  };
  const openAuth = (openly: readonly Payload[]) => find(openly, P.AUTH)?.data ?? new Uint8Array(0);

  test('is known by AUTH that has the PPK, and its tunnel by SK_d that has it', () => {
    const { gateway, peer, mixed } = connected();
    const answer = peer.ask(Exchange.IKE_AUTH, [...mixed, notify(PPK_IDENTITY, idOf('anna'))]);
    expect(notifies(answer)).toEqual(['PPK_IDENTITY']);
    const { ni, nr, skD } = peer;
    const keys = deriveChildKeys(primitives.hmacSha256, skD, ikeSuite, { ni, nr });
    expect(onlyChild(gateway).inbound.encryption.bytes).toEqual(keys.initiator.encryption.bytes);
  });

  test('is refused with an AUTH that has it not', () => {
    const { gateway, peer, openly } = connected();
    const answer = peer.ask(Exchange.IKE_AUTH, [...openly, notify(PPK_IDENTITY, idOf('anna'))]);
    expect(notifies(answer)).toEqual(['AUTHENTICATION_FAILED']);
    expect(causes(gateway)).toEqual(['other-ppk']);
  });

  test('is refused though NO_PPK_AUTH fits, where the gateway knows the PPK (§3)', () => {
    const { gateway, peer, openly } = connected();
    const answer = peer.ask(Exchange.IKE_AUTH, [
      ...openly,
      notify(PPK_IDENTITY, idOf('anna')),
      notify(NO_PPK_AUTH, openAuth(openly)),
    ]);
    expect(notifies(answer)).toEqual(['AUTHENTICATION_FAILED']);
    expect(gateway.installed).toEqual([]);
  });

  test.each([
    ['no id at all', []],
    ['an empty id', [notify(PPK_IDENTITY)]],
    ['an opaque id', [notify(PPK_IDENTITY, concat(Uint8Array.of(1), fromText('anna')))]],
    ['an id and nothing behind its type', [notify(PPK_IDENTITY, Uint8Array.of(2))]],
    ['half an id', [notify(PPK_IDENTITY, idOf('ann'))]],
    ['an id and more', [notify(PPK_IDENTITY, idOf('anna '))]],
  ])('is refused with %s, and no other AUTH (§3)', (_, extra) => {
    const { gateway, peer, openly, mixed } = connected();
    for (const payloads of [openly, mixed]) {
      const answer = peer.ask(Exchange.IKE_AUTH, [...payloads, ...extra]);
      if (payloads === openly) expect(notifies(answer)).toEqual(['AUTHENTICATION_FAILED']);
    }
    expect(gateway.installed).toEqual([]);
  });

  test('that names one without having said USE_PPK is answered as if it had not', () => {
    const { gateway, halfOpen } = home();
    const peer = halfOpen();
    const answer = peer.ask(Exchange.IKE_AUTH, [
      ...login(peer),
      notify(PPK_IDENTITY, idOf('anna')),
      notify(NO_PPK_AUTH, new Uint8Array(500)),
    ]);
    expect(notifies(answer)).toEqual([]);
    expect(gateway.sa.ppk).toBeUndefined();
  });

  test('whose NO_PPK_AUTH is wrong is refused, be AUTH what it may', () => {
    const { gateway, peer, openly } = connected();
    const answer = peer.ask(Exchange.IKE_AUTH, [
      ...openly,
      notify(PPK_IDENTITY, idOf('unknown')),
      notify(NO_PPK_AUTH, openAuth(openly).toReversed()),
    ]);
    expect(notifies(answer)).toEqual(['AUTHENTICATION_FAILED']);
    expect(gateway.installed).toEqual([]);
  });
});

describe('a scripted gateway', () => {
  const fields: Partial<Connection> = {};
  const ppks = [ppk('anna')];

  test('that says nothing of PPKs is offered none in IKE_AUTH', () => {
    const { peer } = authenticating(fields, undefined, { ppks });
    expect(notifies(peer.lastHeard().payloads)).not.toContain('PPK_IDENTITY');
  });

  test('is asked for one in IKE_SA_INIT', () => {
    const { world } = dialing(fields, undefined, { ppks });
    expect(world.sent.map(notifiesOf)).toEqual([expect.arrayContaining(['USE_PPK'])]);
    expect(dialing().world.sent.flatMap(notifiesOf)).not.toContain('USE_PPK');
  });

  test.each([
    ['says that it has it, and its AUTH has it', true, true, 'up'],
    ['says that it has it, and its AUTH has it not', true, false, 'refused'],
    ['says that it has it not, and its AUTH has it not', false, false, 'up'],
    ['says that it has it not, and its AUTH has it', false, true, 'refused'],
  ] as const)('that %s: %s, %s: %s', (_, isSaid, isMixed, outcome) => {
    const { peer, dialer, request } = dialing(fields, undefined, { ppks });
    peer.send(peer.answerInit(request, [notify(USE_PPK)]));
    expect(notifies(peer.lastHeard().payloads)).toEqual(
      expect.arrayContaining(['PPK_IDENTITY', 'NO_PPK_AUTH']),
    );
    if (isMixed) peer.mix(fromText(ourSecret));
    peer.respond([...welcome(peer), ...(isSaid ? [notify(PPK_IDENTITY)] : [])]);
    const up = dialer.core.snapshot().sas.map((sa) => sa.ppk);
    expect(up).toEqual(outcome === 'refused' ? [] : [isSaid ? 'anna' : undefined]);
  });

  test('that has not the PPK which the phone insists on is told so, and that the SA is gone (§3)', () => {
    const { peer, dialer, request } = dialing({ ppkRequired: true }, undefined, { ppks });
    peer.send(peer.answerInit(request, [notify(USE_PPK)]));
    peer.respond(welcome(peer));
    expect(peer.lastHeard().header.exchange).toBe(Exchange.INFORMATIONAL);
    expect(notifies(peer.lastHeard().payloads)).toEqual(['AUTHENTICATION_FAILED']);
    expect(causes(dialer)).toEqual(['unknown-ppk']);
    expect(dialer.installed).toEqual([]);
  });
});

test('a reload that takes the PPK away while the phone signs gives the attempt up, and uses no wiped secret', (context) => {
  context.onTestFinished(olderPpk('responder'));
  const both = { ppks: [ppk('anna')] };
  const { gateway, phone: dialer } = policies('pubkey', both, both);
  const answers = papers.ports();
  const house = household({ gateway, phone: dialer, ports: answers });
  const without = { ...dialer, ppks: [] };
  house.phone.ports = (question) => {
    if (question.kind === 'sign') {
      for (const { secret } of dialer.ppks) secret.wipe();
      const command = { kind: 'policy', policy: without } as const;
      house.world.after(seconds(0), () =>
        house.world.input(house.phone, { kind: 'command', command }),
      );
    }
    return answers(question);
  };
  house.dial();
  house.world.run(seconds(5));
  expect(causes(house.phone)).toEqual(['configuration-changed']);
});
