// Messages in pieces (RFC 7383): over a bad network, and from somebody who makes pieces of his own (class 11).
import { describe, expect, test } from 'vitest';
import { fromText, toHex } from '../../../src/base/bytes.ts';
import { milliseconds, seconds } from '../../../src/base/time.ts';
import { Exchange } from '../../../src/iana/exchanges.ts';
import { PayloadType as P } from '../../../src/iana/payloads.ts';
import { decodeMessage, encodePayloads } from '../../../src/wire/message.ts';
import { type Payload, payload } from '../../../src/wire/payloads/index.ts';
import { doorstep, notifies } from '../doorstep.ts';
import { household, pool } from '../household.ts';
import { login, none } from '../payloads.ts';
import type { HeaderFields, Peer } from '../peer.ts';
import { first, last } from '../pick.ts';
import { connection, identity, phone, policy } from '../policies.ts';
import type { Packet, Ports } from '../world.ts';

/** A gateway and a phone with certificate chains of 3000 bytes each. */
function longChains(fragmentSize: number, seed: number) {
  const own = (name: string) => ({
    name,
    keyId: name,
    keyType: 'rsa' as const,
    chain: [new Uint8Array(1500).fill(1), new Uint8Array(1500).fill(2)],
    identities: [identity(name)],
  });
  const leases = pool(['10.3.0.2']);
  const ports: Ports = (question) => {
    if (question.kind === 'sign') return new Uint8Array(256);
    if (question.kind === 'verify') return true;
    if (question.kind !== 'verifyChain') return leases(question);
    const name = question.purpose === 'client' ? 'anna@example.org' : 'home.example';
    return { ok: true, spki: none, keyType: 'rsa', identities: [identity(name)] };
  };
  const auth = { localAuth: 'pubkey', remoteAuth: ['pubkey'], fragmentSize } as const;
  return household({
    gateway: policy([connection(auth)], { certificates: [own('home.example')] }),
    phone: policy([phone(auth)], { certificates: [own('anna@example.org')] }),
    ports,
    seed,
  });
}

const isPiece = (bytes: Uint8Array) =>
  decodeMessage(bytes).payloads.some(({ type }) => type === P.SKF);

/** The chain of a message in pieces of `room` bytes. */
function pieces(peer: Peer, payloads: readonly Payload[], room: number, fields: HeaderFields = {}) {
  const { first: type, bytes } = encodePayloads(payloads);
  const total = Math.ceil(bytes.length / room);
  return Array.from({ length: total }, (_, i) => {
    const inner = bytes.subarray(i * room, (i + 1) * room);
    const content = { first: i === 0 ? type : 0, inner, place: { number: i + 1, total } };
    return peer.sealRaw(Exchange.IKE_AUTH, content, fields);
  });
}

const sendAll = (peer: Peer, datagrams: readonly Uint8Array[]) => {
  for (const bytes of datagrams) peer.send(bytes, milliseconds(20));
};

describe.each([576, 500])('at %i bytes', (size) => {
  test('no IP datagram is longer, and few pieces do', () => {
    const { world, phone: dialer, dial } = longChains(size, 1);
    dial();
    world.run(seconds(2));
    const long = world.sent.map(({ bytes }) => bytes).filter(isPiece);
    const overhead = 20 + 8 + 4; // IPv4, UDP, the non-ESP marker
    expect(Math.max(...long.map(({ length }) => length + overhead))).toBe(size);
    expect(long.length).toBeLessThanOrEqual(2 * Math.ceil(3500 / (size - 110)));
    expect(dialer.eventsOf('sa.established')).toHaveLength(1);
  });

  test('both ends tell in how many pieces a message travelled, and what was said again', () => {
    const { world, gateway, phone: dialer, dial } = longChains(size, 1);
    // The first answer with certificates is lost, piece by piece: the phone asks again.
    const whole = world.wire;
    const isAnswer = ({ from, bytes }: Packet) => from.ip === gateway.address && isPiece(bytes);
    world.wire = (packet, now) => (isAnswer(packet) ? [] : whole(packet, now));
    dial();
    world.run(seconds(1));
    world.wire = whole;
    world.run(seconds(20));
    const drawn = (host: typeof gateway) =>
      host.eventsOf('message').map(({ direction, message }) => {
        const { exchange, isRequest, fragments } = message;
        return [direction, exchange, isRequest ? 'request' : 'response', fragments > 1];
      });
    const exchange = [
      ['in', 'IKE_SA_INIT', 'request', false],
      ['out', 'IKE_SA_INIT', 'response', false],
      ['in', 'IKE_AUTH', 'request', true],
      ['out', 'IKE_AUTH', 'response', true],
    ];
    expect(drawn(gateway)).toEqual(exchange);
    expect(dialer.eventsOf('message').map(({ message }) => message)).toEqual(
      gateway.eventsOf('message').map(({ message }) => message),
    );
    expect(gateway.eventsOf('repeated')).toMatchObject([{ messageId: 1 }]);
    expect(dialer.eventsOf('retransmit')).toMatchObject([{ messageId: 1, attempt: 1 }]);
  });

  test.each([1, 2, 3, 4, 5, 6])(
    'pieces are lost, doubled and overtaken both ways, and the tunnel comes up (seed %i)',
    (seed) => {
      const { world, gateway, phone: dialer, dial } = longChains(size, seed);
      world.lossy({ seed, loss: 0.2, duplicate: 0.2, jitter: seconds(0.5), mostLosses: 2 });
      dial();
      world.run(seconds(120));
      expect(dialer.core.snapshot().sas).toMatchObject([{ phase: 'established' }]);
      expect(gateway.children.size).toBe(1);
      expect([...gateway.eventsOf('bug'), ...dialer.eventsOf('bug')]).toEqual([]);
    },
  );
});

test('a peer that did not say so gets no fragments, whatever the size', () => {
  const { world, dial } = longChains(500, 1);
  world.wire = ({ from, to, bytes }) => {
    // N(IKEV2_FRAGMENTATION_SUPPORTED) becomes an unknown notify in the request: the gateway hears nothing of it.
    const at = Buffer.from(bytes).indexOf(Buffer.from([0, 0, 0x40, 0x2e]));
    const changed = bytes.slice();
    if (at >= 0) changed[at + 3] = 0xff;
    return [{ packet: { from, to, bytes: changed }, delay: milliseconds(10) }];
  };
  dial();
  world.run(seconds(2));
  expect(world.sent.some(({ bytes }) => isPiece(bytes))).toBe(false);
});

describe('a request in pieces', () => {
  const begin = () => {
    const step = doorstep();
    const peer = step.halfOpen();
    return { ...step, peer, parts: pieces(peer, login(peer), 60) };
  };

  test('counts in any order', () => {
    const { gateway, peer, parts } = begin();
    sendAll(peer, [...parts].reverse());
    expect(gateway.installed).toHaveLength(1);
  });

  // Every piece of a repeated request fetched the whole response: n pieces, n times as many datagrams.
  test('that is repeated is answered once for each first piece (RFC 7383 §2.6.1, pitfall 2)', () => {
    const { peer, parts } = begin();
    const [answer] = peer.hears(() => sendAll(peer, parts));
    const again = peer.hears(() => sendAll(peer, [...parts, ...parts]));
    expect(again.map(toHex)).toEqual([toHex(answer ?? none), toHex(answer ?? none)]);
  });

  test('counts a piece once, the one that came first (class 11, pitfall 48)', () => {
    const { gateway, peer, parts } = begin();
    const other = {
      first: 0,
      inner: new Uint8Array(60),
      place: { number: 2, total: parts.length },
    };
    const impostor = peer.sealRaw(Exchange.IKE_AUTH, other);
    sendAll(peer, [...parts.slice(0, 2), impostor, ...parts.slice(1)]);
    expect(gateway.installed).toHaveLength(1);
    expect(gateway.core.snapshot().counters['fragment.duplicate']).toBe(2);
  });

  test('is not spoilt by forged pieces: each proves itself when it comes (pitfall 49)', () => {
    const { gateway, peer, parts } = begin();
    for (const part of parts) {
      const forged = part.slice();
      forged[forged.length - 1] = ((forged.at(-1) ?? 0) ^ 1) & 0xff;
      const renumbered = part.slice();
      renumbered[33] = ((renumbered[33] ?? 0) % parts.length) + 1;
      sendAll(peer, [forged, renumbered, part]);
    }
    expect(gateway.installed).toHaveLength(1);
    expect(gateway.core.snapshot().counters['dropped.integrity']).toBe(2 * parts.length);
  });

  test('may be cut anew into more pieces, and the old ones are thrown away (pitfall 48)', () => {
    const { gateway, peer, parts } = begin();
    sendAll(peer, parts.slice(0, -1));
    sendAll(peer, pieces(peer, login(peer), 40));
    expect(gateway.installed).toHaveLength(1);
  });

  test('may not be cut anew into fewer pieces (pitfall 48)', () => {
    const { gateway, peer, parts } = begin();
    const fewer = pieces(peer, login(peer), 100);
    expect(peer.hears(() => sendAll(peer, [first(parts), ...fewer]))).toEqual([]);
    expect(gateway.core.snapshot().counters['fragment.stale']).toBe(fewer.length);
    sendAll(peer, parts.slice(1));
    expect(gateway.installed).toHaveLength(1);
  });

  test('is not put together from pieces of two messages', () => {
    const { gateway, peer, parts } = begin();
    const next = pieces(peer, login(peer), 60, { messageId: 2 });
    expect(peer.hears(() => sendAll(peer, [...parts.slice(0, -1), last(next)]))).toEqual([]);
    expect(gateway.installed).toEqual([]);
  });

  test('is overtaken by its whole self, and late pieces fetch nothing but its answer (pitfall 49)', () => {
    const { gateway, peer, parts } = begin();
    sendAll(peer, parts.slice(0, 2));
    const [answer] = peer.hears(() => peer.send(peer.seal(Exchange.IKE_AUTH, login(peer))));
    const late = peer.hears(() => sendAll(peer, parts));
    expect(late.map(toHex)).toEqual([toHex(answer ?? none)]);
    expect(gateway.installed).toHaveLength(1);
  });

  test('that is never completed ends with its half-open SA', () => {
    const { world, gateway, peer, parts } = begin();
    expect(peer.hears(() => sendAll(peer, parts.slice(1)))).toEqual([]);
    world.run(seconds(60));
    expect([gateway.core.snapshot().sas, gateway.deadline]).toEqual([[], undefined]);
  });

  test('of an exchange before its time has no effect either (class 1, pitfall 42)', () => {
    const { gateway, peer } = begin();
    const nonce = payload(P.NONCE, { data: new Uint8Array(200) });
    const early = pieces(peer, [nonce], 60).map((_, i, all) => {
      const { bytes, first: type } = encodePayloads([nonce]);
      const inner = bytes.subarray(i * 60, (i + 1) * 60);
      const place = { number: i + 1, total: all.length };
      return peer.sealRaw(Exchange.CREATE_CHILD_SA, { first: i === 0 ? type : 0, inner, place });
    });
    expect(peer.hears(() => sendAll(peer, early))).toEqual([]);
    expect(gateway.core.snapshot().sas).toEqual([]);
  });
});

describe('a piece', () => {
  test.each([
    [0, 3],
    [4, 3],
    [1, 0],
    [0, 0],
  ])('%i of %i does not parse', (number, total) => {
    const { gateway, halfOpen } = doorstep();
    const peer = halfOpen();
    const place = { number, total };
    peer.send(peer.sealRaw(Exchange.IKE_AUTH, { first: P.IDI, inner: new Uint8Array(9), place }));
    expect(gateway.core.snapshot().counters['dropped.malformed']).toBe(1);
  });

  test.each([129, 65_535])('of %i is refused: nobody needs so many (pitfall 48)', (total) => {
    const { gateway, halfOpen } = doorstep();
    const peer = halfOpen();
    const place = { number: total, total };
    peer.send(peer.sealRaw(Exchange.IKE_AUTH, { first: 0, inner: new Uint8Array(9), place }));
    expect(gateway.core.snapshot().counters['fragment.too-many']).toBe(1);
    expect(peer.ask(Exchange.IKE_AUTH, login(peer))).toHaveLength(6);
  });

  test('makes no message longer than a datagram could be', () => {
    const { gateway, guest } = doorstep();
    const peer = guest();
    for (let number = 1; number <= 127; number++) {
      const place = { number, total: 128 };
      const content = { first: 0, inner: new Uint8Array(1000), place };
      peer.send(peer.sealRaw(Exchange.INFORMATIONAL, content));
    }
    expect(gateway.core.snapshot().counters['fragment.too-long']).toBe(127 - 65);
  });

  // libreswan kept the outer payloads in an array of fixed size (CVE-2026-12413).
  test.each([10, 120, 127, 200])('behind %i payloads in the clear is not believed', (many) => {
    const { gateway, halfOpen } = doorstep();
    const peer = halfOpen();
    const clutter = Array.from(
      { length: many },
      (_, i): Payload => ({
        type: -1,
        number: 128 + (i % 100),
        critical: false,
        body: none,
      }),
    );
    const sealed = payload(P.SKF, {
      first: P.IDI,
      number: 1,
      total: 1,
      sealed: new Uint8Array(40),
    });
    const fields = { exchange: Exchange.IKE_AUTH, messageId: 1 };
    expect(peer.hears(() => peer.send(peer.plain([...clutter, sealed], fields)))).toEqual([]);
    expect(gateway.core.snapshot().sas).toMatchObject([{ phase: 'auth' }]);
  });

  test('of nonsense that is whole refuses IKE_AUTH like any other nonsense', () => {
    const { gateway, halfOpen } = doorstep();
    const peer = halfOpen();
    const place = { number: 1, total: 1 };
    const inner = fromText('nonsense');
    peer.send(peer.sealRaw(Exchange.IKE_AUTH, { first: P.SA, inner, place }));
    expect(notifies(peer.lastHeard().payloads)).toEqual(['INVALID_SYNTAX']);
    expect(gateway.core.snapshot().sas).toEqual([]);
    expect(gateway.children.size).toBe(0);
  });
});
