import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concat } from '../../../src/base/bytes.ts';
import { ip, ipFromBytes } from '../../../src/base/ip.ts';
import {
  encodeAdmit,
  encodeDatagram,
  encodeExpect,
  encodeSettle,
  type Frame,
  FrameReader,
  MailboxError,
} from '../../../src/dataplane/mailbox.ts';
import { loopback } from './library.ts';

const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const pathOf = (addressBytes: number) =>
  fc
    .tuple(bytesOf(addressBytes), fc.nat(65535), bytesOf(addressBytes), fc.nat(65535))
    .map(([local, localPort, remote, remotePort]) => ({
      local: { ip: ipFromBytes(local), port: localPort },
      remote: { ip: ipFromBytes(remote), port: remotePort },
    }));
const anyPath = fc.oneof(pathOf(4), pathOf(16));

/** Gives a reader the stream in pieces of these sizes, over and over. */
function readInPieces(stream: Uint8Array, sizes: readonly number[]): Frame[] {
  const reader = new FrameReader();
  const frames: Frame[] = [];
  for (let at = 0, i = 0; at < stream.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    frames.push(...reader.take(stream.slice(at, at + size)));
    at += size;
  }
  return frames;
}

/** An event frame of native/include/esp_frame.h, written by hand. */
const frame = (...body: number[]): Uint8Array => Uint8Array.of(0, 0, 0, body.length, ...body);

test('a datagram comes back whole however the stream is cut', () => {
  const datagrams = fc.array(fc.tuple(anyPath, fc.uint8Array({ maxLength: 300 })), {
    minLength: 1,
    maxLength: 6,
  });
  const cuts = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(datagrams, cuts, (sent, sizes) => {
      const stream = concat(...sent.map(([path, bytes]) => encodeDatagram(path, bytes)));
      expect(readInPieces(stream, sizes)).toEqual(
        sent.map(([path, bytes]) => ({ kind: 'datagram', path, bytes, isProven: false })),
      );
    }),
  );
});

test('a frame is laid out as esp_frame.h says', () => {
  const path = { local: { ip: ip('192.0.2.1'), port: 4500 }, remote: { ip: ip('::1'), port: 500 } };
  expect(encodeDatagram(path, Uint8Array.of(9, 8))).toEqual(
    Uint8Array.from([
      ...[0, 0, 0, 29, 1],
      ...[4, 0x11, 0x94, 192, 0, 2, 1],
      ...[6, 0x01, 0xf4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
      ...[9, 8],
    ]),
  );
});

test('events come with their child, and a move with both addresses', () => {
  const reader = new FrameReader();
  const address = [4, 0, 80, 127, 0, 0, 1];
  expect(reader.take(frame(2, 0, 0, 1, 2, ...address, ...address))).toEqual([
    { kind: 'event', event: { kind: 'moved', child: 258, path: loopback(80, 80) } },
  ]);
  expect(reader.take(concat(frame(3, 0, 0, 0, 5), frame(4, 255, 255, 255, 255)))).toEqual([
    { kind: 'event', event: { kind: 'soft-limit', child: 5 } },
    { kind: 'event', event: { kind: 'hard-limit', child: 0xffffffff } },
  ]);
  expect(reader.take(frame(6, 0, 0, 0, 9))).toEqual([
    { kind: 'event', event: { kind: 'used', child: 9 } },
  ]);
  expect(reader.take(frame(12, 0xc0, 1, 2, 3))).toEqual([
    { kind: 'event', event: { kind: 'early', spi: 0xc0010203 } },
  ]);
  expect(reader.take(frame(9))).toEqual([{ kind: 'network' }]);
  expect(reader.take(frame(5, 0x67, 0x6f, 0x6e, 0x65))).toEqual([{ kind: 'failed', why: 'gone' }]);
});

test('a trapped packet is told as selectors of one address each (pitfall 54)', () => {
  const one = (address: string, protocol: number, start: number, end = start) =>
    ({ range: { start: ip(address), end: ip(address) }, protocol, ports: { start, end } }) as const;
  const from4 = [4, 3, 232, 10, 1, 0, 1];
  const to4 = [4, 7, 208, 10, 2, 0, 1];
  const [read] = new FrameReader().take(frame(7, 0, 0, 0, 9, 17, 1, ...from4, ...to4));
  expect(read).toEqual({
    kind: 'trapped',
    trap: 9,
    packet: { local: one('10.1.0.1', 17, 1000), remote: one('10.2.0.1', 17, 2000) },
  });
  // A fragment has no ports; an echo reply is of another type than its request.
  for (const [protocol, hasPorts] of [
    [17, 0],
    [1, 1],
    [58, 1],
  ] as const) {
    const stream = frame(7, 0, 0, 0, 9, protocol, hasPorts, ...from4, ...to4);
    expect(new FrameReader().take(stream)).toMatchObject([
      { packet: { local: one('10.1.0.1', protocol, 0, 65535) } },
    ]);
  }
});

test('a copy of an ESP packet says where it went, when, and how long it was', () => {
  const at = [0, 6, 0x2a, 0x1d, 0x40, 0, 0, 7]; // microseconds, more than 32 bits of them
  const from = [4, 0x11, 0x94, 203, 0, 113, 2];
  const to = [4, 0x11, 0x94, 198, 51, 100, 10];
  const head = [13, 1, 1, 0x28, ...at, 0, 0, 5, 0xdc, ...from, ...to];
  expect(new FrameReader().take(frame(...head, 0xc0, 1, 2, 3))).toEqual([
    {
      kind: 'tapped',
      packet: {
        leaves: true,
        encap: 'udp',
        tos: 0x28,
        atUs: 0x62a1d40000007,
        length: 1500,
        path: {
          local: { ip: ip('203.0.113.2'), port: 4500 },
          remote: { ip: ip('198.51.100.10'), port: 4500 },
        },
        bytes: Uint8Array.of(0xc0, 1, 2, 3),
      },
    },
  ]);
});

test('an SPI is named to expect what comes for it, and again when its child is there', () => {
  expect(encodeExpect(0xc0010203)).toEqual(frame(10, 0xc0, 1, 2, 3));
  expect(encodeSettle(256)).toEqual(frame(11, 0, 0, 1, 0));
});

test('an IKE SPI of ours is named to let in who writes to it', () => {
  const spi = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  expect(encodeAdmit(spi)).toEqual(frame(15, ...spi));
});

test('the bytes of a datagram do not change with the buffer they came in', () => {
  const stream = Buffer.from(encodeDatagram(loopback(1, 2), Uint8Array.of(1, 2, 3)));
  const [first] = new FrameReader().take(stream);
  stream.fill(0);
  expect(first).toEqual({
    kind: 'datagram',
    path: loopback(1, 2),
    bytes: Uint8Array.of(1, 2, 3),
    isProven: false,
  });
});

test('a datagram says whether the C module has seen its cookie', () => {
  const stream = encodeDatagram(loopback(1, 2), Uint8Array.of(1, 2, 3));
  stream[4] = 14;
  expect(new FrameReader().take(stream)).toMatchObject([{ kind: 'datagram', isProven: true }]);
});

describe('an end that does not keep to the framing is an error', () => {
  test.each([
    ['a frame longer than any datagram', Uint8Array.of(0, 1, 0, 65)],
    ['an empty frame', frame()],
    ['a kind that does not exist', frame(77)],
    ['an address of no family', frame(1, 5, 0, 0)],
    ['a frame that ends inside an address', frame(1, 4, 0, 0, 1)],
    ['an event without its child', frame(3, 0, 0)],
    ['a copy without its time', frame(13, 1, 1, 0, 0)],
    ['a trapped packet without its destination', frame(7, 0, 0, 0, 9, 17, 1, 4, 0, 1, 10, 0, 0, 1)],
  ])('%s', (_what, stream) => {
    expect(() => new FrameReader().take(stream)).toThrow(MailboxError);
  });
});

test('refuses to send what no datagram holds', () => {
  expect(() => encodeDatagram(loopback(1, 2), new Uint8Array(65600))).toThrow(RangeError);
});
