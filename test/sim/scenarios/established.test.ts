// What a client can do once it is logged in: little, and only to itself (RFC 7296 §1.4, §2.4, §3.10.1).
import { describe, expect, test } from 'vitest';
import { ip, prefixRange } from '../../../src/base/ip.ts';
import { seconds } from '../../../src/base/time.ts';
import { Exchange } from '../../../src/iana/exchanges.ts';
import { Notification } from '../../../src/iana/notifies.ts';
import { PayloadType as P } from '../../../src/iana/payloads.ts';
import { KeyExchangeMethod } from '../../../src/iana/transforms.ts';
import { toWire } from '../../../src/ike/negotiate/selectors.ts';
import { everything } from '../../../src/policy/selectors.ts';
import { all, payload } from '../../../src/wire/payloads/index.ts';
import { doorstep, notifies, onlyChild, openNotifies } from '../doorstep.ts';
import { child, none, notify, peerSpi, without } from '../payloads.ts';
import { connection, policy } from '../policies.ts';

const nonce = payload(P.NONCE, { data: new Uint8Array(32) });
const deleteEsp = (...spis: Uint8Array[]) => payload(P.DELETE, { protocol: 3, spis });

describe('INFORMATIONAL', () => {
  test('without payloads is answered without payloads', () => {
    const peer = doorstep().guest();
    for (let i = 0; i < 3; i++) expect(peer.ask(Exchange.INFORMATIONAL, [])).toEqual([]);
  });

  test('of what we do not know is answered, and changes nothing (pitfall 10)', () => {
    const { gateway, guest } = doorstep();
    const peer = guest();
    const strange = [
      notify(0xfff0),
      notify(Notification.SET_WINDOW_SIZE, Uint8Array.of(0, 0, 0, 9)),
      notify(Notification.REKEY_SA, none, 1),
      notify(Notification.REKEY_SA, peerSpi, 255),
      payload(P.VENDOR, { data: new Uint8Array(0) }),
      { type: -1, number: 250, critical: false, body: new Uint8Array(9) } as const,
    ];
    for (const one of strange) expect(peer.ask(Exchange.INFORMATIONAL, [one])).toEqual([]);
    expect(gateway.core.snapshot().sas).toMatchObject([{ phase: 'established' }]);
    expect(gateway.children.size).toBe(1);
  });

  test('of content that does not parse is answered INVALID_SYNTAX inside, and ends the SA (pitfall 11)', () => {
    const { gateway, guest } = doorstep();
    const peer = guest();
    const bad = { first: P.DELETE, inner: Uint8Array.of(0, 0, 0, 8, 1, 4, 0, 9) };
    peer.send(peer.sealRaw(Exchange.INFORMATIONAL, bad));
    expect(notifies(peer.lastHeard().payloads)).toEqual(['INVALID_SYNTAX']);
    expect(gateway.core.snapshot().sas).toEqual([]);
    expect(gateway.released).toEqual(['10.3.0.2']);
  });
});

describe('DELETE', () => {
  test("of another client's SPI, or of our own, has no effect (class 25, pitfall 61)", () => {
    const { gateway, guest } = doorstep();
    guest({
      id: 'ben@example.org',
      from: '198.51.100.8',
      seed: 5,
      spi: Uint8Array.of(0xd0, 0, 0, 1),
    });
    const peer = guest();
    const others = [...gateway.children.values()].flatMap(({ inbound, outbound }) => [
      inbound,
      outbound,
    ]);
    const spis = others.map(({ spi }) =>
      Uint8Array.of(spi >>> 24, (spi >>> 16) & 255, (spi >>> 8) & 255, spi & 255),
    );
    const foreign = spis.filter((spi) => !spi.every((byte, i) => byte === peerSpi[i]));
    expect(foreign).toHaveLength(3);
    expect(peer.ask(Exchange.INFORMATIONAL, [deleteEsp(...foreign)])).toEqual([]);
    expect(gateway.children.size).toBe(2);
  });

  test('of its own SPI takes the tunnel and names ours; the IKE SA and the neighbour stand (pitfall 61)', () => {
    const { gateway, guest } = doorstep();
    guest({
      id: 'ben@example.org',
      from: '198.51.100.8',
      seed: 5,
      spi: Uint8Array.of(0xd0, 0, 0, 1),
    });
    const peer = guest();
    const answer = peer.ask(Exchange.INFORMATIONAL, [deleteEsp(peerSpi, peerSpi)]);
    expect(all(answer ?? [], P.DELETE)).toMatchObject([{ protocol: 3 }]);
    expect(all(answer ?? [], P.DELETE)[0]?.spis).toHaveLength(1);
    expect(gateway.children.size).toBe(1);
    expect(gateway.core.snapshot().sas).toHaveLength(2);
  });

  test('of two hundred SPIs, of AH and of nothing is answered', () => {
    const { gateway, guest } = doorstep();
    const peer = guest();
    const many = Array.from({ length: 200 }, () => peer.rng(4));
    expect(peer.ask(Exchange.INFORMATIONAL, [deleteEsp(...many)])).toEqual([]);
    expect(
      peer.ask(Exchange.INFORMATIONAL, [payload(P.DELETE, { protocol: 2, spis: [peerSpi] })]),
    ).toEqual([]);
    expect(peer.ask(Exchange.INFORMATIONAL, [deleteEsp()])).toEqual([]);
    expect(gateway.children.size).toBe(1);
  });

  test('of the IKE SA is answered empty and repeated for a moment (pitfall 61)', () => {
    const { world, gateway, guest } = doorstep();
    const peer = guest();
    const bye = peer.seal(Exchange.INFORMATIONAL, [payload(P.DELETE, { protocol: 1, spis: [] })]);
    expect(peer.hears(() => [1, 2].map(() => peer.send(bye)))).toHaveLength(2);
    expect(gateway.core.snapshot().sas).toEqual([]);
    world.run(seconds(11));
    expect(peer.hears(() => peer.send(bye)).map(openNotifies)).toEqual([['INVALID_IKE_SPI']]);
    expect(gateway.deadline).toBeUndefined();
  });
});

describe('CREATE_CHILD_SA', () => {
  const another = () => [...without(child(), P.CP), nonce];

  test('for another tunnel is answered, up to a bound, and NO_ADDITIONAL_SAS from there on', () => {
    const { gateway, guest } = doorstep();
    const peer = guest();
    for (let i = 1; i < 32; i++) {
      expect(notifies(peer.ask(Exchange.CREATE_CHILD_SA, another()))).toEqual([]);
      expect(gateway.children.size).toBe(1 + i);
    }
    const refused = peer.ask(Exchange.CREATE_CHILD_SA, another());
    expect(notifies(refused)).toEqual(['NO_ADDITIONAL_SAS']);
    expect(gateway.children.size).toBe(32);
  });

  test('for networks beyond the policy is TS_UNACCEPTABLE (pitfall 54)', () => {
    const { gateway, guest } = doorstep();
    const everywhere = child().map((one) => (one.type === P.TSI ? payload(P.TSI, elsewhere) : one));
    const refused = guest().ask(Exchange.CREATE_CHILD_SA, [...without(everywhere, P.CP), nonce]);
    expect(notifies(refused)).toEqual(['TS_UNACCEPTABLE']);
    expect(gateway.children.size).toBe(1);
  });

  // CVE-2023-38710: a REKEY_SA of no protocol, or of another, brought a daemon down.
  test.each([
    ['of protocol 0', 0, peerSpi],
    ['of protocol IKE', 1, peerSpi],
    ['with an SPI of another size', 3, new Uint8Array(8).fill(1)],
  ])('to rekey %s does not parse, and ends the SA', (_name, protocol, spi) => {
    const { gateway, guest } = doorstep();
    const rekey = [notify(Notification.REKEY_SA, none, protocol, spi), ...another()];
    expect(notifies(guest().ask(Exchange.CREATE_CHILD_SA, rekey))).toEqual(['INVALID_SYNTAX']);
    expect(gateway.children.size).toBe(0);
  });

  test.each([
    ['of protocol 255', 255, peerSpi],
    ['with an SPI that nobody has', 3, Uint8Array.of(1, 2, 3, 4)],
  ])(
    'to rekey %s is CHILD_SA_NOT_FOUND, and the tunnel lives (pitfalls 56, C12)',
    (_name, protocol, spi) => {
      const { gateway, guest } = doorstep();
      const peer = guest();
      const rekey = [notify(Notification.REKEY_SA, none, protocol, spi), ...another()];
      expect(notifies(peer.ask(Exchange.CREATE_CHILD_SA, rekey))).toEqual(['CHILD_SA_NOT_FOUND']);
      expect(gateway.children.size).toBe(1);
      expect(peer.ask(Exchange.INFORMATIONAL, [])).toEqual([]);
    },
  );

  test('to rekey with a wider offer than before keeps the selectors (Windows, RFC 7296 §2.9.2)', () => {
    const { gateway, guest } = doorstep();
    const peer = guest();
    const [before] = gateway.sa.children;
    const rekey = [notify(Notification.REKEY_SA, none, 3, peerSpi), ...another()];
    expect(notifies(peer.ask(Exchange.CREATE_CHILD_SA, rekey))).toEqual([]);
    const after = gateway.sa.children.at(-1);
    expect([after?.local, after?.remote]).toEqual([before?.local, before?.remote]);
  });

  test.each([[Exchange.IKE_INTERMEDIATE], [Exchange.IKE_SESSION_RESUME], [99]])(
    'an exchange that has no place here (%i) has no effect',
    (exchange) => {
      const { gateway, guest } = doorstep();
      const peer = guest();
      expect(peer.ask(exchange, [])).toBeUndefined();
      peer.nextId--;
      expect(peer.ask(Exchange.INFORMATIONAL, [])).toEqual([]);
      expect(gateway.core.snapshot().sas).toMatchObject([{ phase: 'established' }]);
    },
  );

  test('a further key exchange for what nobody began ends nothing (RFC 9370 §2.2.4)', () => {
    const { gateway, guest } = doorstep();
    const peer = guest();
    const data = new Uint8Array(32).fill(9);
    const said = peer.ask(Exchange.IKE_FOLLOWUP_KE, [
      payload(P.KE, { method: KeyExchangeMethod.CURVE25519, data }),
      notify(Notification.ADDITIONAL_KEY_EXCHANGE, new Uint8Array(8)),
    ]);
    expect(notifies(said)).toEqual(['STATE_NOT_FOUND']);
    expect(gateway.core.snapshot().sas).toMatchObject([{ phase: 'established' }]);
  });
});

describe('a probe of ours', () => {
  /** A guest that was silent until it was probed. */
  function probed() {
    const step = doorstep({ policy: policy([connection({ dpd: seconds(10) })]) });
    const peer = step.guest();
    step.world.run(seconds(11));
    expect(peer.lastHeard()).toMatchObject({
      header: { exchange: Exchange.INFORMATIONAL, isResponse: false },
      payloads: [],
    });
    return { ...step, peer };
  }
  const critical = { first: 200, inner: Uint8Array.of(0, 0x80, 0, 4) };
  const spoil = ({ peer }: ReturnType<typeof probed>) => {
    const { messageId } = peer.lastHeard().header;
    peer.send(peer.sealRaw(Exchange.INFORMATIONAL, critical, { messageId, isResponse: true }));
  };

  // The bad answer was refused before the exchange saw it, so nothing started the next probe.
  test('that is answered by garbage is not the last one: a peer that is gone is noticed', () => {
    const scene = probed();
    spoil(scene);
    expect(scene.gateway.core.snapshot().sas).toHaveLength(1);
    scene.world.run(seconds(3600));
    expect(scene.gateway.core.snapshot().sas).toEqual([]);
  });

  test('or a DELETE that is answered by garbage ends nevertheless what it deletes', () => {
    const scene = probed();
    const { world, gateway, peer } = scene;
    peer.respond();
    world.input(gateway, { kind: 'command', command: { kind: 'terminate', which: 'all' } });
    expect(all(peer.lastHeard().payloads, P.DELETE)).toHaveLength(1);
    spoil(scene);
    expect(gateway.core.snapshot().sas).toEqual([]);
    expect(gateway.children.size).toBe(0);
  });

  test('that is answered by garbage does not swallow the DELETE that waits behind it', () => {
    const scene = probed();
    const { world, gateway, peer } = scene;
    world.input(gateway, { kind: 'command', command: { kind: 'terminate', which: 'all' } });
    spoil(scene);
    expect(all(peer.lastHeard().payloads, P.DELETE)).toHaveLength(1);
    world.run(seconds(3600));
    expect(gateway.core.snapshot().sas).toEqual([]);
  });

  test('is not answered by a forged, an old or a replayed response (class 23, pitfalls 6, 47)', () => {
    const { world, gateway, peer } = probed();
    const { messageId } = peer.lastHeard().header;
    const forged = peer.seal(Exchange.INFORMATIONAL, [], { messageId, isResponse: true });
    forged[forged.length - 1] = ((forged.at(-1) ?? 0) ^ 1) & 0xff;
    peer.send(forged);
    peer.send(
      peer.seal(Exchange.INFORMATIONAL, [], { messageId: messageId + 1, isResponse: true }),
    );
    peer.send(peer.seal(Exchange.IKE_AUTH, [], { messageId, isResponse: true }));
    peer.send(
      peer.seal(Exchange.INFORMATIONAL, [], { messageId, isResponse: true, isInitiator: false }),
    );
    const asked = peer.hears(() => world.run(seconds(200))).map((bytes) => peer.read(bytes).header);
    expect(gateway.eventsOf('sa.closed')).toMatchObject([{ cause: 'timeout' }]);
    // Who believes one of them asks again, and gives the peer up all the same, a little later.
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.filter((header) => header.messageId !== messageId)).toEqual([]);
  });

  test('that is answered keeps the SA, for as long as answers come', () => {
    const { world, gateway, peer } = probed();
    for (let i = 0; i < 20; i++) {
      peer.respond();
      world.run(seconds(10.5));
    }
    peer.respond();
    expect(gateway.core.snapshot().sas).toHaveLength(1);
    expect(gateway.eventsOf('retransmit')).toEqual([]);
  });
});

// Without new keys the tunnel cannot go on: a peer that is not told would send into a hole.
test('a peer hears DELETE when the keys of its tunnel are worn out (pitfall 63)', () => {
  const { world, gateway, guest } = doorstep();
  const peer = guest();
  const { ref } = onlyChild(gateway);
  world.input(gateway, { kind: 'dataplane', event: { kind: 'hard-limit', child: ref } });
  world.run(seconds(1));
  expect(all(peer.lastHeard().payloads, P.DELETE)).toMatchObject([{ protocol: 1 }]);
  peer.respond();
  expect(gateway.children.size).toBe(0);
});

test('an event about a tunnel that is gone, or never was, is nothing', () => {
  const { world, gateway, guest } = doorstep();
  const peer = guest();
  const { ref, path } = onlyChild(gateway);
  peer.ask(Exchange.INFORMATIONAL, [payload(P.DELETE, { protocol: 1, spis: [] })]);
  const sent = world.sent.length;
  for (const kind of ['hard-limit', 'soft-limit'] as const) {
    world.input(gateway, { kind: 'dataplane', event: { kind, child: ref } });
  }
  world.input(gateway, { kind: 'dataplane', event: { kind: 'moved', child: ref, path } });
  expect(world.sent).toHaveLength(sent);
  expect(gateway.eventsOf('bug')).toEqual([]);
});

/**
 * Whoever stands between the two could write another source address on an authentic ESP packet, and had the tunnel where he
 * liked: IKE was followed behind a NAT alone, ESP by anybody's word (RFC 7296 §2.23).
 */
test('an ESP packet moves no tunnel of a peer that no NAT hides', () => {
  const { world, gateway, guest } = doorstep();
  guest();
  const { ref, path } = onlyChild(gateway);
  const elsewhere = { local: path.local, remote: { ip: ip('192.0.2.99'), port: 4500 } };
  world.input(gateway, {
    kind: 'dataplane',
    event: { kind: 'moved', child: ref, path: elsewhere },
  });
  expect(gateway.paths.get(ref) ?? path).toEqual(path);
  expect(gateway.eventsOf('sa.moved')).toEqual([]);
});

/** A network that is not behind this gateway's peer. */
const elsewhere = toWire([everything(prefixRange({ ip: ip('10.77.0.0'), bits: 24 }))]);
