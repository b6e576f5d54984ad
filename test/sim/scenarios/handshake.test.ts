import { describe, expect, test } from 'vitest';
import { fromText, toHex } from '../../../src/base/bytes.ts';
import { ip } from '../../../src/base/ip.ts';
import { Secret } from '../../../src/base/secret.ts';
import { seconds } from '../../../src/base/time.ts';
import { formatSelector } from '../../../src/policy/selectors.ts';
import { household, kinds, notifiesOf, pool, talk } from '../household.ts';
import { connection, identity, lan, pattern, phone, policy, proposals } from '../policies.ts';

describe('a phone with a pre-shared key', () => {
  test('is up after two exchanges, with the same keys on both sides', () => {
    const { world, gateway, phone, dial } = household();
    dial();
    world.run(seconds(1));
    expect(talk(phone)).toEqual([
      'out IKE_SA_INIT request 0 [SA KE No N(NAT_DETECTION_SOURCE_IP) N(NAT_DETECTION_DESTINATION_IP) N(IKEV2_FRAGMENTATION_SUPPORTED) N(SIGNATURE_HASH_ALGORITHMS)]',
      'in IKE_SA_INIT response 0 [SA KE No N(NAT_DETECTION_SOURCE_IP) N(NAT_DETECTION_DESTINATION_IP) N(IKEV2_FRAGMENTATION_SUPPORTED) N(SIGNATURE_HASH_ALGORITHMS) N(CHILDLESS_IKEV2_SUPPORTED)]',
      'out IKE_AUTH request 1 [IDi IDr AUTH CPRQ SA TSi TSr N(INITIAL_CONTACT) N(MOBIKE_SUPPORTED)]',
      'in IKE_AUTH response 1 [IDr AUTH CPRP SA TSi TSr N(MOBIKE_SUPPORTED)]',
    ]);
    const [ours] = [...gateway.children.values()];
    const [theirs] = [...phone.children.values()];
    if (!ours || !theirs) throw new Error('no child');
    expect(toHex(ours.inbound.encryption.bytes)).toBe(toHex(theirs.outbound.encryption.bytes));
    expect(toHex(ours.outbound.encryption.bytes)).toBe(toHex(theirs.inbound.encryption.bytes));
    expect([ours.inbound.spi, ours.outbound.spi]).toEqual([
      theirs.outbound.spi,
      theirs.inbound.spi,
    ]);
    expect(ours.selectors.remote.map(formatSelector)).toEqual(['10.3.0.2/32']);
    expect(ours.selectors.local).toEqual([lan]);
    expect(theirs.selectors.local).toEqual(ours.selectors.remote);
  });

  test('is listed with its name, address and suite', () => {
    const { world, gateway, dial } = household();
    dial();
    world.run(seconds(1));
    const [sa] = gateway.core.snapshot().sas;
    expect(sa).toMatchObject({
      peer: 'anna@example.org',
      connection: 'phones',
      phase: 'established',
      suite: 'aes256gcm16-prfsha256-x25519',
      addresses: ['10.3.0.2'],
      nat: { local: false },
    });
    expect(sa?.children).toMatchObject([
      { suite: 'aes256gcm16', local: ['10.1.0.0/24'], encap: 'udp' },
    ]);
  });

  test('gives its address back when it goes', () => {
    const { world, gateway, phone, dial } = household();
    dial();
    world.run(seconds(1));
    world.input(phone, { kind: 'command', command: { kind: 'terminate', which: 'all' } });
    world.run(seconds(1));
    expect(gateway.released).toEqual(['10.3.0.2']);
    expect(gateway.children.size).toBe(0);
    expect(gateway.core.snapshot().sas).toEqual([]);
    expect(gateway.eventsOf('sa.closed')).toMatchObject([{ cause: 'deleted-by-peer' }]);
    expect(phone.eventsOf('sa.closed')).toMatchObject([{ cause: 'deleted-by-us' }]);
  });

  test('hears DELETE when the gateway goes', () => {
    const { world, gateway, phone, dial } = household();
    dial();
    world.run(seconds(1));
    world.input(gateway, { kind: 'command', command: { kind: 'terminate', which: 'all' } });
    world.run(seconds(1));
    expect(talk(phone).slice(-2)).toEqual([
      'in INFORMATIONAL request 0 [D]',
      'out INFORMATIONAL response 0 []',
    ]);
    expect(phone.children.size).toBe(0);
    expect(gateway.core.snapshot().sas).toEqual([]);
  });

  test('leaves nothing behind once it has lingered', () => {
    const { world, gateway, phone, dial } = household();
    dial();
    world.run(seconds(1));
    world.input(phone, { kind: 'command', command: { kind: 'terminate', which: 'all' } });
    world.run(seconds(60));
    expect([gateway.deadline, phone.deadline]).toEqual([undefined, undefined]);
    world.input(gateway, { kind: 'wake' });
    expect(gateway.eventsOf('bug')).toEqual([]);
  });
});

describe('refusals', () => {
  const refused = (fields: Parameters<typeof household>[0]) => {
    const house = household(fields);
    house.dial();
    house.world.run(seconds(2));
    return house;
  };

  test('a wrong pre-shared key is AUTHENTICATION_FAILED, and no half-open SA is left (scenario 30)', () => {
    const wrong = [{ ids: [], secret: new Secret(fromText('incorrect')) }];
    const {
      gateway,
      phone: dialer,
      world,
    } = refused({ phone: policy([phone()], { presharedKeys: wrong }) });
    expect(dialer.eventsOf('attempt.failed')).toMatchObject([{ notify: 'AUTHENTICATION_FAILED' }]);
    expect(gateway.eventsOf('attempt.failed')).toMatchObject([
      { peer: 'anna@example.org', why: 'the pre-shared key is not the same on both sides' },
    ]);
    expect(gateway.children.size).toBe(0);
    expect(gateway.core.snapshot().sas).toEqual([]);
    world.run(seconds(60));
    expect(gateway.deadline).toBeUndefined();
  });

  test('an unknown identity is told apart only in our own log', () => {
    const keys = [
      {
        ids: [pattern('bert@example.org')],
        secret: new Secret(fromText('correct horse battery staple')),
      },
    ];
    const { gateway, phone } = refused({
      gateway: policy([connection()], { presharedKeys: keys }),
    });
    expect(phone.eventsOf('attempt.failed')).toMatchObject([{ notify: 'AUTHENTICATION_FAILED' }]);
    expect(gateway.eventsOf('attempt.failed')).toMatchObject([
      { why: 'there is no pre-shared key for this identity' },
    ]);
  });

  test('an identity that no connection accepts is named', () => {
    const { gateway } = refused({
      gateway: policy([connection({ remoteId: pattern('*.office.example') })]),
    });
    expect(gateway.eventsOf('attempt.failed')).toMatchObject([
      { why: 'no connection accepts the identity anna@example.org' },
    ]);
  });

  test('a peer that asks for somebody else is refused, for another IDr would kill Android (pitfall 28)', () => {
    const { gateway, phone: dialer } = refused({
      phone: policy([phone({ remoteId: pattern('old.example') })]),
    });
    expect(dialer.eventsOf('attempt.failed')).toMatchObject([{ notify: 'AUTHENTICATION_FAILED' }]);
    expect(gateway.eventsOf('attempt.failed')[0]?.why).toContain('old.example');
  });

  test('no common proposal is NO_PROPOSAL_CHOSEN in the clear, and the owner reads both lists', () => {
    const { gateway, world } = refused({
      phone: policy([phone({ ike: proposals('ike', 'aes128-sha1-modp2048') })]),
    });
    const answer = world.sent.find(({ from }) => from.ip === '203.0.113.2');
    expect(answer && notifiesOf(answer)).toEqual(['NO_PROPOSAL_CHOSEN']);
    expect(gateway.eventsOf('attempt.failed')[0]).toMatchObject({
      cause: 'no-common-algorithm',
      why:
        'the peer offers aes128-prfsha1-sha1-modp2048; accepted here: aes256gcm16-prfsha256-x25519-ecp256, aes256-sha256-ecp256; ' +
        'nearest miss: encryption: it offers aes128, here aes256gcm16; PRF: it offers prfsha1, here prfsha256; key exchange: it offers modp2048, here x25519 or ecp256',
      advice:
        'Offer aes256gcm16 and prfsha256 and x25519 on the peer, or add aes128 and prfsha1 and modp2048 to option ike.',
    });
    expect(gateway.core.snapshot().sas).toEqual([]);
  });

  test('the phone goes on waiting: anybody can send an unprotected refusal (pitfall 19)', () => {
    const { phone: dialer } = refused({
      phone: policy([phone({ ike: proposals('ike', 'aes128-sha1-modp2048') })]),
    });
    expect(kinds(dialer)).toContain('note');
    expect(kinds(dialer)).not.toContain('attempt.failed');
  });

  test.each([
    ['an unknown ESP proposal', { esp: proposals('esp', 'aes128gcm16') }, 'NO_PROPOSAL_CHOSEN'],
    [
      'networks without overlap',
      { remoteTs: [{ ...lan, range: { start: ip('10.9.0.0'), end: ip('10.9.0.255') } }] },
      'TS_UNACCEPTABLE',
    ],
    [
      'no request for an address',
      { virtualIps: [], localTs: 'dynamic' as const },
      'FAILED_CP_REQUIRED',
    ],
  ])('%s refuses the child alone: the IKE SA stands (pitfall 43)', (_name, fields, notify) => {
    const { gateway, phone: dialer } = refused({ phone: policy([phone(fields)]) });
    expect(dialer.eventsOf('attempt.failed')).toMatchObject([{ notify }]);
    expect(gateway.eventsOf('attempt.failed')).toMatchObject([{ notify }]);
    // It stood until the dialer, who has no use for it without a child, deleted it.
    expect(kinds(gateway)).toContain('sa.established');
    expect(gateway.eventsOf('child.established')).toEqual([]);
    expect(gateway.eventsOf('sa.closed')).toMatchObject([{ cause: 'deleted-by-peer' }]);
    expect(dialer.core.snapshot().sas).toEqual([]);
  });

  test('a refused child gives its address back at once', () => {
    const { gateway } = refused({
      phone: policy([
        phone({ remoteTs: [{ ...lan, range: { start: ip('10.9.0.0'), end: ip('10.9.0.255') } }] }),
      ]),
    });
    expect(gateway.released).toEqual(['10.3.0.2']);
  });

  test('an exhausted pool is INTERNAL_ADDRESS_FAILURE', () => {
    const { gateway, phone: dialer } = refused({ ports: pool([]) });
    expect(dialer.eventsOf('attempt.failed')).toMatchObject([
      { notify: 'INTERNAL_ADDRESS_FAILURE' },
    ]);
    expect(gateway.eventsOf('attempt.failed')[0]?.why).toBe('pool phones has no free IPv4 address');
  });

  test('a pool that never answers is given up in time, and repetitions meanwhile are ignored', () => {
    const house = household({ ports: () => 'never' });
    house.dial();
    house.world.run(seconds(9));
    expect(house.gateway.core.snapshot().sas).toMatchObject([{ phase: 'auth' }]);
    house.world.run(seconds(3));
    expect(house.phone.eventsOf('attempt.failed')).toMatchObject([
      { notify: 'INTERNAL_ADDRESS_FAILURE' },
    ]);
  });

  test('a host that only dials does not answer a stranger at all (scenario 31)', () => {
    const { world, gateway, dial } = household({ gateway: policy([phone()]) });
    dial();
    world.run(seconds(300));
    expect(world.sent.filter(({ from }) => from.ip === gateway.address)).toEqual([]);
    expect(gateway.core.snapshot().sas).toEqual([]);
  });

  test('an address that no connection serves gets no SA', () => {
    const range = { start: ip('192.0.2.1'), end: ip('192.0.2.1') };
    const { gateway } = refused({ gateway: policy([connection({ remote: [range] })]) });
    expect(gateway.eventsOf('attempt.failed')).toMatchObject([{ notify: 'NO_PROPOSAL_CHOSEN' }]);
  });
});

describe('IKE_SA_INIT in rounds', () => {
  test('INVALID_KE_PAYLOAD names our group, and the second try fits (pitfalls 16, 17)', () => {
    const { world, gateway, dial } = household({
      gateway: policy([connection({ ike: proposals('ike', 'aes256gcm16-prfsha256-ecp384') })]),
      phone: policy([phone({ ike: proposals('ike', 'aes256gcm16-prfsha256-x25519-ecp384') })]),
    });
    dial();
    world.run(seconds(1));
    const answers = world.sent.filter(({ from }) => from.ip === '203.0.113.2').map(notifiesOfInit);
    expect(answers[0]).toEqual(['INVALID_KE_PAYLOAD']);
    expect(gateway.core.snapshot().sas).toMatchObject([{ suite: 'aes256gcm16-prfsha256-ecp384' }]);
  });

  test('COOKIE is demanded above the threshold, costs no state, and the retry carries it first (pitfalls 13–15)', () => {
    const limits = { ...policy([]).limits, cookieThreshold: 0 };
    const { world, gateway, dial } = household({
      gateway: policy([connection({ ike: proposals('ike', 'aes256gcm16-prfsha256-ecp384') })], {
        limits,
      }),
      phone: policy([phone({ ike: proposals('ike', 'aes256gcm16-prfsha256-x25519-ecp384') })]),
    });
    dial();
    world.run(seconds(0.015));
    expect(gateway.core.snapshot().sas).toEqual([]);
    world.run(seconds(1));
    const [first, second, third, fourth] = world.sent
      .filter(({ to }) => to.port === 500)
      .map(notifiesOfInit);
    expect(first).not.toContain('COOKIE');
    expect(second).toEqual(['COOKIE']);
    expect(third?.[0]).toBe('COOKIE');
    expect(fourth).toEqual(['INVALID_KE_PAYLOAD']);
    expect(gateway.core.snapshot().sas).toMatchObject([{ phase: 'established' }]);
  });

  test('a repeated request is answered with the same bytes, and makes no second SA (pitfalls 2, 4)', () => {
    const { world, gateway, dial } = household();
    dial();
    world.run(seconds(0.015));
    const [request] = world.sent;
    if (!request) throw new Error('nothing was sent');
    world.inject(request.from, request.to, request.bytes);
    world.run(seconds(0.02));
    const answers = world.sent.filter(({ from }) => from.ip === '203.0.113.2');
    expect(toHex(answers[1]?.bytes ?? new Uint8Array(0))).toBe(
      toHex(answers[0]?.bytes ?? new Uint8Array(1)),
    );
    expect(gateway.core.snapshot().sas).toHaveLength(1);
  });
});

describe('over a bad network', () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'a quarter of the packets lost, some doubled and late: up all the same (seed %i)',
    (seed) => {
      const { world, gateway, phone: dialer, dial } = household({ seed });
      world.lossy({ seed, loss: 0.25, duplicate: 0.2, jitter: seconds(0.5) });
      dial();
      world.run(seconds(120));
      expect(
        gateway.core.snapshot().sas.filter(({ phase }) => phase === 'established'),
      ).toHaveLength(1);
      expect(dialer.core.snapshot().sas).toMatchObject([{ phase: 'established' }]);
      expect([...gateway.events, ...dialer.events].filter(({ kind }) => kind === 'bug')).toEqual(
        [],
      );
    },
  );

  test('a peer that falls silent is given up after the configured tries (scenario 24: dpd-clear)', () => {
    const { world, gateway, dial } = household({
      gateway: policy([connection({ dpd: seconds(30) })]),
    });
    dial();
    world.run(seconds(1));
    world.wire = () => [];
    world.run(seconds(300));
    expect(gateway.eventsOf('sa.closed')).toMatchObject([{ cause: 'timeout' }]);
    expect(gateway.eventsOf('retransmit')).toHaveLength(5);
    expect(gateway.children.size).toBe(0);
    expect(gateway.released).toEqual(['10.3.0.2']);
  });

  test('a phone that sends ESP is not woken by a probe', () => {
    const ports = pool(['10.3.0.2']);
    const { world, gateway, dial } = household({
      gateway: policy([connection({ dpd: seconds(30) })]),
      ports: (question) => (question.kind === 'idle' ? seconds(1) : ports(question)),
    });
    dial();
    world.run(seconds(600));
    expect(talk(gateway).filter((line) => line.includes('INFORMATIONAL'))).toEqual([]);
    expect(gateway.core.snapshot().sas).toHaveLength(1);
  });

  test('a half-open SA ends after its time', () => {
    const { world, gateway, dial } = household();
    dial();
    world.run(seconds(0.015));
    world.wire = () => [];
    world.run(seconds(31));
    expect(gateway.core.snapshot().sas).toEqual([]);
    expect(gateway.eventsOf('attempt.failed')).toMatchObject([{ notify: 'no answer' }]);
  });
});

test('the same seed gives the same bytes', () => {
  const record = () => {
    const { world, dial } = household({ seed: 42 });
    dial();
    world.run(seconds(5));
    return world.sent.map(({ bytes }) => toHex(bytes));
  };
  expect(record()).toEqual(record());
});

test('an IDi of any kind is welcome where the key fits', () => {
  for (const name of ['192.168.1.44', '@#00ff', 'anna', 'fd00::7']) {
    const { world, gateway, dial } = household({
      phone: policy([phone({ localId: identity(name) })]),
    });
    dial();
    world.run(seconds(1));
    expect(gateway.core.snapshot().sas).toMatchObject([{ peer: name }]);
  }
});

function notifiesOfInit(packet: Parameters<typeof notifiesOf>[0]): string[] {
  return packet.bytes[18] === 34 ? notifiesOf(packet) : [];
}
