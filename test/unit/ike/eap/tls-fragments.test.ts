import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../../../../src/base/bytes.ts';
import { TlsFragments } from '../../../../src/ike/eap/tls-fragments.ts';
import { WireError } from '../../../../src/wire/codec.ts';

/** Sends a message to another end. @returns the packets, acknowledgements left out, and what arrived */
function carry(message: Uint8Array, fragmentBytes: number) {
  const sender = new TlsFragments(fragmentBytes);
  const receiver = new TlsFragments(fragmentBytes);
  const packets: Uint8Array[] = [];
  let packet = sender.send(message);
  for (;;) {
    packets.push(packet);
    const arrival = receiver.receive(packet);
    if (arrival.kind === 'message') return { packets, message: arrival.message };
    if (arrival.kind !== 'more') throw new Error(arrival.kind);
    const next = sender.receive(arrival.packet);
    if (next.kind !== 'next') throw new Error(next.kind);
    packet = next.packet;
  }
}
const numbered = (length: number) => Uint8Array.from({ length }, (_, i) => i & 0xff);

describe('a TLS message', () => {
  test('arrives whole in fragments of every size', () => {
    for (let size = 1; size <= 300; size++) {
      for (const length of [0, 1, size - 1, size, size + 1, 2 * size, 299]) {
        const { packets, message } = carry(numbered(length), size);
        expect(message).toEqual(numbered(length));
        expect(packets.length).toBe(Math.max(1, Math.ceil(length / size)));
        for (const packet of packets) expect(packet.length).toBeLessThanOrEqual(size + 5);
      }
    }
  });

  test('of 64 KiB arrives, in packets that fit 1,020 bytes of EAP', () => {
    const { packets, message } = carry(numbered(65_536), 1010);
    expect(message).toEqual(numbered(65_536));
    expect(Math.max(...packets.map(({ length }) => length))).toBe(1020 - 5);
    expect(new TlsFragments().send(numbered(5000)).length).toBe(1020 - 5);
  });

  test('is followed by another in each direction', () => {
    const [a, b] = [new TlsFragments(10), new TlsFragments(10)];
    expect(b.receive(a.send(numbered(5)))).toEqual({ kind: 'message', message: numbered(5) });
    expect(a.receive(b.send(numbered(7)))).toEqual({ kind: 'message', message: numbered(7) });
    expect(b.receive(a.send(numbered(0)))).toEqual({ kind: 'message', message: numbered(0) });
  });

  test('begins with L, M and the length, and ends without flags (RFC 5216 §3.1)', () => {
    const { packets } = carry(fromHex('010203040506'), 3);
    expect(packets.map(toHex)).toEqual(['c000000006010203', '00040506']);
    expect(toHex(new TlsFragments().start())).toBe('20');
  });

  test('may name its length in every packet, and have a version in its flags', () => {
    const receiver = new TlsFragments();
    expect(receiver.receive(fromHex('c1000000040102'))).toEqual({
      kind: 'more',
      packet: Uint8Array.of(0),
    });
    expect(receiver.receive(fromHex('81000000040304'))).toMatchObject({
      kind: 'message',
      message: fromHex('01020304'),
    });
  });
});

describe('a packet that lies', () => {
  test.each([
    ['nothing', ''],
    ['L without a length', '80 0000'],
    ['less than announced', '80 00000003 0102'],
    ['more than announced', '80 00000001 0102'],
    ['more than announced in the first fragment', 'c0 00000001 0102'],
    ['more than 64 KiB announced', 'c0 00010001 01'],
    ['4 GiB announced', 'c0 ffffffff 01'],
    ['a first fragment without a length', '40 0102'],
    ['a fragment of nothing', 'c0 00000004'],
  ])('is refused: %s (pitfall 39)', (_, hex) => {
    expect(() => new TlsFragments().receive(fromHex(hex))).toThrow(WireError);
  });

  test.each([
    ['the length changed', 'c0 00000005 02'],
    ['more than announced', '40 0203040506'],
    ['an end too early', '00 02'],
    ['a start', '20'],
    ['a fragment of nothing', '40'],
  ])('is refused behind a first fragment: %s', (_, hex) => {
    const receiver = new TlsFragments();
    receiver.receive(fromHex('c0 00000004 01'));
    expect(() => receiver.receive(fromHex(hex))).toThrow(WireError);
  });

  test.each(['20', '40', '00 01', '80 00000000'])(
    'is refused where an acknowledgement is due: %s',
    (hex) => {
      const sender = new TlsFragments(4);
      sender.send(numbered(10));
      expect(() => sender.receive(fromHex(hex))).toThrow(WireError);
    },
  );

  test('never does anything but parse or fail', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 12 }), { maxLength: 8 }), (packets) => {
        const receiver = new TlsFragments(4);
        try {
          for (const packet of packets) receiver.receive(packet);
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
      }),
    );
  });
});
