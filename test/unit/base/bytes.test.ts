import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  compare,
  concat,
  equal,
  fromHex,
  fromText,
  isZero,
  OutOfBytes,
  Reader,
  toHex,
  toText,
  Writer,
} from '../../../src/base/bytes.ts';

const bytes = fc.uint8Array({ maxLength: 40 });

describe('Reader', () => {
  const digits = fromHex('0102030405060708090a');

  test('reads big-endian numbers, one behind the other', () => {
    const r = new Reader(digits);
    expect([r.u8(), r.u16(), r.u24(), r.u32()]).toEqual([0x01, 0x0203, 0x040506, 0x0708090a]);
    expect(r.left).toBe(0);
  });

  test('reads the highest bit as a number, not as a sign', () => {
    const r = new Reader(fromHex('ffffffff ffffff ffff ff'));
    expect([r.u32(), r.u24(), r.u16(), r.u8()]).toEqual([0xffffffff, 0xffffff, 0xffff, 0xff]);
  });

  test('hands out views: bytes, the rest, a window', () => {
    const r = new Reader(digits);
    expect(r.bytes(2)).toEqual(fromHex('0102'));
    const window = r.sub(3);
    expect(window.rest()).toEqual(fromHex('030405'));
    expect(r.rest()).toEqual(fromHex('060708090a'));
    expect(r.rest()).toHaveLength(0);
    expect(new Reader(digits).rest().buffer).toBe(digits.buffer);
  });

  test('never reads past its end, nor out of a window', () => {
    for (const read of ['u8', 'u16', 'u24', 'u32'] as const) {
      const width = { u8: 1, u16: 2, u24: 3, u32: 4 }[read];
      const r = new Reader(digits).sub(width - 1);
      expect(() => r[read]()).toThrow(OutOfBytes);
      expect(r.left).toBe(width - 1);
    }
    expect(() => new Reader(digits).bytes(11)).toThrow(OutOfBytes);
    expect(() => new Reader(digits).bytes(-1)).toThrow(OutOfBytes);
    expect(() => new Reader(digits).sub(3).sub(4)).toThrow(OutOfBytes);
  });

  test('counts offsets from the start of the outermost buffer', () => {
    const r = new Reader(digits, 100);
    r.u16();
    const window = r.sub(4);
    window.u8();
    expect([r.offset, window.offset]).toEqual([106, 103]);
    expect(() => window.bytes(9)).toThrow(expect.objectContaining({ offset: 103 }));
  });
});

describe('Writer', () => {
  test('writes what Reader reads', () => {
    const numbers = fc.record({
      a: fc.nat(0xff),
      b: fc.nat(0xffff),
      c: fc.nat(0xffffff),
      d: fc.nat(0xffffffff),
      e: bytes,
    });
    fc.assert(
      fc.property(numbers, ({ a, b, c, d, e }) => {
        const w = new Writer();
        w.u8(a);
        w.u16(b);
        w.u24(c);
        w.u32(d);
        w.bytes(e);
        const r = new Reader(w.finish());
        expect([r.u8(), r.u16(), r.u24(), r.u32(), r.rest()]).toEqual([a, b, c, d, e]);
      }),
    );
  });

  test('refuses numbers that do not fit their field', () => {
    const w = new Writer();
    for (const value of [-1, 0.5, Number.NaN, 0x100]) expect(() => w.u8(value)).toThrow(RangeError);
    expect(() => w.u16(0x10000)).toThrow(RangeError);
    expect(() => w.u24(0x1000000)).toThrow(RangeError);
    expect(() => w.u32(0x100000000)).toThrow(RangeError);
    expect(w.length).toBe(0);
  });

  test('overwrites lengths that are known only afterwards', () => {
    const w = new Writer();
    w.bytes(new Uint8Array(8));
    w.patchU8(0, 0xab);
    w.patchU16(1, 0xcdef);
    w.patchU32(4, 0x89abcdef);
    expect(toHex(w.finish())).toBe('abcdef0089abcdef');
  });

  test('does not overwrite what is not written yet', () => {
    const w = new Writer();
    w.u16(0);
    expect(() => w.patchU8(2, 0)).toThrow(RangeError);
    expect(() => w.patchU16(1, 0)).toThrow(RangeError);
    expect(() => w.patchU32(0, 0)).toThrow(RangeError);
    expect(() => w.patchU16(0, 0x10000)).toThrow(RangeError);
    expect(() => w.patchU32(-4, 0)).toThrow(RangeError);
    expect(toHex(w.finish())).toBe('0000');
  });

  test('grows, and gives out a copy', () => {
    const w = new Writer();
    for (let i = 0; i < 1000; i++) w.u16(i);
    const first = w.finish();
    w.patchU16(0, 0xffff);
    expect(first).toHaveLength(2000);
    expect(new Reader(first).u16()).toBe(0);
  });
});

test('concat joins', () => {
  expect(concat()).toHaveLength(0);
  expect(concat(fromHex('01'), new Uint8Array(0), fromHex('0203'))).toEqual(fromHex('010203'));
});

test('equal is true for equal bytes only', () => {
  fc.assert(
    fc.property(bytes, bytes, (a, b) => {
      expect(equal(a, a.slice())).toBe(true);
      expect(equal(a, b)).toBe(toHex(a) === toHex(b));
    }),
  );
  for (let bit = 0; bit < 8; bit++) {
    expect(equal(fromHex('000000'), Uint8Array.of(0, 0, 1 << bit))).toBe(false);
  }
});

test('isZero is true for zeros only', () => {
  expect(isZero(new Uint8Array(0))).toBe(true);
  expect(isZero(new Uint8Array(9))).toBe(true);
  expect(isZero(fromHex('0000000080'))).toBe(false);
});

test('compare takes the first difference, and an ended nonce for the lower (RFC 7296 §2.8.1)', () => {
  expect(compare(fromHex('01ff'), fromHex('02'))).toBe(-1);
  expect(compare(fromHex('ff'), fromHex('7f'))).toBe(1);
  expect(compare(fromHex('01'), fromHex('0100'))).toBe(-1);
  expect(compare(fromHex('0100'), fromHex('01'))).toBe(1);
  expect(compare(fromHex('0102'), fromHex('0102'))).toBe(0);
  fc.assert(
    fc.property(bytes, bytes, (a, b) => {
      expect(compare(a, b)).toBe(Math.sign(Buffer.compare(a, b)));
    }),
  );
});

describe('hexadecimal', () => {
  test('round trips', () => {
    fc.assert(
      fc.property(bytes, (value) => {
        expect(fromHex(toHex(value))).toEqual(value);
      }),
    );
  });

  test('may have spaces, and capitals', () => {
    expect(fromHex(' 0A0b\n0c ')).toEqual(Uint8Array.of(10, 11, 12));
  });

  test.each(['0', '0g', '0x00', 'é0', '00-11'])('is not «%s»', (text) => {
    expect(() => fromHex(text)).toThrow(RangeError);
  });
});

describe('text', () => {
  test('is UTF-8', () => {
    expect(toHex(fromText('Zürich'))).toBe('5ac3bc72696368');
    expect(toText(fromHex('5ac3bc72696368'))).toBe('Zürich');
  });

  test('from the wire never breaks a log line', () => {
    expect(toText(fromText('a\nb\r\t\0\x1b[31m\x7f\u0085'))).toBe(
      'a\\x0ab\\x0d\\x09\\x00\\x1b[31m\\x7f\\x85',
    );
    expect(toText(fromHex('61ff62'))).toBe('a\ufffdb');
  });
});
