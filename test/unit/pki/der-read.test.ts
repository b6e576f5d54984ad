// The quick reader of long structures: it takes what the careful one takes, and nothing else.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concat, equal, fromText } from '../../../src/base/bytes.ts';
import { NotDer, readElement } from '../../../src/pki/der.ts';
import { Fields, readTime, Tag, walk } from '../../../src/pki/der-read.ts';
import * as der from '../../../src/pki/der-write.ts';
import { element } from './build-der.ts';

const bytes = (max: number) => fc.uint8Array({ maxLength: max });

/** What a reader makes of it, or that it is refused. */
function outcome<T>(read: () => T): T | 'refused' {
  try {
    return read();
  } catch (error) {
    if (error instanceof NotDer) return 'refused';
    throw error;
  }
}

describe('walk', () => {
  test('finds the elements that were written, of any length', () => {
    // Around every length that takes another octet to write.
    const lengths = fc.oneof(
      fc.integer({ min: 0, max: 300 }),
      fc.constantFrom(65_535, 65_536, 70_000),
    );
    const body = lengths.map((length) => new Uint8Array(length).fill(length));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(0x02, 0x04, 0x30, 0x80, 0xa3), body), { maxLength: 5 }),
        (all) => {
          const written = concat(...all.map(([tag, content]) => der.tagged(tag, content)));
          const found = [...walk(written)];
          expect(found.map(({ tag }) => tag)).toEqual(all.map(([tag]) => tag));
          found.forEach(({ body: content }, i) => {
            expect(equal(content, all[i]?.[1] ?? new Uint8Array(1))).toBe(true);
          });
        },
      ),
      { numRuns: 200 },
    );
  });

  test('refuses what the careful reader refuses, and throws nothing else', () => {
    const noise = fc.oneof(
      bytes(12),
      bytes(300).map((body) => der.tagged(0x04, body)),
      fc
        .tuple(fc.constantFrom(0x04, 0x0c, 0x80), bytes(3), bytes(300))
        .map(([tag, length, body]) => concat(Uint8Array.of(tag), length, body)),
    );
    let taken = 0;
    fc.assert(
      fc.property(noise, (input) => {
        const quick = outcome(() => [...walk(input)]);
        if (quick === 'refused' || quick.length !== 1 || (quick[0]?.tag ?? 0) & 0x20) return;
        const careful = outcome(() => readElement(input));
        if (careful === 'refused') return; // it knows which content a tag may have, too
        taken++;
        expect(careful.body).toEqual(quick[0]?.body);
      }),
      { numRuns: 3000 },
    );
    expect(taken).toBeGreaterThan(20);
  });

  test.each([
    ['a length that could be shorter', [0x04, 0x81, 0x01, 0x00]],
    ['a length with a leading zero', [0x04, 0x82, 0x00, 0x80, ...new Uint8Array(128)]],
    ['no definite length', [0x30, 0x80, 0x00, 0x00]],
    ['a length of five octets', [0x04, 0x85, 0, 0, 0, 0, 1, 0]],
    ['a length beyond the end', [0x04, 0x84, 0xff, 0xff, 0xff, 0xff]],
    ['a tag of two octets', [0x1f, 0x01, 0x00]],
    ['a tag alone', [0x04]],
  ])('refuses %s', (_, octets) => {
    expect(() => [...walk(Uint8Array.from(octets))]).toThrow(NotDer);
  });
});

test('fields come in their order, none too few and none too many', () => {
  const body = concat(der.integer(1), der.octets(Uint8Array.of(2)));
  const fields = new Fields(body);
  expect(fields.optional(Tag.SEQUENCE)).toBeUndefined();
  expect(fields.take(Tag.INTEGER).body).toEqual(Uint8Array.of(1));
  expect(() => fields.end()).toThrow(NotDer);
  expect(() => fields.take(Tag.INTEGER)).toThrow(NotDer);
  fields.take(Tag.OCTET_STRING);
  fields.end();
  expect(() => fields.take(Tag.OCTET_STRING)).toThrow(NotDer);
});

describe('times', () => {
  const read = (tag: number, text: string) =>
    readTime(
      [...walk(element(tag, fromText(text)))][0] ?? { tag, body: fromText(''), der: fromText('') },
    );

  test('are read as they were written, on both sides of 2050', () => {
    const seconds = fc.integer({ min: Date.UTC(1950, 0) / 1000, max: Date.UTC(2500, 0) / 1000 });
    fc.assert(
      fc.property(seconds, (at) => {
        const [written] = walk(der.time(new Date(at * 1000)));
        expect(written && readTime(written)).toEqual(new Date(at * 1000));
      }),
    );
  });

  test.each([
    [Tag.UTC_TIME, '261123100000'],
    [Tag.UTC_TIME, '2611231000Z'],
    [Tag.UTC_TIME, '261123100000+0100'],
    [Tag.UTC_TIME, '261323100000Z'],
    [Tag.UTC_TIME, '260230100000Z'],
    [Tag.GENERALIZED_TIME, '20261123100000.5Z'],
    [Tag.GENERALIZED_TIME, '20261123250000Z'],
    [Tag.GENERALIZED_TIME, ''],
  ])('of tag %i: %j is refused', (tag, text) => {
    expect(() => read(tag, text)).toThrow(NotDer);
  });
});
