import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { sourcesBelow } from '../../architecture/sources.ts';
import { inCheckout } from '../../lab/checkout.ts';
import { guards } from '../../run/guards.ts';
import { withoutGuard } from '../../run/mutation.ts';
import { mentionsIn, pageOf, readRows } from '../../run/pitfall-mentions.ts';

const page = readFileSync(inCheckout(pageOf('class')), 'utf8');
const rows = readRows(page).map(({ id }) => id);
const lineOf = (row: number) => page.split('\n').find((line) => line.startsWith(`| ${row} |`));

describe('docs/security/cve-classes.md', () => {
  test('has thirty-three rows in their order, each with a guard that can be taken away', () => {
    expect(rows).toEqual(Array.from({ length: 33 }, (_, i) => `${i + 1}`));
    expect([...new Set(guards.map(({ row }) => `${row}`))]).toEqual(rows);
  });

  test('names the file and the test of every guard in its row', () => {
    for (const { row, file, test: named } of guards) {
      expect(lineOf(row)).toContain(`\`${file}\``);
      expect(lineOf(row)).toContain(`\`${named}\``);
    }
  });

  test('names files that are there', () => {
    const named = Array.from(
      page.matchAll(/`((?:src|test|native)\/[\w./-]+)`/g),
      ([, file]) => file,
    );
    expect(named.length).toBeGreaterThan(60);
    expect(named.filter((file) => !existsSync(inCheckout(file ?? '')))).toEqual([]);
  });

  test('has a test of each row that says so', () => {
    const named = ['test', 'native/test'].flatMap((folder) =>
      sourcesBelow(folder, '.ts', '.c').flatMap(({ path, text }) =>
        /^(unit\/)?run\//.test(path) ? [] : mentionsIn(path, text, 'class').map(({ id }) => id),
      ),
    );
    expect(rows.filter((row) => !named.includes(row))).toEqual([]);
  });
});

describe('a guard', () => {
  test.each(guards)('of row $row stands in $file, once', (guard) => {
    const text = readFileSync(inCheckout(guard.file), 'utf8');
    expect(withoutGuard(text, guard)).not.toBe(text);
  });

  test.each(guards)('of row $row has its test in $test', ({ test: file, title }) => {
    expect(title).not.toBe('');
    const text = readFileSync(inCheckout(file), 'utf8');
    // Titles of `test.each` are filled in when they run.
    const isWritten = (words: string) => text.replaceAll('\\', '').includes(words);
    expect(isWritten(title) || isWritten(title.replace(/^bits /, ''))).toBe(true);
  });

  test('that moved or is there twice is told', () => {
    const guard = { ...guards[0], guard: 'a' } as (typeof guards)[number];
    expect(() => withoutGuard('b', guard)).toThrow('0 times «a»');
    expect(() => withoutGuard('a a', guard)).toThrow('2 times «a»');
    expect(withoutGuard('bab', { ...guard, without: 'c' })).toBe('bcb');
  });
});
