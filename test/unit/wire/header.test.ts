import fc from 'fast-check';
import { expect, test } from 'vitest';
import { concat, fromHex, toHex, Writer } from '../../../src/base/bytes.ts';
import { WireError } from '../../../src/wire/codec.ts';
import { decodeHeader, encodeHeader, type Header, headerBytes } from '../../../src/wire/header.ts';

const example: Header = {
  spiI: fromHex('0102030405060708'),
  spiR: fromHex('1112131415161718'),
  nextPayload: 46,
  majorVersion: 2,
  minorVersion: 0,
  exchange: 35,
  isInitiator: true,
  isResponse: false,
  messageId: 1,
  length: 0x11c,
};
const exampleBytes = fromHex('0102030405060708 1112131415161718 2e 20 23 08 00000001 0000011c');

const spi = fc.uint8Array({ minLength: 8, maxLength: 8 });
const u8 = fc.integer({ min: 0, max: 0xff });
const u4 = fc.integer({ min: 0, max: 0x0f });
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const anyHeader: fc.Arbitrary<Header> = fc.record({
  spiI: spi,
  spiR: spi,
  nextPayload: u8,
  majorVersion: u4,
  minorVersion: u4,
  exchange: u8,
  isInitiator: fc.boolean(),
  isResponse: fc.boolean(),
  messageId: u32,
  length: u32,
});

test('decodes its example, and encodes it to the same bytes', () => {
  expect(decodeHeader(exampleBytes)).toEqual(example);
  expect(toHex(encode(example))).toBe(toHex(exampleBytes));
});

test('round trips every header', () => {
  fc.assert(
    fc.property(anyHeader, (header) => {
      expect(encode(header)).toHaveLength(headerBytes);
      expect(decodeHeader(encode(header))).toEqual(header);
    }),
  );
});

test('rejects every truncation', () => {
  for (let length = 0; length < headerBytes; length++) {
    expect(() => decodeHeader(exampleBytes.subarray(0, length))).toThrow(WireError);
  }
});

test('needs 28 bytes and does not look behind them, so that a bad message can be answered (pitfall 8)', () => {
  expect(decodeHeader(concat(exampleBytes, fromHex('ff')))).toEqual(example);
});

test('judges neither version nor length (pitfall 8)', () => {
  const odd = exampleBytes.slice();
  odd.set(fromHex('3f'), 17);
  odd.set(fromHex('ffffffff'), 24);
  expect(decodeHeader(odd)).toMatchObject({
    majorVersion: 3,
    minorVersion: 15,
    length: 0xffffffff,
  });
});

test('ignores reserved flags and the Version flag, and sends them as zero (pitfall 8)', () => {
  const odd = exampleBytes.slice();
  odd.set(fromHex('df'), 19); // every flag but Response
  expect(decodeHeader(odd)).toEqual(example);
});

test('tells the original initiator from the sender of the request (pitfall 7)', () => {
  const flags = (value: number) => {
    const bytes = exampleBytes.slice();
    bytes[19] = value;
    const { isInitiator, isResponse } = decodeHeader(bytes);
    return { isInitiator, isResponse };
  };
  expect(flags(0x00)).toEqual({ isInitiator: false, isResponse: false });
  expect(flags(0x08)).toEqual({ isInitiator: true, isResponse: false });
  expect(flags(0x20)).toEqual({ isInitiator: false, isResponse: true });
  expect(flags(0x28)).toEqual({ isInitiator: true, isResponse: true });
});

function encode(header: Header): Uint8Array {
  const w = new Writer();
  encodeHeader(w, header);
  return w.finish();
}
