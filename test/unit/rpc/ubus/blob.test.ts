import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../../../../src/base/bytes.ts';
import { BlobError, readTable, writeTable } from '../../../../src/rpc/ubus/blob.ts';
import { messageLength, readMessage, writeMessage } from '../../../../src/rpc/ubus/message.ts';
import { transcript } from './transcript.ts';

/** Values with which libubox writes i64 where a small number would do. */
const isWide = (bytes: Uint8Array): boolean => toHex(bytes).includes('84000018000765787069726573');

describe('the recorded messages', () => {
  test.each(transcript.map((one, i) => [i, one.type, one] as const))(
    '%i %s: read and written again they are the same bytes',
    (_, _type, { bytes, sequence, peer }) => {
      expect(messageLength(bytes)).toBe(bytes.length);
      const message = readMessage(bytes);
      expect(message).toMatchObject({ sequence, peer });
      const written = writeMessage(message);
      if (isWide(bytes)) expect(readMessage(written)).toEqual(message);
      else expect(toHex(written)).toBe(toHex(bytes));
    },
  );

  test('say what was said', () => {
    const messages = transcript.map(({ bytes }) => readMessage(bytes).attributes);
    expect(messages[1]).toEqual({
      path: 'ikev2',
      signature: { status: {}, terminate: { name: 3, force: 7 } },
    });
    expect(messages[11]).toMatchObject({
      method: 'login',
      data: { username: 'root', timeout: 60 },
    });
    expect(messages[29]?.data).toMatchObject({
      interface: [{ interface: 'lan', up: true }, {}, {}],
    });
    expect(messages[36]).toMatchObject({ method: 'status', user: 'root', group: 'root', data: {} });
    expect(messages[37]?.data).toEqual({
      running: true,
      version: '0.0.1',
      uptime: 12,
      bytes: 5_000_000_000,
      ratio: 1.5,
      sas: [{ name: 'road', state: 'ESTABLISHED' }],
    });
    expect(messages[48]).toMatchObject({ isActive: true });
    expect(messages[54]).toMatchObject({ isActive: false });
  });

  test.each(transcript.map((one, i) => [i, one.bytes] as const))(
    '%i cut short anywhere is refused, and nothing else breaks',
    (_, bytes) => {
      for (let length = 0; length < bytes.length; length += bytes.length > 1000 ? 97 : 1) {
        try {
          readMessage(bytes.subarray(0, length));
          // What is left may be a whole message if the container were as short: it is not.
          expect(length).toBe(bytes.length);
        } catch (error) {
          const isRefusal = error instanceof BlobError || error instanceof RangeError;
          expect(isRefusal || (error as Error).name === 'OutOfBytes').toBe(true);
        }
      }
    },
  );

  test('with any byte changed are read or refused', () => {
    fc.assert(
      fc.property(
        fc.nat(transcript.length - 1),
        fc.nat(),
        fc.integer({ min: 0, max: 255 }),
        (index, at, value) => {
          const bytes = (transcript[index]?.bytes ?? new Uint8Array()).slice();
          bytes[8 + (at % (bytes.length - 8))] = value;
          try {
            readMessage(bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(BlobError);
          }
        },
      ),
    );
  });
});

describe('values', () => {
  const json = fc.dictionary(fc.string({ maxLength: 20 }), fc.jsonValue({ maxDepth: 4 }));
  /** No number of ours is −0, and no text holds a zero. */
  const plain = (value: unknown): unknown =>
    JSON.parse(JSON.stringify(value).replaceAll('\\u0000', '\ufffd'));

  test('survive the journey', () => {
    fc.assert(
      fc.property(json, (table) => {
        const names = JSON.stringify(table);
        fc.pre(!/[\ud800-\udfff]|\\ud[89a-f]/i.test(names));
        expect(JSON.parse(JSON.stringify(readTable(writeTable(table))))).toEqual(plain(table));
      }),
    );
  });

  test('that are undefined are left out, and those of prototypes are values like others', () => {
    expect(readTable(writeTable({ a: undefined, b: 1 }))).toEqual({ b: 1 });
    const table = readTable(writeTable(JSON.parse('{"__proto__":{"x":1}}')));
    expect(Object.keys(table)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(table)).toBe(Object.prototype);
  });

  test('that count bytes may have more than 32 bits', () => {
    expect(readTable(writeTable({ n: 2 ** 40, big: 2n ** 40n }))).toEqual({
      n: 2 ** 40,
      big: 2 ** 40,
    });
  });

  test('nested without end are refused, either way', () => {
    let nested: object = {};
    let bytes = new Uint8Array();
    for (let i = 0; i < 100; i++) {
      nested = { x: nested };
      bytes = namedTable(bytes);
    }
    expect(() => writeTable(nested)).toThrow(BlobError);
    expect(() => readTable(bytes)).toThrow('nested too deeply');
  });

  test.each([
    ['a length below the head', '80000003'],
    ['a length beyond the end', '80000040'],
    ['a name beyond the end', '83000008ffff6100'],
    ['no name at all', '0300000861620000'],
    ['a number of the wrong size', '8500000a00016100000000000000'],
    ['a string without end', '8300000c0001610061626364'],
    ['an unknown type', '8f00000800016100'],
  ])('with %s are refused', (_, hex) => {
    expect(() => readTable(fromHex(hex))).toThrow(BlobError);
  });
});

describe('a message', () => {
  test('longer than ubusd takes is refused, either way', () => {
    const attributes = { data: { text: 'x'.repeat(1024 * 1024) } };
    expect(() => writeMessage({ type: 2, sequence: 1, peer: 0, attributes })).toThrow('too long');
    expect(() => messageLength(fromHex('000200010000000000200000'))).toThrow('bytes');
  });
});

function namedTable(inside: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(8 + inside.length);
  new DataView(out.buffer).setUint32(0, 0x82000000 + out.length);
  out.set([0, 1, 0x78, 0], 4);
  out.set(inside, 8);
  return out;
}
