import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concat, fromHex, Reader, toHex, Writer } from '../../../src/base/bytes.ts';
import { nameOf } from '../../../src/iana/name.ts';
import { PayloadType } from '../../../src/iana/payloads.ts';
import { WireError } from '../../../src/wire/codec.ts';
import {
  all,
  decodeBody,
  encodeBody,
  find,
  type KnownType,
  type Payload,
  payload,
  unknownType,
} from '../../../src/wire/payloads/index.ts';
import { knownTypes, sampleOf, samples } from './samples.ts';

for (const type of knownTypes) describe(nameOf(PayloadType, type), () => codecTests(type));

function codecTests<T extends KnownType>(type: T): void {
  const { examples, arbitrary, least, end, rejects } = samples[type];
  const bodies = examples.map(({ hex }) => fromHex(hex));

  test('decodes its examples, and encodes them to the same bytes', () => {
    for (const { hex, body } of examples) {
      const one = payload(type, body);
      expect(decode(type, fromHex(hex), nextOf(one))).toEqual(one);
      expect(toHex(encode(one))).toBe(toHex(fromHex(hex)));
    }
  });

  test('round trips whatever we may send', () => {
    fc.assert(
      fc.property(arbitrary, (body) => {
        const one = payload(type, body);
        expect(decode(type, encode(one), nextOf(one))).toEqual(one);
      }),
    );
  });

  test('rejects every truncation, unless what is left is a whole body of its own', () => {
    for (const body of bodies) {
      for (let length = 0; length < body.length; length++) {
        expectRejectedOrExact(type, body.subarray(0, length));
      }
    }
    for (let length = 0; length < least; length++) {
      expect(() => decode(type, new Uint8Array(length).fill(1))).toThrow(WireError);
    }
  });

  test('rejects trailing bytes, unless its last field takes all there is', () => {
    for (const body of bodies) {
      const longer = concat(body, Uint8Array.of(0));
      if (end === 'closed') expect(() => decode(type, longer)).toThrow(WireError);
      else expectRejectedOrExact(type, longer);
    }
  });

  test.runIf(Object.keys(rejects).length > 0).each(Object.entries(rejects))(
    'rejects %s',
    (_, hex) => {
      expect(() => decode(type, fromHex(hex))).toThrow(WireError);
    },
  );
}

/** Where a shorter or longer body is legal, no byte of it may be lost. */
function expectRejectedOrExact(type: number, bytes: Uint8Array): void {
  const decoded = decodeOrFail(type, bytes);
  if (decoded) expect(toHex(encode(decoded))).toBe(toHex(bytes));
}

function decodeOrFail(type: number, bytes: Uint8Array): Payload | undefined {
  try {
    return decode(type, bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(WireError);
    return undefined;
  }
}

function decode(type: number, body: Uint8Array, next = 0): Payload {
  return decodeBody({ type, next, critical: false }, new Reader(body));
}

function encode(one: Payload): Uint8Array {
  const w = new Writer();
  encodeBody(w, one);
  return w.finish();
}

const nextOf = ({ body }: Payload): number => ('first' in body ? body.first : 0);

describe('SA', () => {
  const proposal = (attributes: string): string => {
    const transform = fromHex(`01 00 000c ${attributes}`);
    const length = (n: number) => n.toString(16).padStart(4, '0');
    return `00 00 ${length(12 + transform.length)} 01 01 00 01
            00 00 ${length(4 + transform.length)} ${toHex(transform)}`;
  };
  const transformOf = (attributes: string) => {
    const decoded = decode(PayloadType.SA, fromHex(proposal(attributes)));
    return find([decoded], PayloadType.SA)?.proposals[0]?.transforms[0];
  };

  test('marks a transform with an unknown attribute, and keeps the proposal (pitfall 23)', () => {
    expect(transformOf('800e 0100')).toMatchObject({ keyBits: 256, isKnown: true });
    expect(transformOf('800e 0100 8011 0001')).toMatchObject({ keyBits: 256, isKnown: false });
    expect(transformOf('0011 0003 aabbcc')).toMatchObject({ keyBits: undefined, isKnown: false });
  });

  test('takes a key length in the wrong format, or twice, for an unknown attribute', () => {
    expect(transformOf('000e 0002 0100')).toMatchObject({ keyBits: undefined, isKnown: false });
    expect(transformOf('800e 0100 800e 0080')).toMatchObject({ isKnown: false });
  });

  test('never sends a transform with attributes that we do not know', () => {
    const decoded = decode(PayloadType.SA, fromHex(proposal('8011 0001')));
    expect(() => encode(decoded)).toThrow('unknown attributes');
  });

  test('rejects a 256th proposal: numbers are one octet', () => {
    const proposals = (count: number) =>
      fromHex(`${'02 00 0008 01 01 00 00'.repeat(count - 1)} 00 00 0008 01 01 00 00`);
    expect(find([decode(PayloadType.SA, proposals(255))], PayloadType.SA)?.proposals).toHaveLength(
      255,
    );
    expect(() => decode(PayloadType.SA, proposals(256))).toThrow(WireError);
  });
});

describe('ID', () => {
  test('keeps the reserved bytes that AUTH covers (pitfall 12)', () => {
    const body = fromHex('02 a1b2c3 7670 6e');
    const id = find([decode(PayloadType.IDI, body)], PayloadType.IDI);
    expect(id).toEqual({ type: 2, data: fromHex('76706e'), raw: body });
  });

  test('takes any length, of any type (CVE-2025-9242)', () => {
    for (const length of [0, 1, 3, 255, 512, 60000]) {
      for (const type of [0, 1, 2, 5, 9, 13, 255]) {
        const body = concat(Uint8Array.of(type, 0, 0, 0), new Uint8Array(length));
        expect(find([decode(PayloadType.IDR, body)], PayloadType.IDR)?.data).toHaveLength(length);
      }
    }
  });
});

describe('TS', () => {
  const v4 = '07 00 0010 0000 ffff 0a030000 0a0300ff';

  test('skips selectors of an unknown type by their length', () => {
    const body = fromHex(`03 000000 09 00 0008 aabbccdd ${v4} 0b 00 0004`);
    expect(find([decode(PayloadType.TSR, body)], PayloadType.TSR)?.selectors).toMatchObject([
      { type: 7, start: fromHex('0a030000') },
    ]);
  });

  test('is empty when it knows none of the types', () => {
    const body = fromHex('01 000000 09 00 0008 aabbccdd');
    expect(find([decode(PayloadType.TSR, body)], PayloadType.TSR)?.selectors).toEqual([]);
  });
});

describe('CP', () => {
  test('ignores the reserved bit of an attribute type', () => {
    const cp = find([decode(PayloadType.CP, fromHex('01 000000 8001 0000'))], PayloadType.CP);
    expect(cp?.attributes).toEqual([{ type: 1, value: new Uint8Array(0) }]);
  });
});

describe('payloads', () => {
  const notify = (type: number): Payload =>
    payload(PayloadType.NOTIFY, {
      protocol: 0,
      spi: new Uint8Array(0),
      type,
      data: new Uint8Array(0),
    });

  test('are found by type: the first, or all in their order', () => {
    const payloads = [sampleOf(PayloadType.SA), notify(1), notify(2), sampleOf(PayloadType.KE)];
    expect(find(payloads, PayloadType.NOTIFY)?.type).toBe(1);
    expect(all(payloads, PayloadType.NOTIFY).map(({ type }) => type)).toEqual([1, 2]);
    expect(find(payloads, PayloadType.CP)).toBeUndefined();
    expect(all(payloads, PayloadType.CP)).toEqual([]);
  });

  test('of an unknown type are kept as bytes, those of IKEv1 too (CVE-2015-3991)', () => {
    for (const type of [1, 13, 49, 54, 255]) {
      expect(decodeBody({ type, next: 0, critical: true }, new Reader(fromHex('0102')))).toEqual({
        type: unknownType,
        number: type,
        critical: true,
        body: fromHex('0102'),
      });
    }
  });

  test('name themselves and the offset when they do not parse', () => {
    const broken = () =>
      decodeBody(
        { type: PayloadType.KE, next: 0, critical: false },
        new Reader(fromHex('001f00'), 100),
      );
    expect(broken).toThrow(expect.objectContaining({ field: 'KE', offset: 102 }));
  });
});
