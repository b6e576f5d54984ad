// IKE_SA_INIT as initiator: rounds of COOKIE and INVALID_KE_PAYLOAD on a network that doubles and delays, with
// somebody listening who sends answers of his own.
import { describe, expect, test } from 'vitest';
import { ip } from '../../../src/base/ip.ts';
import { milliseconds, seconds } from '../../../src/base/time.ts';
import { Exchange } from '../../../src/iana/exchanges.ts';
import { Notification } from '../../../src/iana/notifies.ts';
import { PayloadType as P } from '../../../src/iana/payloads.ts';
import { decodeMessage, encodeMessage } from '../../../src/wire/message.ts';
import type { Payload } from '../../../src/wire/payloads/index.ts';
import { dialing } from '../dialed.ts';
import { gatewayAddress } from '../doorstep.ts';
import { household } from '../household.ts';
import { notify } from '../payloads.ts';
import { first } from '../pick.ts';
import { connection, identity, policy, proposals } from '../policies.ts';
import type { World } from '../world.ts';

const demandingCookies = () =>
  policy([connection()], { limits: { ...policy([]).limits, cookieThreshold: 0 } });

const initRequests = (world: World) =>
  world.sent
    .filter(({ to }) => to.ip === gatewayAddress)
    .map(({ bytes }) => decodeMessage(bytes))
    .filter(({ header }) => header.exchange === Exchange.IKE_SA_INIT);

const isCookie = (one: Payload) => one.type === P.NOTIFY && one.body.type === Notification.COOKIE;

describe('the retry', () => {
  // A gateway that binds its cookie to KE or to NAT detection would never be satisfied by a request that moves.
  test('after COOKIE changes nothing but the cookie (RFC 7296 §2.6, pitfall 13)', () => {
    const { world, dial } = household({ gateway: demandingCookies() });
    dial();
    world.run(seconds(1));
    const [before, after] = initRequests(world).map(({ payloads }) => payloads);
    expect(after?.filter((one) => !isCookie(one))).toEqual(before);
    expect(after?.findIndex(isCookie)).toBe(0);
  });

  test('after COOKIE survives a network that doubles every datagram', () => {
    const { world, phone, dial } = household({ gateway: demandingCookies() });
    world.wire = (packet) => [10, 11].map((ms) => ({ packet, delay: milliseconds(ms) }));
    dial();
    world.run(seconds(120));
    expect(phone.eventsOf('sa.established')).toHaveLength(1);
  });

  test('after COOKIE is sent once, however often the demand is repeated', () => {
    const { world, phone, dial } = household({ gateway: demandingCookies() });
    world.wire = (packet) => {
      const isDemand = packet.from.ip === gatewayAddress && packet.bytes.length < 100;
      const copies = Array.from({ length: isDemand ? 20 : 1 }, (_, i) => milliseconds(10 + i));
      return copies.map((delay) => ({ packet, delay }));
    };
    dial();
    world.run(seconds(1));
    expect(initRequests(world)).toHaveLength(2);
    expect(phone.eventsOf('sa.established')).toHaveLength(1);
  });

  // The answer to the first transmission comes after the second went out, so each refusal comes twice.
  test('after INVALID_KE_PAYLOAD survives a round trip longer than the first wait (pitfall 15)', () => {
    const ecp = proposals('ike', 'aes256gcm16-prfsha256-ecp256');
    const { world, phone, dial } = household({ gateway: policy([connection({ ike: ecp })]) });
    world.wire = (packet) => [{ packet, delay: milliseconds(1200) }];
    dial();
    world.run(seconds(120));
    expect(phone.eventsOf('sa.established')).toHaveLength(1);
  });
});

describe('somebody who saw the request', () => {
  /** The gateway's answers are lost while a listener elsewhere answers first. */
  function listener(...answer: readonly Payload[]) {
    const house = household();
    const { world, phone, dial } = house;
    let isDeaf = true;
    world.wire = (packet) =>
      isDeaf && packet.from.ip === gatewayAddress ? [] : [{ packet, delay: milliseconds(10) }];
    dial();
    world.run(milliseconds(100));
    const { header } = decodeMessage(first(world.sent).bytes);
    const bytes = encodeMessage({ ...header, isInitiator: false, isResponse: true }, answer);
    const to = { ip: ip(phone.address), port: 500 };
    world.inject({ ip: ip('192.0.2.66'), port: 777 }, to, bytes);
    const before = world.sent.length;
    world.run(milliseconds(100));
    const provoked = world.sent.slice(before);
    isDeaf = false;
    world.run(seconds(60));
    return { ...house, provoked, after: world.sent.slice(before) };
  }

  test.each([
    ['NO_PROPOSAL_CHOSEN', notify(Notification.NO_PROPOSAL_CHOSEN)],
    ['AUTHENTICATION_FAILED', notify(Notification.AUTHENTICATION_FAILED)],
    ['INVALID_SYNTAX', notify(Notification.INVALID_SYNTAX)],
    ['INVALID_MAJOR_VERSION', notify(Notification.INVALID_MAJOR_VERSION)],
    ['an empty COOKIE', notify(Notification.COOKIE)],
    ['a COOKIE of 65 bytes', notify(Notification.COOKIE, new Uint8Array(65))],
    ['INVALID_KE_PAYLOAD for a group we never offered', keWanted(14)],
    ['INVALID_KE_PAYLOAD for the group we sent', keWanted(31)],
    ['INVALID_KE_PAYLOAD without a group', notify(Notification.INVALID_KE_PAYLOAD)],
    ['an error nobody ever registered', notify(8000)],
  ])('does not end or divert the dial by %s (pitfalls 16, 19)', (_name, answer) => {
    const { phone, provoked, after } = listener(answer);
    expect(provoked).toEqual([]);
    expect(phone.eventsOf('sa.established')).toHaveLength(1);
    expect(after.filter(({ to }) => to.ip === ip('192.0.2.66'))).toEqual([]);
  });

  // The hashes of an answer that led nowhere stayed, and AUTH was by a method that the true peer had not announced.
  test('does not say for the peer what that understands (RFC 7427 §4)', () => {
    const id = identity('anna@example.org');
    const own = {
      name: 'own',
      keyId: 'own',
      keyType: 'p256',
      chain: [],
      identities: [id],
    } as const;
    const byKey = { localAuth: 'pubkey', certificate: 'own', virtualIps: [] } as const;
    const { dialer, peer, request } = dialing(byKey, undefined, { certificates: [own] });
    const hashes = notify(Notification.SIGNATURE_HASH_ALGORITHMS, Uint8Array.of(0, 2));
    const refusal = [notify(Notification.NO_PROPOSAL_CHOSEN), hashes];
    peer.send(peer.plain(refusal, { isResponse: true, spiI: request.slice(0, 8) }));
    peer.send(peer.answerInit(request));
    const asked = dialer.asked.map(({ question }) => question);
    expect(asked).toMatchObject([{ kind: 'sign', scheme: 'ecdsa-sha256-raw' }]);
  });

  test('does not end the dial by an answer without payloads', () => {
    expect(listener().phone.eventsOf('sa.established')).toHaveLength(1);
  });
});

test('a responder that never has enough of rounds is given up (pitfall 15)', () => {
  const { world, phone, dial } = household();
  world.wire = ({ from, to, bytes }) => {
    if (from.ip === gatewayAddress) return [];
    const { header } = decodeMessage(bytes);
    const cookie = notify(Notification.COOKIE, Uint8Array.of(world.sent.length));
    const answer = encodeMessage({ ...header, isInitiator: false, isResponse: true }, [cookie]);
    return [{ packet: { from: to, to: from, bytes: answer }, delay: milliseconds(10) }];
  };
  dial();
  world.run(seconds(300));
  expect(phone.eventsOf('attempt.failed')).toHaveLength(1);
  expect(world.sent.length).toBeLessThan(10);
  expect(phone.core.snapshot().sas).toEqual([]);
});

function keWanted(group: number): Payload {
  return notify(Notification.INVALID_KE_PAYLOAD, Uint8Array.of(group >> 8, group & 0xff));
}
