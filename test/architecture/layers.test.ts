// Imports point only downward, and the pure layers stay pure.
import { describe, expect, test } from 'vitest';
import { importsOf, judge, layers } from './layers.ts';
import { sourcesBelow } from './sources.ts';

describe('the layers of src/', () => {
  const modules = sourcesBelow('src', '.ts');

  test('were looked at, all of them', () => {
    // A checker that sees nothing is green, too.
    expect(modules.length).toBeGreaterThan(40);
    expect(modules.flatMap(({ text }) => importsOf(text)).length).toBeGreaterThan(100);
  });

  test('import only what lies below, and keep clocks, dice and promises out of the pure ones', () => {
    expect(modules.flatMap(judge)).toEqual([]);
  });

  test('name only layers that there are, and only lower ones', () => {
    for (const [at, { below }] of layers.entries()) {
      const lower = layers.slice(0, at).map(({ name }) => name);
      expect(lower).toEqual(expect.arrayContaining([...below]));
    }
  });
});

describe('the judge', () => {
  const fixtures = sourcesBelow('test/architecture/fixtures', '.ts').filter(({ text }) =>
    text.startsWith('// expect: '),
  );

  test('has a fixture for every rule', () => {
    expect(fixtures.length).toBeGreaterThanOrEqual(20);
  });

  test.each(fixtures)('judges $path as its first line says', ({ path, text }) => {
    const expected = text.slice('// expect: '.length, text.indexOf('\n'));
    const verdicts = judge({ path, text: text.slice(text.indexOf('\n')) });
    if (expected === 'nothing') expect(verdicts).toEqual([]);
    else expect(verdicts.join('\n')).toContain(expected);
  });
});
