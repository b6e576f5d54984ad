import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concat, fromHex, Reader, toHex } from '../../../src/base/bytes.ts';
import { PayloadType } from '../../../src/iana/payloads.ts';
import { WireError } from '../../../src/wire/codec.ts';
import { headerBytes } from '../../../src/wire/header.ts';
import {
  decodeMessage,
  decodePayloads,
  encodeMessage,
  encodePayloads,
  maxPayloads,
} from '../../../src/wire/message.ts';
import { type Payload, payload, unknownType } from '../../../src/wire/payloads/index.ts';
import { datagram, header } from './datagram.ts';
import { anyChain, knownTypes, sampleOf } from './samples.ts';

const { NONCE, VENDOR, NOTIFY, SK, SKF } = PayloadType;

const decodeChain = (first: number, chain: string): readonly Payload[] =>
  decodeMessage(datagram(first, fromHex(chain))).payloads;

describe('a message', () => {
  test('round trips with any chain of payloads', () => {
    fc.assert(
      fc.property(anyChain, (payloads) => {
        expect(decodeMessage(encodeMessage(header, payloads)).payloads).toEqual(payloads);
      }),
    );
  });

  test('links its payloads: each header names the next', () => {
    const bytes = encodeMessage(header, [sampleOf(NONCE), sampleOf(VENDOR)]);
    expect(toHex(bytes.subarray(16, 17))).toBe('28');
    expect(toHex(bytes.subarray(headerBytes, headerBytes + 4))).toBe('2b000014');
    expect(toHex(bytes.subarray(headerBytes + 20))).toBe('000000081e2b5169');
    expect(decodeMessage(bytes).header).toMatchObject({ nextPayload: NONCE, length: 56 });
  });

  test('may be without payloads', () => {
    const bytes = encodeMessage(header, []);
    expect(decodeMessage(bytes)).toEqual({
      header: { ...header, nextPayload: 0, length: headerBytes },
      payloads: [],
    });
  });

  test('is rejected at every truncation and with a trailing byte, whatever its length says (pitfall 11)', () => {
    const bytes = encodeMessage(header, knownTypes.filter(isOpen).map(sampleOf));
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeMessage(bytes.subarray(0, length))).toThrow(WireError);
    }
    const { nextPayload } = decodeMessage(bytes).header;
    for (let length = 0; length < bytes.length - headerBytes; length++) {
      const chain = bytes.subarray(headerBytes, headerBytes + length);
      expect(() => decodeMessage(datagram(nextPayload, chain))).toThrow(WireError);
    }
    expect(() => decodeMessage(concat(bytes, fromHex('00')))).toThrow(WireError);
    const longer = concat(bytes.subarray(headerBytes), fromHex('00'));
    expect(() => decodeMessage(datagram(nextPayload, longer))).toThrow(WireError);
  });

  test.each([
    ['a payload length of 0', VENDOR, '00 00 0000'],
    ['a payload length of 3', VENDOR, '00 00 0003'],
    ['a payload longer than the message', VENDOR, '00 00 0005'],
    ['a payload without a whole header', VENDOR, '00 00 00'],
    ['a chain that names a payload that is not there', VENDOR, '2b 00 0004'],
    ['bytes behind the last payload', VENDOR, '00 00 0004 00 00 0004'],
    ['bytes where there is no payload', 0, '00 00 0004'],
  ])('is rejected with %s (pitfall 11)', (_, first, chain) => {
    expect(() => decodeChain(first, chain)).toThrow(WireError);
  });

  test('is rejected when its header tells another length (pitfall 11)', () => {
    const bytes = encodeMessage(header, [sampleOf(NONCE)]);
    for (const length of [0, headerBytes, bytes.length - 1, bytes.length + 1, 0xffffffff]) {
      new DataView(bytes.buffer).setUint32(24, length);
      expect(() => decodeMessage(bytes)).toThrow(expect.objectContaining({ field: 'Length' }));
    }
  });

  test('names the payload length where that is what is wrong', () => {
    for (const chain of ['00 00 0000', '00 00 0003']) {
      const decode = () => decodeChain(VENDOR, chain);
      expect(decode).toThrow(expect.objectContaining({ field: 'Payload Length', offset: 30 }));
    }
  });

  test('ignores the reserved bits of the generic payload header (pitfall 8)', () => {
    expect(decodeChain(VENDOR, '00 7f 0004')).toEqual([
      payload(VENDOR, { data: new Uint8Array(0) }),
    ]);
  });

  test('keeps unknown payloads with number and critical bit, and reads on (pitfall 9)', () => {
    expect(decodeChain(200, 'c9 80 0006 aabb 2b 00 0004 00 00 0004')).toEqual([
      { type: unknownType, number: 200, critical: true, body: fromHex('aabb') },
      { type: unknownType, number: 201, critical: false, body: new Uint8Array(0) },
      payload(VENDOR, { data: new Uint8Array(0) }),
    ]);
  });

  test(`holds ${maxPayloads} payloads at most`, () => {
    const chain = (count: number) => `${'2b 00 0004'.repeat(count - 1)} 00 00 0004`;
    expect(decodeChain(VENDOR, chain(maxPayloads))).toHaveLength(maxPayloads);
    expect(() => decodeChain(VENDOR, chain(maxPayloads + 1))).toThrow(WireError);
  });
});

describe('SK and SKF', () => {
  test('name what is inside in their own header (pitfall 45)', () => {
    const sealed = fromHex('aabbccdd');
    const bytes = encodeMessage(header, [payload(SK, { first: 35, sealed })]);
    expect(toHex(bytes.subarray(16, 17))).toBe('2e');
    expect(toHex(bytes.subarray(headerBytes))).toBe('23000008aabbccdd');
    expect(decodeMessage(bytes).payloads).toEqual([payload(SK, { first: 35, sealed })]);
  });

  test('hold the last bytes of the message, behind all that an AEAD authenticates (pitfall 45)', () => {
    const sealed = fromHex('aabbccdd');
    const bytes = encodeMessage(header, [payload(SKF, { first: 0, number: 2, total: 3, sealed })]);
    expect(toHex(bytes.subarray(bytes.length - sealed.length))).toBe('aabbccdd');
    expect(toHex(bytes.subarray(headerBytes, -sealed.length))).toBe('0000000c00020003');
  });

  test('may stand behind other payloads, but nothing behind them (CVE-2026-12413)', () => {
    const sk = payload(SK, { first: 0, sealed: fromHex('aabb') });
    const message = encodeMessage(header, [sampleOf(VENDOR), sk]);
    expect(decodeMessage(message).payloads).toHaveLength(2);
    expect(() => decodeChain(SK, '2b 00 0006 aabb 00 00 0004')).toThrow(WireError);
    expect(() => encodeMessage(header, [sk, sampleOf(VENDOR)])).toThrow('last payload');
  });

  test('are not found inside one another', () => {
    for (const inner of [sampleOf(SK), sampleOf(SKF)]) {
      const { first, bytes } = encodePayloads([sampleOf(NOTIFY), inner]);
      expect(() => decodePayloads(first, new Reader(bytes))).toThrow(WireError);
    }
  });
});

describe('an inner chain', () => {
  test('round trips', () => {
    fc.assert(
      fc.property(anyChain, (payloads) => {
        const open = payloads.filter(({ type }) => isOpen(type));
        const { first, bytes } = encodePayloads(open);
        expect(decodePayloads(first, new Reader(bytes))).toEqual(open);
      }),
    );
  });

  test('may be empty, as in a liveness check', () => {
    expect(encodePayloads([])).toEqual({ first: 0, bytes: new Uint8Array(0) });
    expect(decodePayloads(0, new Reader(new Uint8Array(0)))).toEqual([]);
  });
});

function isOpen(type: number): boolean {
  return type !== SK && type !== SKF;
}
