// We dial, and the other end is slow, mean or somebody else: no more may come of it than was asked for.
import { describe, expect, test } from 'vitest';
import { ip, ipBytes } from '../../../src/base/ip.ts';
import { milliseconds, seconds } from '../../../src/base/time.ts';
import { Exchange } from '../../../src/iana/exchanges.ts';
import { PayloadType as P } from '../../../src/iana/payloads.ts';
import { offer } from '../../../src/ike/negotiate/proposals.ts';
import { toWire } from '../../../src/ike/negotiate/selectors.ts';
import { everything } from '../../../src/policy/selectors.ts';
import { decodeMessage } from '../../../src/wire/message.ts';
import { ownId } from '../../../src/wire/payloads/id.ts';
import { all, type Payload, payload } from '../../../src/wire/payloads/index.ts';
import { authenticating, dialing, welcome } from '../dialed.ts';
import { gatewayAddress, notifies } from '../doorstep.ts';
import { household, kinds } from '../household.ts';
import { none, notify, replaced, without } from '../payloads.ts';
import { first } from '../pick.ts';
import { connection, identity, policy, proposals } from '../policies.ts';

const anything = everything({ start: ip('0.0.0.0'), end: ip('255.255.255.255') });

const forged = (bytes: number) => payload(P.AUTH, { method: 2, data: new Uint8Array(bytes) });

test('a scripted responder that says what a gateway says is accepted', () => {
  const { dialer, peer } = authenticating();
  peer.respond(welcome(peer));
  expect(dialer.core.snapshot().sas).toMatchObject([{ addresses: ['10.3.0.2'] }]);
  expect(dialer.installed).toHaveLength(1);
});

test('a name as long as a message fills no log of ours', () => {
  const { dialer, peer } = authenticating();
  const idR = payload(P.IDR, ownId(11, new Uint8Array(60_000).fill(0x0a)));
  peer.respond(replaced(welcome(peer), idR));
  const [failed] = dialer.eventsOf('attempt.failed');
  expect((failed?.peer?.length ?? 0) + (failed?.why.length ?? 0)).toBeLessThan(8000);
  expect(dialer.core.snapshot().sas).toEqual([]);
});

test('addresses that were not asked for, or that no host can have, are not ours', () => {
  const { dialer, peer } = authenticating();
  const v4 = ['224.0.0.9', '255.255.255.255', '0.0.0.0', '10.3.0.2', '10.3.0.3', '10.3.0.4'];
  const attributes = [
    { type: 8, value: Uint8Array.from([...ipBytes(ip('fd00::2')), 64]) },
    ...v4.map((address) => ({ type: 1, value: ipBytes(ip(address)) })),
  ];
  peer.respond(replaced(welcome(peer), payload(P.CP, { cfgType: 2, attributes })));
  expect(dialer.core.snapshot().sas).toMatchObject([{ addresses: ['10.3.0.2'] }]);
});

describe('IKE_SA_INIT of the responder', () => {
  const choices: [string, (answer: readonly Payload[]) => readonly Payload[]][] = [
    [
      'a suite that was not offered',
      (all) =>
        replaced(all, payload(P.SA, offer(proposals('ike', 'aes128-sha1-x25519'), none, true))),
    ],
    [
      'two proposals',
      (all) =>
        replaced(
          all,
          payload(
            P.SA,
            offer(
              proposals('ike', 'aes256gcm16-prfsha256-x25519', 'aes256-sha256-x25519'),
              none,
              true,
            ),
          ),
        ),
    ],
    [
      'two key exchanges',
      (all) =>
        replaced(
          all,
          payload(P.SA, offer(proposals('ike', 'aes256gcm16-prfsha256-x25519-ecp256'), none, true)),
        ),
    ],
    [
      'another group in KE',
      (all) => replaced(all, payload(P.KE, { method: 19, data: new Uint8Array(64) })),
    ],
    ['no nonce', (all) => without(all, P.NONCE)],
    ['no KE', (all) => without(all, P.KE)],
    ['two nonces', (all) => [...all, payload(P.NONCE, { data: new Uint8Array(32) })]],
    [
      'a critical payload of the future',
      (all) => [...all, { type: -1, number: 200, critical: true, body: none }],
    ],
  ];
  test.each(choices)(
    'with %s is no answer: the true one is waited for (pitfall 19)',
    (_name, spoil) => {
      const { dialer, peer, request } = dialing();
      const good = peer.answerInit(request);
      const spoilt = spoil(decodeMessage(good).payloads);
      peer.send(peer.plain(spoilt, { isResponse: true }));
      expect(kinds(dialer)).not.toContain('attempt.failed');
      peer.from = { ...peer.from, port: 500 };
      peer.to = { ...peer.to, port: 500 };
      peer.send(good);
      peer.from = { ...peer.from, port: 4500 };
      peer.to = { ...peer.to, port: 4500 };
      peer.respond(welcome(peer));
      expect(dialer.installed).toHaveLength(1);
    },
  );

  // Small-order points make the shared secret zero: whoever sends one knows all keys (class 9, pitfall 20).
  test.each([0, 1, 31, 33, 32])('with a KE of %i zero bytes ends the dial', (bytes) => {
    const { dialer, peer, request } = dialing();
    const { payloads } = decodeMessage(peer.answerInit(request));
    const ke = payload(P.KE, { method: 31, data: new Uint8Array(bytes) });
    peer.send(peer.plain(replaced(payloads, ke), { isResponse: true }));
    expect(dialer.installed).toEqual([]);
    expect(dialer.eventsOf('bug')).toEqual([]);
    expect(dialer.core.snapshot().sas.filter(({ phase }) => phase !== 'init')).toEqual([]);
  });
});

describe('IKE_AUTH of the responder', () => {
  const frauds: [string, (all: readonly Payload[]) => readonly Payload[]][] = [
    ['no AUTH', (all) => without(all, P.AUTH)],
    ['an AUTH of zeros', (all) => replaced(all, forged(32))],
    ['an empty AUTH', (all) => replaced(all, forged(0))],
    ['no IDr', (all) => without(all, P.IDR)],
    [
      'another IDr',
      (all) => replaced(all, payload(P.IDR, ownId(2, new TextEncoder().encode('evil.example')))),
    ],
    [
      'an AUTH method we did not allow',
      (all) => replaced(all, payload(P.AUTH, { method: 1, data: new Uint8Array(256) })),
    ],
    [
      'NULL authentication',
      (all) => replaced(all, payload(P.AUTH, { method: 13, data: new Uint8Array(32) })),
    ],
    [
      'EAP instead of AUTH (class 3)',
      (all) => [...without(all, P.AUTH), payload(P.EAP, { data: Uint8Array.of(3, 1, 0, 4) })],
    ],
  ];
  test.each(frauds)(
    'with %s ends the dial, and the responder hears why (RFC 7296 §2.21.2)',
    (_name, spoil) => {
      const { world, dialer, peer } = authenticating();
      peer.respond(spoil(welcome(peer)));
      expect(dialer.eventsOf('attempt.failed')).toHaveLength(1);
      expect(dialer.installed).toEqual([]);
      expect(dialer.eventsOf('sa.established')).toEqual([]);
      const { header, payloads } = peer.lastHeard();
      expect(header).toMatchObject({ exchange: Exchange.INFORMATIONAL, isResponse: false });
      expect(all(payloads, P.DELETE)).toMatchObject([{ protocol: 1 }]);
      expect(notifies(payloads)).toHaveLength(1);
      world.run(seconds(60));
      expect(dialer.deadline).toBeUndefined();
    },
  );

  const greedy: [string, (all: readonly Payload[]) => readonly Payload[]][] = [
    ['no virtual address', (all) => without(all, P.CP)],
    [
      'an address of three bytes',
      (all) =>
        replaced(
          all,
          payload(P.CP, { cfgType: 2, attributes: [{ type: 1, value: new Uint8Array(3) }] }),
        ),
    ],
    [
      'a request instead of a reply',
      (all) =>
        replaced(
          all,
          payload(P.CP, {
            cfgType: 1,
            attributes: [{ type: 1, value: Uint8Array.of(10, 3, 0, 2) }],
          }),
        ),
    ],
    [
      'an ESP suite that was not offered',
      (all) =>
        replaced(
          all,
          payload(
            P.SA,
            offer(proposals('esp', 'aes128gcm16'), Uint8Array.of(0xd0, 0, 0, 1), false),
          ),
        ),
    ],
    [
      'an SPI below 256',
      (all) =>
        replaced(
          all,
          payload(P.SA, offer(proposals('esp', 'aes256gcm16'), Uint8Array.of(0, 0, 0, 255), false)),
        ),
    ],
    [
      'networks beyond what was asked for',
      (all) =>
        replaced(
          all,
          payload(
            P.TSR,
            toWire([everything({ start: ip('192.168.0.0'), end: ip('192.168.0.255') })]),
          ),
        ),
    ],
    ['no selectors', (all) => without(all, P.TSI, P.TSR)],
  ];
  test.each(greedy)('with %s makes no tunnel', (_name, spoil) => {
    const { dialer, peer } = authenticating();
    peer.respond(spoil(welcome(peer)));
    expect(dialer.installed).toEqual([]);
    expect(dialer.eventsOf('attempt.failed')).toHaveLength(1);
    expect(dialer.eventsOf('bug')).toEqual([]);
  });

  test('that widens the selectors gives no more than was asked for (class 22, pitfall 54)', () => {
    const { dialer, peer } = authenticating();
    const wide = toWire([anything]);
    peer.respond(replaced(replaced(welcome(peer), payload(P.TSI, wide)), payload(P.TSR, wide)));
    const { selectors } = first(dialer.installed);
    expect(selectors.local.map(({ range }) => range)).toEqual([
      { start: '10.3.0.2', end: '10.3.0.2' },
    ]);
    expect(selectors.remote.map(({ range }) => range)).toEqual([
      { start: '10.1.0.0', end: '10.1.0.255' },
    ]);
  });

  test.each([14, 38, 35, 24, 7, 17, 43, 9999])(
    'that refuses with notify %i makes no tunnel and leaves nothing',
    (type) => {
      const { world, dialer, peer } = authenticating();
      peer.respond([notify(type)]);
      world.run(seconds(300));
      expect(dialer.eventsOf('attempt.failed')).toHaveLength(1);
      expect([dialer.core.snapshot().sas, dialer.deadline]).toEqual([[], undefined]);
    },
  );
});

describe('the other end as a gateway of ours', () => {
  // The probe was taken for an attack on a half-open SA, and ended a dial that was almost up.
  test('may ask something before its slow IKE_AUTH response is here (pitfalls 5, 42)', () => {
    const {
      world,
      phone: dialer,
      dial,
    } = household({
      gateway: policy([connection({ dpd: seconds(1) })]),
    });
    world.wire = (packet) => {
      const isSlow = packet.from.ip === gatewayAddress && packet.bytes[18] === Exchange.IKE_AUTH;
      return [{ packet, delay: milliseconds(isSlow ? 1500 : 10) }];
    };
    dial();
    world.run(seconds(20));
    expect(dialer.eventsOf('sa.established')).toHaveLength(1);
  });

  test('hears of our refusal of what it answered, and forgets us (pitfall 43)', () => {
    const { world, gateway, dial } = household({
      gateway: policy([connection({ pool: undefined, remoteTs: [anything] })]),
    });
    dial();
    world.run(seconds(1));
    expect(kinds(gateway)).toContain('sa.established');
    expect(gateway.core.snapshot().sas).toEqual([]);
    expect(gateway.children.size).toBe(0);
  });

  test('is told by name when it is not whom we dialed', () => {
    const {
      world,
      gateway,
      phone: dialer,
      dial,
    } = household({
      gateway: policy([connection({ localId: identity('other.example') })]),
    });
    dial();
    world.run(seconds(1));
    expect(dialer.eventsOf('attempt.failed')).toMatchObject([{ notify: 'AUTHENTICATION_FAILED' }]);
    expect(gateway.core.snapshot().sas).toEqual([]);
  });
});
