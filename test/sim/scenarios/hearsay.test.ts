// What anybody can say without keys: that an SPI is unknown. It is a hint at most (RFC 7296 §1.5, §2.4, §2.21.4).
import { describe, expect, test } from 'vitest';
import { fromHex } from '../../../src/base/bytes.ts';
import { seconds } from '../../../src/base/time.ts';
import { Exchange } from '../../../src/iana/exchanges.ts';
import { Notification } from '../../../src/iana/notifies.ts';
import { decodeMessage, encodeMessage } from '../../../src/wire/message.ts';
import { doorstep, notifies } from '../doorstep.ts';
import { household } from '../household.ts';
import { expectAgreement } from '../model.ts';
import { none, notify, peerSpi } from '../payloads.ts';
import { connection, phone, policy } from '../policies.ts';

const hints = [
  ['INVALID_IKE_SPI', notify(Notification.INVALID_IKE_SPI)],
  ['INVALID_SPI', notify(Notification.INVALID_SPI, peerSpi)],
  ['AUTHENTICATION_FAILED', notify(Notification.AUTHENTICATION_FAILED)],
] as const;
const messageOf = (spis: { spiI: string; spiR: string }) => ({
  spiI: fromHex(spis.spiI),
  spiR: fromHex(spis.spiR),
  majorVersion: 2,
  minorVersion: 0,
});

describe.each(hints)('%s without protection', (name, hint) => {
  const isAboutSpi = name !== 'AUTHENTICATION_FAILED';

  test.each([0, 1, 2, 3])(
    'to the gateway ends nothing, and is asked about once at most (pitfall 64; Message ID %i)',
    (messageId) => {
      const { gateway, guest } = doorstep();
      const peer = guest();
      const heard = peer.hears(() => {
        for (const isResponse of [false, true]) {
          const fields = { exchange: Exchange.INFORMATIONAL, messageId, isResponse };
          peer.send(peer.plain([hint], fields));
        }
      });
      expect(heard.map((bytes) => peer.read(bytes).payloads)).toEqual(isAboutSpi ? [[]] : []);
      if (isAboutSpi) peer.respond();
      expect(gateway.sa.phase).toBe('established');
      expect(gateway.children.size).toBe(1);
      expect(peer.ask(Exchange.INFORMATIONAL, [])).toEqual([]);
    },
  );

  test('in the place of an answer to a probe ends nothing, and the true answer counts (pitfall 64)', () => {
    const house = household({
      gateway: policy([connection({ dpd: seconds(10) })]),
      phone: policy([phone()]),
    });
    const { world, gateway, phone: dialer } = house;
    house.dial();
    world.run(seconds(1));
    const { path, spiI, spiR } = gateway.sa;
    const lie = encodeMessage(
      {
        ...messageOf({ spiI, spiR }),
        exchange: Exchange.INFORMATIONAL,
        isInitiator: true,
        isResponse: true,
        messageId: 0,
      },
      [hint],
    );
    world.wire = (packet) => [{ packet, delay: seconds(0.5) }];
    world.run(seconds(10.2));
    world.input(gateway, { kind: 'datagram', path, bytes: lie });
    world.run(seconds(30));
    expectAgreement(world, gateway, dialer);
  });
});

describe('a hint', () => {
  const hint = notify(Notification.INVALID_IKE_SPI);
  const fields = { exchange: Exchange.INFORMATIONAL, messageId: 7, isResponse: true };

  test('counts once in half a minute, however many come (pitfall 64)', () => {
    const { world, guest } = doorstep();
    const peer = guest();
    const hearing = () => {
      const heard = peer.hears(() => {
        for (let i = 0; i < 50; i++) peer.send(peer.plain([hint], fields), seconds(0.001));
        world.run(seconds(0.1));
      });
      if (heard.length > 0) peer.respond();
      return heard.length;
    };
    expect([hearing(), hearing()]).toEqual([1, 0]);
    world.run(seconds(31));
    expect([hearing(), hearing()]).toEqual([1, 0]);
  });

  test('from somewhere else is none (pitfall 64)', () => {
    const { gateway, guest, stranger } = doorstep();
    const peer = guest();
    const bytes = peer.plain([hint], fields);
    stranger({ from: '192.0.2.66' }).send(bytes);
    expect(gateway.core.snapshot().counters['unknown-spi.heeded']).toBeUndefined();
  });

  test('that is true ends an SA whose peer forgot it, by silence alone (pitfall 64)', () => {
    const { world, gateway, guest } = doorstep();
    const peer = guest();
    peer.send(
      peer.plain([notify(Notification.INVALID_SPI, peerSpi)], { ...fields, isResponse: false }),
    );
    expect(gateway.sa.phase).toBe('established');
    world.run(seconds(120));
    expect(gateway.core.snapshot().sas).toEqual([]);
    expect(gateway.eventsOf('sa.closed')).toMatchObject([{ cause: 'timeout' }]);
  });
});

describe('a message for an SPI that nobody has', () => {
  const visitor = () => {
    const step = doorstep();
    const peer = step.halfOpen({ from: '192.0.2.66' });
    peer.spiR = new Uint8Array(8).fill(9);
    return { ...step, peer };
  };
  const request = { exchange: Exchange.INFORMATIONAL, messageId: 5 };

  test('is answered INVALID_IKE_SPI with its SPIs and Message ID (RFC 7296 §1.5, pitfall 64)', () => {
    const { peer } = visitor();
    const [answer, ...more] = peer.hears(() =>
      peer.send(peer.seal(Exchange.INFORMATIONAL, [], { messageId: 5 })),
    );
    expect(more).toEqual([]);
    const { header, payloads } = decodeMessage(answer ?? none);
    const { spiI, spiR } = peer;
    expect(header).toMatchObject({
      spiI,
      spiR,
      messageId: 5,
      isResponse: true,
      isInitiator: false,
    });
    expect(header.exchange).toBe(Exchange.INFORMATIONAL);
    expect(notifies(payloads)).toEqual(['INVALID_IKE_SPI']);
  });

  test('is answered three times a second, however often and from wherever it comes (pitfall 64)', () => {
    const { world, gateway, peer } = visitor();
    const bytes = peer.seal(Exchange.INFORMATIONAL, []);
    const heard = peer.hears(() => {
      for (let i = 0; i < 50; i++) peer.send(bytes, seconds(0.001));
      world.run(seconds(0.5));
    });
    expect(heard).toHaveLength(3);
    expect(gateway.core.snapshot().counters).toMatchObject({
      'dropped.unknown-spi': 50,
      'unknown-spi.told': 3,
    });
    world.run(seconds(1));
    expect(peer.hears(() => peer.send(bytes))).toHaveLength(1);
  });

  test('gets no answer where it is a response, unprotected, or begins a handshake (pitfall 64)', () => {
    const { peer } = visitor();
    const unprotected = peer.plain([notify(16_384, none)], request);
    const silent = [
      peer.seal(Exchange.INFORMATIONAL, [], { isResponse: true }),
      peer.seal(Exchange.INFORMATIONAL, [], { spiR: new Uint8Array(8) }),
      peer.seal(Exchange.IKE_SA_INIT, []),
      unprotected,
    ];
    expect(peer.hears(() => silent.map((bytes) => peer.send(bytes)))).toEqual([]);
  });
});
