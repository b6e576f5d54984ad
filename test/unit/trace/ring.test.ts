import { describe, expect, test } from 'vitest';
import { Ring } from '../../../src/trace/ring.ts';
import { attempt, note, sa } from './events.ts';

const whys = (entries: readonly { event: object }[]): unknown[] =>
  entries.map(({ event }) => ('why' in event ? event.why : undefined));

describe('the ring', () => {
  test('keeps the newest, oldest first', () => {
    const ring = new Ring({ all: 3, firstOfSa: 0, lastOfSa: 9, attempts: 9, ofSas: 9 });
    for (const why of ['a', 'b', 'c', 'd', 'e']) ring.add(0, note(why));
    expect(whys(ring.events(0, 10))).toEqual(['c', 'd', 'e']);
  });

  test('gives only what came after an entry that was seen', () => {
    const ring = new Ring();
    const ids = ['a', 'b', 'c'].map((why) => ring.add(0, note(why)).id);
    expect(whys(ring.events(ids[1] as number, 10))).toEqual(['c']);
    expect(whys(ring.events(0, 2))).toEqual(['b', 'c']);
  });

  // The handshake of a device that was connected overnight used to be gone: probes had pushed it out.
  test('keeps the first events of one SA and the last, and no more', () => {
    const ring = new Ring({ all: 1, firstOfSa: 1, lastOfSa: 2, attempts: 1, ofSas: 100 });
    for (const why of ['a', 'b', 'c', 'd', 'e']) ring.add(0, note(why, 1));
    ring.add(0, note('other', 2));
    expect(whys(ring.ofSa(sa(1), 0, 10))).toEqual(['a', 'd', 'e']);
    expect(whys(ring.ofSa(sa(2), 0, 10))).toEqual(['other']);
    expect(ring.ofSa(sa(3), 0, 10)).toEqual([]);
    expect(ring.gapOf(sa(1))).toEqual({ after: 1, forgotten: 2 });
    expect(ring.gapOf(sa(2))).toBeUndefined();
  });

  test('forgets the SA that was quiet longest when all SAs have too many', () => {
    const ring = new Ring({ all: 1, firstOfSa: 0, lastOfSa: 10, attempts: 1, ofSas: 4 });
    ring.add(0, note('a', 1));
    ring.add(0, note('b', 2));
    ring.add(0, note('c', 1));
    ring.add(0, note('d', 3));
    ring.add(0, note('e', 4));
    expect(whys(ring.ofSa(sa(1), 0, 10))).toEqual(['a', 'c']);
    expect(ring.ofSa(sa(2), 0, 10)).toEqual([]);
    expect(whys(ring.ofSa(sa(4), 0, 10))).toEqual(['e']);
  });

  test('stays bounded over a hundred thousand SAs that came and failed', () => {
    const ring = new Ring();
    for (let i = 0; i < 100_000; i++) ring.add(0, attempt({ sa: sa(i) }));
    const kept = Array.from({ length: 100_000 }, (_, i) => ring.ofSa(sa(i), 0, 1000).length);
    expect(kept.reduce((sum, n) => sum + n, 0)).toBe(10_000);
    expect(ring.events(0, 1e6)).toHaveLength(1000);
    expect(ring.attempts(0, 1e6)).toHaveLength(100);
  });
});
