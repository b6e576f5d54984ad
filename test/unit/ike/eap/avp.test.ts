import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromHex, fromText, toHex } from '../../../../src/base/bytes.ts';
import { decodeAvps, encodeAvps } from '../../../../src/ike/eap/avp.ts';
import { WireError } from '../../../../src/wire/codec.ts';

const name = { code: 1, vendor: 0, isMandatory: true, data: fromText('anna') };
const vendor = { code: 25, vendor: 311, isMandatory: false, data: fromText('abcde') };

describe('attributes inside EAP-TTLS', () => {
  test('travel as RFC 5281 §10.1 draws them', () => {
    expect(toHex(encodeAvps([name]))).toBe(`000000014000000c${toHex(name.data)}`);
    expect(toHex(encodeAvps([vendor]))).toBe(`000000198000001100000137${toHex(vendor.data)}000000`);
  });

  test('come back as they were, any of them', () => {
    const avp = fc.record({
      code: fc.nat(),
      vendor: fc.nat(),
      isMandatory: fc.boolean(),
      data: fc.uint8Array({ maxLength: 40 }),
    });
    fc.assert(
      fc.property(fc.array(avp, { maxLength: 8 }), (avps) => {
        expect(decodeAvps(encodeAvps(avps))).toEqual(avps);
      }),
    );
  });

  test('may lack the padding of the last one', () => {
    expect(decodeAvps(encodeAvps([name, vendor]).subarray(0, -3))).toEqual([name, vendor]);
  });

  test('are refused when they are cut anywhere else', () => {
    const bytes = encodeAvps([vendor]);
    for (let cut = 1; cut < bytes.length - 3; cut++) {
      expect(() => decodeAvps(bytes.subarray(0, cut))).toThrow(WireError);
    }
  });

  test.each([
    ['0', '00000001 40000000 616e6e61'],
    ['1', '00000001 40000001 616e6e61'],
    ['less than its header', '00000001 40000007 616e6e61'],
    ['less than a header with a vendor', '00000019 8000000b 00000137'],
    ['more than there is', '00000001 4000000d 616e6e61'],
    ['16 MiB', '00000001 40ffffff 616e6e61'],
  ])('are refused with a length of %s (class 15)', (_, hex) => {
    expect(() => decodeAvps(fromHex(hex))).toThrow(WireError);
  });

  test('are at most 64', () => {
    expect(decodeAvps(encodeAvps(Array(64).fill(name)))).toHaveLength(64);
    expect(() => decodeAvps(encodeAvps(Array(65).fill(name)))).toThrow(WireError);
  });
});
