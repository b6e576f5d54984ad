import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concat, fromHex, fromText } from '../../../../src/base/bytes.ts';
import { EapType } from '../../../../src/iana/eap.ts';
import { decodeEap, type EapPacket, encodeEap } from '../../../../src/ike/eap/packet.ts';
import { WireError } from '../../../../src/wire/codec.ts';

const identity: EapPacket = {
  code: 'response',
  identifier: 7,
  type: EapType.IDENTITY,
  data: fromText('anna'),
};

describe('an EAP packet', () => {
  test('is written as RFC 3748 §4 draws it', () => {
    expect(encodeEap(identity)).toEqual(fromHex('02 07 00 09 01 61 6e 6e 61'));
    expect(encodeEap({ code: 'success', identifier: 255 })).toEqual(fromHex('03 ff 00 04'));
    expect(encodeEap({ code: 'failure', identifier: 0 })).toEqual(fromHex('04 00 00 04'));
  });

  test('is read as it was written, whatever it holds', () => {
    const talk = fc.record({
      code: fc.constantFrom('request' as const, 'response' as const),
      identifier: fc.nat(255),
      type: fc.nat(255),
      data: fc.uint8Array({ maxLength: 2000 }),
    });
    const result = fc.record({
      code: fc.constantFrom('success' as const, 'failure' as const),
      identifier: fc.nat(255),
    });
    fc.assert(
      fc.property(fc.oneof(talk, result), (packet) => {
        expect(decodeEap(encodeEap(packet))).toEqual(packet);
      }),
    );
  });

  test('may hold an empty identity (pitfall 39)', () => {
    const empty = decodeEap(fromHex('02 01 00 05 01'));

    expect(empty).toEqual({ ...identity, identifier: 1, data: new Uint8Array(0) });
  });

  test('may be shorter than the payload that carries it: the rest is no part of it (pitfall 39)', () => {
    expect(decodeEap(concat(encodeEap(identity), fromHex('ff ff')))).toEqual(identity);
  });

  test('is refused at every truncation', () => {
    const whole = encodeEap(identity);
    for (let length = 0; length < whole.length; length++) {
      expect(() => decodeEap(whole.subarray(0, length))).toThrow(WireError);
    }
  });

  test.each([
    ['a length of nothing', '02 07 00 00 01'],
    ['a length that leaves out part of the header', '02 07 00 03 01'],
    ['a response without a type', '02 07 00 04 01'],
    ['a length past the end', '02 07 00 0a 01 61 6e 6e 61'],
    ['the largest length', '01 07 ff ff 01 61'],
    ['a success with something in it', '03 07 00 05 00'],
    ['code 0', '00 07 00 05 01'],
    ['code 5', '05 07 00 05 01'],
  ])('is refused with %s', (_, hex) => {
    expect(() => decodeEap(fromHex(hex))).toThrow(WireError);
  });
});
