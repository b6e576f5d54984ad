// Strangers in numbers: what they may cost, and who must still get in (classes 8, 16, 17; RFC 7296 §2.6, RFC 8019).
import { describe, expect, test } from 'vitest';
import { concat } from '../../../src/base/bytes.ts';
import { ip, ipBytes } from '../../../src/base/ip.ts';
import { milliseconds, seconds } from '../../../src/base/time.ts';
import { Exchange } from '../../../src/iana/exchanges.ts';
import { Notification } from '../../../src/iana/notifies.ts';
import { PayloadType as P } from '../../../src/iana/payloads.ts';
import { KeyExchangeMethod, TransformType } from '../../../src/iana/transforms.ts';
import { decodeMessage } from '../../../src/wire/message.ts';
import { all, find, payload } from '../../../src/wire/payloads/index.ts';
import { type Doorstep, doorstep, gatewayAddress, openNotifies } from '../doorstep.ts';
import { login, none, notify } from '../payloads.ts';
import { Peer } from '../peer.ts';
import { last } from '../pick.ts';
import { connection, policy, proposals } from '../policies.ts';

const aMoment = milliseconds(21);
const fewHalfOpen = {
  cookieThreshold: 5,
  cookieThresholdPerSource: 3,
  halfOpen: 10,
  halfOpenPerSource: 5,
};

/** Says IKE_SA_INIT, with the cookie if one is demanded. @returns the response, if a key exchange came of it */
function knock(peer: Peer): Uint8Array | undefined {
  const [answer] = peer.hears(() => peer.send(peer.initRequest(), aMoment));
  const cookie = answer && cookieIn(answer);
  if (!cookie) return answer;
  const retry = peer.initRequest([notify(Notification.COOKIE, cookie)]);
  return peer.hears(() => peer.send(retry, aMoment))[0];
}

/** A neighbour who is slow: between its IKE_SA_INIT and its IKE_AUTH, much may happen. */
function begin(peer: Peer): { readonly goOn: () => readonly number[] } {
  peer.takeInit(knock(peer) ?? none);
  const auth = peer.seal(Exchange.IKE_AUTH, login(peer, { secret: 'none' }));
  const goOn = () =>
    peer
      .hears(() => peer.send(auth, aMoment))
      .flatMap((bytes) => decodeMessage(bytes).payloads.map(({ type }) => type));
  return { goOn };
}

const cookieIn = (bytes: Uint8Array): Uint8Array | undefined =>
  all(decodeMessage(bytes).payloads, P.NOTIFY).find(({ type }) => type === Notification.COOKIE)
    ?.data;

const count = ({ gateway }: Doorstep, name: string): number =>
  gateway.core.snapshot().counters[name] ?? 0;

/** An IKE_SA_INIT request of these proposals; its KE is not worth a look. */
function request(peer: Peer, offered: readonly (readonly [type: number, id: number])[][]) {
  const proposal = (transforms: readonly (readonly [number, number])[], i: number) => ({
    number: (i % 255) + 1,
    protocol: 1,
    spi: none,
    transforms: transforms.map(([type, id]) => {
      const keyBits = type === TransformType.ENCR && id === 20 ? 256 : undefined;
      return { type, id, keyBits, isKnown: true };
    }),
  });
  return peer.plain([
    payload(P.SA, { proposals: offered.map(proposal) }),
    payload(P.KE, { method: KeyExchangeMethod.MODP_4096, data: Uint8Array.of(1) }),
    payload(P.NONCE, { data: peer.ni }),
  ]);
}

describe('a request that was asked for a cookie', () => {
  /** The request that was sent, behind a cookie. */
  const behind = (peer: Peer, cookie: Uint8Array): Uint8Array => {
    const { payloads } = decodeMessage(peer.request);
    peer.request = peer.plain([
      notify(Notification.COOKIE, cookie),
      ...payloads.filter(({ type }) => type !== P.NOTIFY),
      ...payloads.filter((one) => one.type === P.NOTIFY && one.body.type !== Notification.COOKIE),
    ]);
    return peer.request;
  };
  /** Asked for a cookie while somebody else is coming in, and let in when it comes again later. */
  const admitted = () => {
    const limits = { ...policy([]).limits, cookieThreshold: 1 };
    const step = doorstep({ policy: policy([connection()], { limits }) });
    knock(step.stranger({ seed: 7, from: '198.51.100.70' }));
    const peer = step.stranger();
    const [demand = none] = peer.hears(() => peer.send(peer.initRequest(), aMoment));
    step.world.run(seconds(60));
    const [response = none] = peer.hears(() => peer.send(peer.request, aMoment));
    return { ...step, peer, response, cookie: cookieIn(demand) ?? none };
  };

  // One copy of it waited until the gateway was busy and was asked for a cookie, its repetition was admitted: with the
  // cookie it looked like another request, and AUTH covered what the gateway had not kept. charon said «initiating» three
  // times, and the log «the pre-shared key is not the same».
  test('although it was admitted, may come with the cookie, and AUTH covers that', () => {
    const { gateway, peer, response, cookie } = admitted();
    expect(peer.hears(() => peer.send(behind(peer, cookie), aMoment))).toEqual([response]);
    expect(gateway.core.snapshot().sas).toHaveLength(1);
    peer.takeInit(response);
    peer.send(peer.seal(Exchange.IKE_AUTH, login(peer)), aMoment);
    expect(gateway.core.snapshot().sas.map(({ phase }) => phase)).toEqual(['established']);
  });

  // Whoever listens could send it behind a cookie of his own, and nobody would get in.
  test('may not come with a cookie that is not ours', () => {
    const { gateway, peer, response } = admitted();
    const { request } = peer;
    peer.send(behind(peer, new Uint8Array(33)), aMoment);
    peer.request = request;
    peer.takeInit(response);
    peer.send(peer.seal(Exchange.IKE_AUTH, login(peer)), aMoment);
    expect(gateway.core.snapshot().sas.map(({ phase }) => phase)).toEqual(['established']);
  });
});

describe('a flood', () => {
  test('from behind the same NAT does not lock a neighbour out (class 17)', () => {
    const { gateway, stranger } = doorstep();
    for (let i = 0; i < 25; i++) knock(stranger({ seed: 3000 + i }));
    expect(gateway.core.snapshot().sas).toHaveLength(20);
    expect(knock(stranger({ seed: 42, port: 501 }))).toBeDefined();
    expect(gateway.core.snapshot().sas).toHaveLength(20);
  });

  // The oldest of a source made room: a neighbour who took a second from IKE_SA_INIT to IKE_AUTH, while thirty
  // handshakes a second came from behind the same NAT, was given up, and asked in vain for another forty.
  test('from behind the same NAT does not push out a neighbour who has begun (class 17)', () => {
    const { gateway, stranger } = doorstep();
    const neighbour = begin(stranger({ seed: 42, port: 501 }));
    for (let i = 0; i < 100; i++) knock(stranger({ seed: 3000 + i, port: 1024 + (i % 15) }));
    expect(gateway.core.snapshot().sas).toHaveLength(20);
    expect(neighbour.goOn()).toEqual([P.SK]);
  });

  test('of one source pushes out none of another’s (class 16)', () => {
    const limits = { ...fewHalfOpen, halfOpenPerSource: 10 };
    const { gateway, stranger } = doorstep({ policy: policy([connection()], { limits }) });
    const other = begin(stranger({ seed: 42 }));
    for (let i = 0; i < 40; i++) knock(stranger({ seed: 3000 + i, from: '198.51.100.100' }));
    for (let i = 0; i < 5; i++) knock(stranger({ seed: 4000 + i, from: `198.51.100.${i + 101}` }));
    expect(gateway.core.snapshot().sas).toHaveLength(10);
    expect(other.goOn()).toEqual([P.SK]);
  });

  test('from everywhere does not lock a newcomer out, and keeps to the limit (class 16)', () => {
    const limits = fewHalfOpen;
    const { gateway, stranger } = doorstep({ policy: policy([connection()], { limits }) });
    for (let i = 0; i < 40; i++) knock(stranger({ seed: 3000 + i, from: `198.51.100.${i + 100}` }));
    expect(gateway.core.snapshot().sas).toHaveLength(10);
    expect(knock(stranger({ seed: 42 }))).toBeDefined();
    expect(gateway.core.snapshot().sas).toHaveLength(10);
  });

  // An IPv6 host has a /64 to choose addresses from: one each would pass under every limit.
  test('from many addresses of one IPv6 host counts as one source', () => {
    const step = doorstep({ address: '2001:db8::1' });
    for (let i = 1; i < 9; i++) knock(step.stranger({ seed: i, from: `2001:db8:7::${i}` }));
    expect(count(step, 'cookie.demanded')).toBe(5);
  });

  test('of requests with forged sources keeps no state and fetches little (classes 6, 16)', () => {
    const step = doorstep({
      policy: policy([connection()], { limits: { ...policy([]).limits, cookieThreshold: 0 } }),
    });
    const peer = step.stranger();
    const request = peer.initRequest();
    const answers = peer.hears(() => {
      for (let i = 0; i < 50; i++) peer.send(request, aMoment);
    });
    expect(step.gateway.core.snapshot().sas).toEqual([]);
    expect(answers).toHaveLength(50);
    expect(Math.max(...answers.map(({ length }) => length))).toBeLessThan(request.length);
  });

  test('of wrong passwords is slowed down: failed handshakes count until they are forgotten', () => {
    const { world, gateway, stranger } = doorstep();
    let admitted = 0;
    for (let i = 0; i < 60; i++) {
      const peer = stranger({ seed: 1000 + i });
      const [answer] = peer.hears(() => peer.send(peer.initRequest(), aMoment));
      if (!answer || cookieIn(answer)) continue;
      peer.takeInit(answer);
      admitted++;
      peer.send(peer.seal(Exchange.IKE_AUTH, login(peer, { secret: `guess ${i}` })), aMoment);
    }
    expect(admitted).toBeLessThan(10);
    world.run(seconds(60));
    expect([gateway.core.snapshot().sas, gateway.deadline]).toEqual([[], undefined]);
  });

  // Each refused request left no half-open SA behind, so nothing counted it, but each cost an exponentiation.
  test('of bad KE values is asked for cookies (class 9)', () => {
    const ike = proposals('ike', 'aes256gcm16-prfsha256-modp4096');
    const step = doorstep({ policy: policy([connection({ ike })]) });
    for (let i = 0; i < 100; i++) {
      const peer = step.stranger({ seed: 2000 + i });
      const offered = [
        [1, 20],
        [2, 5],
        [4, KeyExchangeMethod.MODP_4096],
      ] as const;
      peer.send(request(peer, [[...offered]]), milliseconds(1));
    }
    expect(count(step, 'cookie.demanded')).toBeGreaterThan(50);
    expect(step.gateway.core.snapshot().sas).toEqual([]);
  });
});

describe('a cookie', () => {
  const busy = () =>
    doorstep({
      policy: policy([connection()], { limits: { ...policy([]).limits, cookieThreshold: 0 } }),
    });

  test.each([0, 1, 33, 64, 65, 2000])('of %i bytes that we did not make is no cookie', (bytes) => {
    const { gateway, stranger } = busy();
    const peer = stranger();
    const bad = peer.initRequest([notify(Notification.COOKIE, peer.rng(bytes))]);
    const answers = peer.hears(() => peer.send(bad));
    expect(answers.map(openNotifies)).toEqual([['COOKIE']]);
    expect(gateway.core.snapshot().sas).toEqual([]);
  });

  test('is good only for the address, the SPI and the nonce it was made for (class 27, pitfall 14)', () => {
    const { gateway, stranger } = busy();
    const peer = stranger();
    peer.send(peer.initRequest());
    const cookie = notify(Notification.COOKIE, cookieIn(last(peer.received())));
    const others = [stranger({ from: '198.51.100.8' }), stranger({ seed: 5 }), stranger()];
    last(others).ni = peer.rng(32);
    for (const other of others) other.send(other.initRequest([cookie]));
    expect(gateway.core.snapshot().sas).toEqual([]);
  });

  test('is demanded of nobody who said less than that takes', () => {
    const { gateway, stranger } = busy();
    const peer = stranger();
    expect(peer.hears(() => peer.send(peer.plain([])))).toEqual([]);
    expect(gateway.core.snapshot().counters['answer.withheld']).toBe(1);
  });

  // It was made of Ni | IPi | SPIi: who has a /64 made one for any IPv4 address in the world.
  test('for an IPv6 address is none for the IPv4 address at its beginning or end', () => {
    const { gateway, world } = busy();
    gateway.also = ['2001:db8::1'];
    const peer = new Peer(world, { from: '2001:db8:1:2:3:4:c633:6407', to: '2001:db8::1' });
    peer.send(peer.initRequest());
    const cookie = notify(Notification.COOKIE, cookieIn(last(peer.received())));
    const address = ipBytes(peer.from.ip);
    const atEnd = new Peer(world, { from: '198.51.100.7', to: gateway.address });
    atEnd.ni = concat(peer.ni, address.subarray(0, 12));
    const first = new Peer(world, { from: '32.1.13.184', to: gateway.address });
    first.spiI = address.slice(4, 12);
    first.ni = concat(address.subarray(12), peer.spiI, peer.ni);
    for (const other of [atEnd, first]) {
      other.send(other.initRequest([cookie]));
      expect(other.received().map(openNotifies)).toEqual([['COOKIE']]);
    }
    expect(gateway.core.snapshot().sas).toEqual([]);
  });

  test('is good across the change of the secret, and not forever (pitfall 14)', () => {
    const { world, gateway, stranger } = busy();
    const peer = stranger();
    peer.send(peer.initRequest());
    const retry = peer.initRequest([notify(Notification.COOKIE, cookieIn(last(peer.received())))]);
    world.run(seconds(130));
    stranger({ seed: 5 }).send(stranger({ seed: 5 }).initRequest());
    peer.send(retry);
    expect(gateway.core.snapshot().sas).toHaveLength(1);
    world.run(seconds(400));
    for (const seed of [6, 7])
      stranger({ seed }).send(stranger({ seed }).initRequest(), seconds(130));
    peer.send(retry);
    expect(gateway.core.snapshot().sas).toEqual([]);
  });
});

describe('one IKE_SA_INIT request', () => {
  test('of many proposals is judged by the first 64 alone (class 8)', () => {
    const useless = [
      [1, 1000],
      [4, 1000],
    ] as const;
    const good = [
      [1, 20],
      [2, 5],
      [4, KeyExchangeMethod.CURVE25519],
    ] as const;
    const answersTo = (before: number) => {
      const { gateway, stranger } = doorstep();
      const peer = stranger();
      const offers = [...Array.from({ length: before }, () => [...useless]), [...good]];
      const answers = peer.hears(() => peer.send(request(peer, offers)));
      const [failed] = gateway.eventsOf('attempt.failed');
      expect(failed?.why.length ?? 0).toBeLessThan(1000);
      return answers.map(openNotifies);
    };
    expect(answersTo(63)).toEqual([['INVALID_KE_PAYLOAD']]);
    expect(answersTo(64)).toEqual([['NO_PROPOSAL_CHOSEN']]);
    expect(answersTo(200)).toEqual([]); // longer than any honest request
  });

  test.each([4097, 20_000, 60_000])('of %i bytes is too long to be kept (class 29)', (bytes) => {
    const { gateway, stranger } = doorstep();
    const peer = stranger();
    const vendor = payload(P.VENDOR, { data: new Uint8Array(bytes) });
    expect(peer.hears(() => peer.send(peer.initRequest([vendor])))).toEqual([]);
    expect(gateway.core.snapshot().counters['dropped.malformed']).toBe(1);
  });

  test('to a router that serves nobody is not answered', () => {
    const { stranger } = doorstep({ policy: policy([connection({ role: 'initiator' })]) });
    const peer = stranger();
    expect(peer.hears(() => peer.send(peer.initRequest()))).toEqual([]);
  });

  // While the dead SA lingered, it repeated an answer that led nowhere: a dial of many losses was lost for good.
  test('leaves nothing once its handshake took too long, and may come again at once', () => {
    const { world, gateway, stranger } = doorstep();
    const peer = stranger();
    peer.send(peer.initRequest());
    const [before] = peer.received();
    world.run(seconds(31));
    expect(gateway.deadline).toBeUndefined();
    const [answer] = peer.hears(() => peer.send(peer.request));
    expect(answer && find(decodeMessage(answer).payloads, P.KE)).toBeDefined();
    expect(answer).not.toEqual(before);
    peer.takeInit(answer ?? none);
    expect(peer.ask(Exchange.IKE_AUTH, login(peer))).toHaveLength(6);
    expect(gateway.installed).toHaveLength(1);
  });
});

// Where the data plane asks for cookies, those are not ours: whoever brought one would be asked again, and again.
test('whose cookie the data plane has seen is not asked for another', () => {
  const limits = { ...policy([]).limits, cookieThreshold: 0 };
  const { world, gateway, stranger } = doorstep({ policy: policy([connection()], { limits }) });
  const peer = stranger();
  const path = { local: peer.to, remote: peer.from };
  const bytes = peer.initRequest([notify(Notification.COOKIE, new Uint8Array(33))]);
  for (const kind of ['datagram', 'proven'] as const) {
    world.input(gateway, { kind, path, bytes: bytes.slice() });
    const answered = openNotifies(last(peer.received(), 'answer'));
    expect(answered.includes('COOKIE')).toBe(kind === 'datagram');
  }
});

test('junk for a gateway of many SAs leads nowhere, and is counted', () => {
  const { gateway, world } = doorstep();
  const path = {
    local: { ip: ip(gatewayAddress), port: 500 },
    remote: { ip: ip('192.0.2.9'), port: 9 },
  };
  for (let length = 0; length < 64; length++) {
    const bytes = new Uint8Array(length).fill(0x20);
    const { effects } = gateway.core.handle(world.now, { kind: 'datagram', path, bytes });
    expect(effects.filter(({ kind }) => kind !== 'report')).toEqual([]);
  }
  const { counters } = gateway.core.snapshot();
  const dropped = Object.entries(counters).filter(([name]) => name.startsWith('dropped.'));
  expect(dropped.reduce((sum, [, n]) => sum + n, 0)).toBe(64);
});
