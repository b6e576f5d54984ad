// What anybody can say without keys: that an SPI is unknown. It is a hint at most (RFC 7296 §1.5, §2.4, §2.21.4).
import { describe, expect, test } from 'vitest';
import { fromHex } from '../../../src/base/bytes.ts';
import { seconds } from '../../../src/base/time.ts';
import { Exchange } from '../../../src/iana/exchanges.ts';
import { Notification } from '../../../src/iana/notifies.ts';
import { encodeMessage } from '../../../src/wire/message.ts';
import { doorstep } from '../doorstep.ts';
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

describe.each(hints)('%s without protection', (_name, hint) => {
  test.each([0, 1, 2, 3])(
    'to the gateway ends nothing and is not answered (pitfall 64; Message ID %i)',
    (messageId) => {
      const { gateway, guest } = doorstep();
      const peer = guest();
      for (const isResponse of [false, true]) {
        const fields = { exchange: Exchange.INFORMATIONAL, messageId, isResponse };
        expect(peer.hears(() => peer.send(peer.plain([hint], fields)))).toEqual([]);
      }
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

test('a message for an SPI that nobody has is not answered, however often it comes (pitfall 64)', () => {
  const { gateway, stranger } = doorstep();
  const peer = stranger({ from: '192.0.2.66' });
  peer.spiR = new Uint8Array(8).fill(9);
  const fields = { exchange: Exchange.INFORMATIONAL, messageId: 5 };
  const answers = peer.hears(() => {
    for (let i = 0; i < 50; i++) peer.send(peer.plain([notify(16_384, none)], fields));
  });
  expect(answers).toEqual([]);
  expect(gateway.core.snapshot().counters['dropped.unknown-spi']).toBe(50);
  expect(gateway.core.snapshot().sas).toEqual([]);
});
