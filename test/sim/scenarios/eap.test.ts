// A phone of ours logs in by EAP at a gateway of ours: what both come to, over a good network and a bad one.
import { describe, expect, test } from 'vitest';
import { fromText } from '../../../src/base/bytes.ts';
import { Secret } from '../../../src/base/secret.ts';
import { milliseconds, seconds } from '../../../src/base/time.ts';
import { EapType } from '../../../src/iana/eap.ts';
import { Exchange } from '../../../src/iana/exchanges.ts';
import { Notification } from '../../../src/iana/notifies.ts';
import { PayloadType as P } from '../../../src/iana/payloads.ts';
import { encodeMsChap } from '../../../src/ike/eap/mschapv2-packet.ts';
import type { LocalAuth, RemoteAuth } from '../../../src/policy/policy.ts';
import { ownId } from '../../../src/wire/payloads/id.ts';
import { type Payload, payload } from '../../../src/wire/payloads/index.ts';
import { household, kinds, talk } from '../household.ts';
import { child, login, notify, without } from '../payloads.ts';
import { Peer } from '../peer.ts';
import { identity, pattern } from '../policies.ts';
import {
  annasPassword,
  answerTo,
  challengeIn,
  eapPhone,
  eapPolicy,
  msChapAnswer,
  requestIn,
  users,
} from '../users.ts';
import type { World } from '../world.ts';

const initialContact = Notification.INITIAL_CONTACT;

describe('MSCHAPv2', () => {
  test('brings up a tunnel, and the gateway knows the user and not IDi (pitfalls 34–36)', () => {
    const { world, gateway, phone, dial } = household({
      gateway: eapPolicy(),
      phone: eapPhone(),
      ports: users(),
    });
    dial();
    world.run(seconds(2));

    expect(gateway.sa).toMatchObject({ peer: 'anna', connection: 'phones', phase: 'established' });
    expect(phone.sa).toMatchObject({ peer: 'home.example', addresses: ['10.3.0.2'] });
    expect(talk(gateway).filter((line) => line.includes('IKE_AUTH'))).toEqual([
      expect.stringMatching(/^in IKE_AUTH request 1 .*IDi.*SA/),
      expect.stringMatching(/^out IKE_AUTH response 1 .*IDr.*AUTH.*EAP/),
      expect.stringMatching(/^in IKE_AUTH request 2 .*EAP/),
      expect.stringMatching(/^out IKE_AUTH response 2 .*EAP/),
      expect.stringMatching(/^in IKE_AUTH request 3 .*EAP/),
      expect.stringMatching(/^out IKE_AUTH response 3 .*EAP/),
      expect.stringMatching(/^in IKE_AUTH request 4 .*EAP/),
      expect.stringMatching(/^out IKE_AUTH response 4 .*EAP/),
      expect.stringMatching(/^in IKE_AUTH request 5 .*AUTH/),
      expect.stringMatching(/^out IKE_AUTH response 5 .*AUTH.*SA/),
    ]);
    expect([...phone.children.values()][0]?.outbound.encryption.bytes).toEqual(
      [...gateway.children.values()][0]?.inbound.encryption.bytes,
    );
    expect(kinds(gateway)).toEqual(['child.established', 'sa.established']);
  });
});

describe('EAP alone (RFC 5998)', () => {
  /** The first response of a gateway that takes EAP-TLS, to a phone that trusts it by `expected`. */
  const firstResponse = (localAuth: LocalAuth, expected: RemoteAuth) => {
    const home = household({
      gateway: eapPolicy({ localAuth, remoteAuth: ['eap-tls'] }),
      phone: eapPhone({ localAuth: 'eap-tls', remoteAuth: [expected] }),
      ports: users(),
    });
    home.dial();
    home.world.run(seconds(2));
    return talk(home.gateway).find((line) => line.startsWith('out IKE_AUTH response 1'));
  };

  test('leaves AUTH out where owner and peer want it', () => {
    expect(firstResponse('eap-tls', 'eap-tls')).toMatch(/\[IDr EAP\]/);
  });

  test('is not begun because a peer says that it could: strongSwan does, and wants AUTH (pitfall 40)', () => {
    expect(firstResponse('psk', 'eap-tls')).toMatch(/IDr AUTH EAP/);
  });

  test('is not for a method that others could guess the password from (pitfall 40)', () => {
    const policy = eapPolicy({ localAuth: 'eap-tls', remoteAuth: ['eap-tls', 'eap-mschapv2'] });
    const { world, gateway } = household({ gateway: policy, ports: users() });
    const guest = new Peer(world, { to: '203.0.113.2', from: '198.51.100.9' }).connect();
    const eapOnly = notify(Notification.EAP_ONLY_AUTHENTICATION);
    guest.ask(Exchange.IKE_AUTH, [...without(login(guest), P.AUTH), eapOnly]);

    expect(talk(gateway).at(-1)).toMatch(/\[N\(AUTHENTICATION_FAILED\)\]/); // it has no certificate for AUTH
  });

  test('is not begun where the peer does not know of it', () => {
    expect(firstResponse('eap-tls', 'psk')).toMatch(/\[N\(AUTHENTICATION_FAILED\)\]/);
  });
});

describe('a network that loses and doubles', () => {
  test.each([1, 2, 3, 4, 5, 6])('keeps nobody out, and says no step twice (seed %i)', (seed) => {
    const home = household({ gateway: eapPolicy(), phone: eapPhone(), ports: users(), seed });
    home.world.lossy({
      seed,
      loss: 0.3,
      duplicate: 0.4,
      jitter: milliseconds(400),
      mostLosses: 3,
    });
    home.dial();
    home.world.run(seconds(100));

    expect(home.gateway.sa).toMatchObject({ peer: 'anna' });
    expect(home.phone.sa.children).toHaveLength(1);
    expect(home.gateway.asked.filter(({ question }) => question.kind === 'account')).toHaveLength(
      1,
    );
    expect(home.gateway.eventsOf('bug')).toEqual([]);
  });
});

test('a reload in the middle of a login does not take its password away', () => {
  const old = eapPhone();
  const home = household({ gateway: eapPolicy(), phone: old, ports: users() });
  home.dial();
  home.world.run(milliseconds(45)); // IKE_AUTH is on its way back, with the first EAP request
  const command = { kind: 'policy', policy: eapPhone() } as const;
  home.world.input(home.phone, { kind: 'command', command });
  for (const { login } of old.connections) login?.password.wipe();
  home.world.run(milliseconds(25));
  const again = { kind: 'policy', policy: eapPhone() } as const;
  home.world.input(home.phone, { kind: 'command', command: again });
  for (const { login } of command.policy.connections) login?.password.wipe();
  home.world.run(seconds(5));

  expect(home.phone.eventsOf('bug')).toEqual([]);
  expect(home.phone.sa).toMatchObject({ peer: 'home.example' });
});

describe('who may not come in', () => {
  const fails = (gateway = eapPolicy(), phone = eapPhone(), ports = users()) => {
    const home = household({ gateway, phone, ports });
    home.dial();
    home.world.run(seconds(20));
    expect(home.gateway.core.snapshot().sas).toEqual([]);
    expect(home.phone.core.snapshot().sas).toEqual([]);
    expect([...home.gateway.children.values(), ...home.phone.children.values()]).toEqual([]);
    const why = ({ events }: typeof home.gateway) =>
      events.flatMap((event) => (event.kind === 'attempt.failed' ? [event.why] : []));
    const asked = home.gateway.asked.map(({ question }) => question.kind);
    return { gateway: why(home.gateway), phone: why(home.phone), asked };
  };

  test('a wrong password: each side can read why', () => {
    expect(fails(undefined, eapPhone({}, { name: 'anna', password: 'guess' }))).toMatchObject({
      gateway: ['wrong password for user «anna»'],
      phone: [expect.stringContaining('wrong user name or password')],
    });
  });

  test('a user that nobody knows', () => {
    const { gateway } = fails(undefined, eapPhone({}, { name: 'eve', password: annasPassword }));
    expect(gateway).toEqual(['there is no user «eve»']);
  });

  test('a user whom no connection takes', () => {
    const { gateway } = fails(eapPolicy({ eapId: pattern('*@example.org') }));
    expect(gateway).toEqual(['no connection lets anna in by eap-mschapv2']);
  });

  test('a user whose account is for another connection', () => {
    const ports = users({ anna: annasPassword }, { anna: ['office'] });
    const { gateway } = fails(undefined, undefined, ports);
    expect(gateway).toEqual(['no connection lets anna in by eap-mschapv2']);
  });

  test('a gateway that cannot prove itself hears no name (CVE-2015-4171)', () => {
    const impostor = eapPolicy({ localId: identity('home.example') });
    const { asked, phone } = fails({
      ...impostor,
      presharedKeys: [{ ids: [], secret: new Secret(fromText('another key altogether')) }],
    });
    expect(phone).toEqual(['the proof of the peer does not fit']);
    expect(asked).toEqual([]);
  });
});

describe('which connection', () => {
  const two = () =>
    eapPolicy(
      { name: 'guests', eapId: pattern('*@guests.example') },
      { name: 'family', eapId: pattern('anna') },
    );

  test.each([
    ['anna', 'family'],
    ['bob@guests.example', 'guests'],
  ])('%s comes in by %s (scenario rw-eap-id-switch)', (name, connection) => {
    const phone = eapPhone({}, { name, password: annasPassword });
    const ports = users({ [name]: annasPassword });
    const home = household({ gateway: two(), phone, ports });
    home.dial();
    home.world.run(seconds(2));

    expect(home.gateway.sa).toMatchObject({ peer: name, connection });
  });

  const patterns = ['any', '*.example', '*@guests.example', 'bob@guests.example'];
  test.each([patterns, [...patterns].reverse()])(
    'the one that names the user most exactly, whatever their order (%s, %s, %s, %s)',
    (...inOrder) => {
      const connections = inOrder.map((text) => ({ name: text, eapId: pattern(text) }));
      const name = 'bob@guests.example';
      const home = household({
        gateway: eapPolicy(...connections),
        phone: eapPhone({}, { name, password: annasPassword }),
        ports: users({ [name]: annasPassword }),
      });
      home.dial();
      home.world.run(seconds(2));

      expect(home.gateway.sa).toMatchObject({ peer: name, connection: name });
    },
  );

  test('one that takes the method and the user, where a more exact one does not', () => {
    const gateway = eapPolicy(
      { name: 'guests' },
      { name: 'family', eapId: pattern('anna'), remoteAuth: ['eap-gtc'] },
      { name: 'office', eapId: pattern('anna') },
    );
    const ports = users({ anna: annasPassword }, { anna: ['guests', 'family'] });
    const home = household({ gateway, phone: eapPhone(), ports });
    home.dial();
    home.world.run(seconds(2));

    expect(home.gateway.sa).toMatchObject({ peer: 'anna', connection: 'guests' });
  });

  test('the device chooses the method among those that are allowed (scenario rw-eap-dynamic)', () => {
    const gateway = eapPolicy({ remoteAuth: ['eap-mschapv2', 'eap-gtc'] });
    const phone = eapPhone({ localAuth: 'eap-gtc' });
    const home = household({ gateway, phone, ports: users() });
    home.dial();
    home.world.run(seconds(2));

    expect(home.gateway.sa).toMatchObject({ peer: 'anna' });
    expect(home.phone.sa).toMatchObject({ peer: 'home.example' });
  });
});

describe('INITIAL_CONTACT', () => {
  /** A device of anna's, which calls itself `id`. */
  const device = (world: World, seed: number, id: string): void => {
    const guest = new Peer(world, {
      to: '203.0.113.2',
      from: `198.51.100.${seed}`,
      seed,
    }).connect();
    const { type, data } = identity(id);
    const idI = ownId(type, data);
    const ask = (...payloads: Payload[]) => guest.ask(Exchange.IKE_AUTH, payloads);
    const offer = requestIn(ask(payload(P.IDI, idI), ...child(), notify(initialContact)));
    const challenge = requestIn(ask(answerTo(offer, EapType.IDENTITY, 'anna')));
    const right = { name: 'anna', password: annasPassword };
    const { data: response, msk } = msChapAnswer(challengeIn(challenge), right);
    const verdict = requestIn(ask(answerTo(challenge, EapType.MSCHAPV2, response)));
    ask(answerTo(verdict, EapType.MSCHAPV2, encodeMsChap({ op: 'success' })));
    ask(guest.keyAuth(idI, msk));
  };

  test('of another device ends nobody: a user may have several (pitfall 41)', () => {
    const { world, gateway } = household({ gateway: eapPolicy(), ports: users() });
    device(world, 1, '192.168.1.23');
    device(world, 2, '192.168.7.4');

    expect(gateway.core.snapshot().sas).toMatchObject([{ peer: 'anna' }, { peer: 'anna' }]);
  });

  test('of the same device ends what it lost (pitfall 41)', () => {
    const { world, gateway } = household({ gateway: eapPolicy(), ports: users() });
    device(world, 1, 'annas-phone.example');
    device(world, 2, 'annas-phone.example');

    expect(gateway.core.snapshot().sas).toMatchObject([
      { path: { remote: { ip: '198.51.100.2' } } },
    ]);
    expect(gateway.eventsOf('sa.closed')).toMatchObject([{ cause: 'replaced' }]);
  });

  test('of somebody who does not log in ends nobody (pitfall 41)', () => {
    const { world, gateway } = household({ gateway: eapPolicy(), ports: users() });
    device(world, 1, 'annas-phone.example');
    const liar = new Peer(world, { to: '203.0.113.2', from: '198.51.100.99' }).connect();
    const me = identity('annas-phone.example');
    const idI = payload(P.IDI, ownId(me.type, me.data));
    const offer = requestIn(liar.ask(Exchange.IKE_AUTH, [idI, ...child(), notify(initialContact)]));
    liar.ask(Exchange.IKE_AUTH, [answerTo(offer, EapType.IDENTITY, 'anna')]);
    world.run(seconds(200));

    expect(gateway.sa).toMatchObject({ peer: 'anna', phase: 'established' });
  });
});
