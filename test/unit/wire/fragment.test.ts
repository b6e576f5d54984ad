import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concat } from '../../../src/base/bytes.ts';
import {
  type Fragment,
  maxFragments,
  maxReassembled,
  Reassembly,
  split,
} from '../../../src/wire/fragment.ts';

const chain = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i % 251);

/** The fragments of a chain that begins with payload type 35. */
const fragmentsOf = (bytes: Uint8Array, room: number): Fragment[] => {
  const pieces = split(bytes, room);
  return pieces.map((content, i) => ({
    first: i === 0 ? 35 : 0,
    number: i + 1,
    total: pieces.length,
    content,
  }));
};
const piece = (number: number, total: number, length = 1): Fragment => ({
  first: number === 1 ? 35 : 0,
  number,
  total,
  content: new Uint8Array(length).fill(number),
});
const addAll = (reassembly: Reassembly, fragments: readonly Fragment[]) =>
  fragments.map((fragment) => reassembly.add(fragment));

describe('split', () => {
  test('fills every piece but the last, and loses nothing', () => {
    expect(split(chain(10), 4).map(({ length }) => length)).toEqual([4, 4, 2]);
    expect(split(chain(8), 4).map(({ length }) => length)).toEqual([4, 4]);
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 3000 }),
        fc.integer({ min: 1, max: 700 }),
        (bytes, room) => {
          const pieces = split(bytes, room);
          expect(concat(...pieces)).toEqual(bytes);
          expect(pieces.slice(0, -1).every(({ length }) => length === room)).toBe(true);
          expect(pieces).toHaveLength(Math.max(1, Math.ceil(bytes.length / room)));
        },
      ),
    );
  });

  test('leaves in one piece what fits, an empty chain too', () => {
    expect(split(chain(4), 4)).toEqual([chain(4)]);
    expect(split(chain(0), 4)).toEqual([chain(0)]);
  });

  test('needs room, and no more than 65,535 pieces', () => {
    expect(() => split(chain(4), 0)).toThrow('without room');
    expect(() => split(chain(65536), 1)).toThrow('16 bits');
  });
});

describe('reassembly', () => {
  test('gives back what was split, in whatever order it comes, and however often', () => {
    const bytes = fc.uint8Array({ minLength: 2, maxLength: 3000 });
    const arrival = bytes
      .map((whole) => ({ whole, fragments: fragmentsOf(whole, Math.ceil(whole.length / 20)) }))
      .chain(({ whole, fragments }) =>
        fc.record({
          whole: fc.constant(whole),
          shuffled: fc.shuffledSubarray([...fragments, ...fragments], {
            minLength: 2 * fragments.length,
          }),
        }),
      );
    fc.assert(
      fc.property(arrival, ({ whole, shuffled }) => {
        const results = addAll(new Reassembly(), shuffled);
        const done = results.filter(({ kind }) => kind === 'whole');
        expect(done).toEqual([{ kind: 'whole', first: 35, bytes: whole }]);
      }),
    );
  });

  test('says how many of how many are there', () => {
    const [one, two, three] = [piece(1, 3), piece(2, 3), piece(3, 3)];
    expect(addAll(new Reassembly(), [three, one, two])).toEqual([
      { kind: 'partial', have: 1, total: 3 },
      { kind: 'partial', have: 2, total: 3 },
      { kind: 'whole', first: 35, bytes: Uint8Array.of(1, 2, 3) },
    ]);
  });

  test('takes the inner type from fragment 1 alone (pitfall 48)', () => {
    const last = { ...piece(2, 2), first: 99 };
    expect(addAll(new Reassembly(), [piece(1, 2), last]).at(-1)).toMatchObject({ first: 35 });
    expect(addAll(new Reassembly(), [last, piece(1, 2)]).at(-1)).toMatchObject({ first: 35 });
  });

  test('is done at once when one fragment is all', () => {
    expect(new Reassembly().add(piece(1, 1))).toMatchObject({ kind: 'whole', first: 35 });
  });

  test('drops fragment 0 and fragments behind the last (pitfall 48)', () => {
    for (const [number, total] of [
      [0, 2],
      [0, 0],
      [3, 2],
    ] as const) {
      expect(new Reassembly().add(piece(number, total))).toEqual({
        kind: 'dropped',
        why: 'invalid',
      });
    }
  });

  test('counts a duplicate once and keeps the first of them (pitfall 48)', () => {
    const other = { ...piece(1, 2), content: Uint8Array.of(99) };
    expect(addAll(new Reassembly(), [piece(1, 2), other, piece(2, 2)])).toEqual([
      { kind: 'partial', have: 1, total: 2 },
      { kind: 'dropped', why: 'duplicate' },
      { kind: 'whole', first: 35, bytes: Uint8Array.of(1, 2) },
    ]);
  });

  test('starts anew when the total rises: the sender lowered the size (pitfall 48)', () => {
    const results = addAll(new Reassembly(), [piece(1, 2), piece(2, 3), piece(1, 3), piece(3, 3)]);
    expect(results).toEqual([
      { kind: 'partial', have: 1, total: 2 },
      { kind: 'partial', have: 1, total: 3 },
      { kind: 'partial', have: 2, total: 3 },
      { kind: 'whole', first: 35, bytes: Uint8Array.of(1, 2, 3) },
    ]);
  });

  test('drops late fragments of a larger size: the total never falls (pitfall 48)', () => {
    const results = addAll(new Reassembly(), [piece(1, 3), piece(2, 2), piece(2, 3), piece(3, 3)]);
    expect(results[1]).toEqual({ kind: 'dropped', why: 'stale' });
    expect(results[3]).toMatchObject({ kind: 'whole', bytes: Uint8Array.of(1, 2, 3) });
  });

  test('takes the 64 fragments of a client that cuts small (pitfall 48)', () => {
    const results = addAll(new Reassembly(), fragmentsOf(chain(64 * 500), 500));
    expect(results.at(-1)).toEqual({ kind: 'whole', first: 35, bytes: chain(64 * 500) });
  });

  test(`refuses to wait for more than ${maxFragments} fragments, and keeps what it has`, () => {
    const reassembly = new Reassembly();
    reassembly.add(piece(1, 2));
    expect(reassembly.add(piece(2, 65535))).toEqual({ kind: 'dropped', why: 'too-many' });
    expect(reassembly.add(piece(2, maxFragments + 1))).toEqual({
      kind: 'dropped',
      why: 'too-many',
    });
    expect(reassembly.add(piece(2, 2))).toMatchObject({ kind: 'whole' });
  });

  test(`never holds more than ${maxReassembled} bytes`, () => {
    const reassembly = new Reassembly();
    expect(reassembly.add(piece(1, 3, maxReassembled - 1))).toMatchObject({ kind: 'partial' });
    expect(reassembly.add(piece(2, 3, 2))).toEqual({ kind: 'dropped', why: 'too-long' });
    expect(reassembly.add(piece(2, 3, 1))).toMatchObject({ kind: 'partial', have: 2 });
    expect(reassembly.add(piece(3, 3, 0))).toMatchObject({ kind: 'whole' });
  });

  test('counts bytes from zero when it starts anew', () => {
    const reassembly = new Reassembly();
    reassembly.add(piece(1, 2, maxReassembled));
    expect(reassembly.add(piece(1, 3, 1))).toMatchObject({ kind: 'partial', have: 1 });
    expect(reassembly.add(piece(2, 3, maxReassembled - 1))).toMatchObject({ kind: 'partial' });
    expect(reassembly.add(piece(3, 3, 1))).toEqual({ kind: 'dropped', why: 'too-long' });
  });

  test('drops everything once it is whole', () => {
    const reassembly = new Reassembly();
    reassembly.add(piece(1, 1));
    expect(reassembly.add(piece(1, 1))).toEqual({ kind: 'dropped', why: 'complete' });
    expect(reassembly.add(piece(1, 5))).toEqual({ kind: 'dropped', why: 'complete' });
  });
});
