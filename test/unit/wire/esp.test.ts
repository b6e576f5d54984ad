import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concat, fromHex, toHex } from '../../../src/base/bytes.ts';
import { WireError } from '../../../src/wire/codec.ts';
import {
  decodeEsp,
  decodeEspPayload,
  encodeEsp,
  encodeEspPayload,
  espHeaderBytes,
  NextHeader,
} from '../../../src/wire/esp.ts';

const bytes = (maxLength: number) => fc.uint8Array({ maxLength });

/** An inner packet of this many bytes with a header that says so. */
function v4(length: number): Uint8Array {
  const packet = new Uint8Array(length).fill(0xaa);
  packet.set([0x45, 0, length >> 8, length & 0xff]);
  return packet;
}
function v6(length: number): Uint8Array {
  const packet = new Uint8Array(length).fill(0xbb);
  packet.set([0x60, 0, 0, 0, (length - 40) >> 8, (length - 40) & 0xff]);
  return packet;
}

describe('an ESP packet', () => {
  test('round trips', () => {
    const packet = fc.record({
      spi: fc.integer({ min: 256, max: 0xffffffff }),
      sequence: fc.integer({ min: 0, max: 0xffffffff }),
      sealed: bytes(200),
    });
    fc.assert(
      fc.property(packet, (esp) => {
        expect(encodeEsp(esp)).toHaveLength(espHeaderBytes + esp.sealed.length);
        expect(decodeEsp(encodeEsp(esp))).toEqual(esp);
      }),
    );
  });

  test('is SPI, sequence number and what is sealed', () => {
    const esp = { spi: 0xc0ffee01, sequence: 7, sealed: fromHex('aabb') };
    expect(toHex(encodeEsp(esp))).toBe('c0ffee0100000007aabb');
  });

  test('is rejected without a whole header, and with an SPI below 256 (pitfall 66)', () => {
    const whole = fromHex('c0ffee01 00000007');
    for (let length = 0; length < espHeaderBytes; length++) {
      expect(() => decodeEsp(whole.subarray(0, length))).toThrow(WireError);
    }
    for (const spi of ['00000000', '00000001', '000000ff']) {
      expect(() => decodeEsp(fromHex(`${spi} 00000007`))).toThrow(WireError);
    }
    expect(decodeEsp(fromHex('00000100 00000007')).spi).toBe(256);
  });
});

describe('an ESP payload', () => {
  test('round trips at every length, aligned to 4 and to the block of the cipher', () => {
    for (let length = 20; length < 60; length++) {
      for (const block of [1, 4, 16]) {
        const payload = { nextHeader: NextHeader.IPV4, inner: v4(length) };
        const plaintext = encodeEspPayload(payload, block);
        expect(plaintext.length % Math.max(4, block)).toBe(0);
        expect(plaintext.length).toBeLessThan(length + 2 + Math.max(4, block));
        expect(decodeEspPayload(plaintext)).toEqual(payload);
      }
    }
  });

  test('is padded with 1, 2, 3 … (pitfall 70)', () => {
    const plaintext = encodeEspPayload({ nextHeader: 59, inner: fromHex('ff') }, 8);
    expect(toHex(plaintext)).toBe('ff0102030405053b');
  });

  test('is rejected when padding is anything else (pitfall 70)', () => {
    expect(() => decodeEspPayload(fromHex('ff0102030405053b'))).not.toThrow();
    expect(() => decodeEspPayload(fromHex('ff0102030400053b'))).toThrow(WireError);
    expect(() => decodeEspPayload(fromHex('ff0002030405053b'))).toThrow(WireError);
  });

  test('is rejected when it pads more than there is (CVE-2022-27666)', () => {
    expect(() => decodeEspPayload(fromHex(''))).toThrow(WireError);
    expect(() => decodeEspPayload(fromHex('3b'))).toThrow(WireError);
    expect(() => decodeEspPayload(fromHex('013b'))).toThrow(WireError);
    expect(() => decodeEspPayload(fromHex('01023b ff3b'))).toThrow(WireError);
    expect(decodeEspPayload(fromHex('003b'))).toEqual({ nextHeader: 59, inner: new Uint8Array(0) });
  });

  test.each([
    ['IPv4', NextHeader.IPV4, v4(28)],
    ['IPv6', NextHeader.IPV6, v6(48)],
  ])(
    'loses what traffic flow confidentiality put behind %s (pitfall 70)',
    (_, nextHeader, inner) => {
      const withTfc = concat(inner, new Uint8Array(100));
      expect(decodeEspPayload(encodeEspPayload({ nextHeader, inner: withTfc }, 4)).inner).toEqual(
        inner,
      );
    },
  );

  test.each([
    ['claims more than there is', NextHeader.IPV4, v4(28).subarray(0, 27)],
    ['claims more than there is', NextHeader.IPV6, v6(48).subarray(0, 47)],
    [
      'claims less than its header',
      NextHeader.IPV4,
      concat(fromHex('45000013'), new Uint8Array(30)),
    ],
    ['has no whole header', NextHeader.IPV4, fromHex('4500')],
    ['has no whole header', NextHeader.IPV6, v6(40).subarray(0, 39)],
    ['is empty', NextHeader.IPV4, new Uint8Array(0)],
    ['is of the other family', NextHeader.IPV4, v6(48)],
    ['is of the other family', NextHeader.IPV6, v4(60)],
  ])('is rejected when the inner packet %s (next header %i)', (_, nextHeader, inner) => {
    expect(() => decodeEspPayload(encodeEspPayload({ nextHeader, inner }, 4))).toThrow(WireError);
  });

  test('of any bytes raises WireError and nothing else', () => {
    fc.assert(
      fc.property(bytes(80), (plaintext) => {
        try {
          expect(decodeEspPayload(plaintext).inner.length).toBeLessThanOrEqual(plaintext.length);
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
      }),
      { numRuns: 500 },
    );
  });
});
