// No file so long that it would need a table of contents.
import { describe, expect, test } from 'vitest';
import { type SourceFile, sourcesBelow } from './sources.ts';

const LIMIT = 400;

describe('files', () => {
  const files = [
    ...sourcesBelow('src', '.ts'),
    ...sourcesBelow('native', '.c', '.h'),
    ...sourcesBelow('luci-app', '.js'),
    ...sourcesBelow('test/lab', '.ts', '.mjs', '.sh'),
    ...sourcesBelow('cross', '.mjs', '.sh', '.ts'),
  ];

  test('were looked at, all of them', () => {
    expect(files.length).toBeGreaterThan(60);
  });

  test(`have at most ${LIMIT} lines`, () => {
    expect(tooLong(files)).toEqual([]);
  });

  test('say first what they are', () => {
    const silent = sourcesBelow('src', '.ts')
      .filter(({ path }) => !path.endsWith('.d.ts'))
      .filter(({ text }) => !/^(?:import\b[^;]*;\s*)*(?:\/\/|\/\*)/.test(text));
    expect(silent.map(({ path }) => path)).toEqual([]);
  });
});

describe('the measure', () => {
  const file = (lines: number): SourceFile => ({ path: 'x.ts', text: 'x\n'.repeat(lines) });

  test('lets a file of exactly the limit pass', () => {
    expect(tooLong([file(LIMIT)])).toEqual([]);
  });

  test('notices one line more', () => {
    expect(tooLong([file(LIMIT + 1)])).toEqual([`x.ts: ${LIMIT + 1} lines`]);
  });
});

function tooLong(files: readonly SourceFile[]): string[] {
  return files
    .map(({ path, text }) => ({ path, lines: text.trimEnd().split('\n').length }))
    .filter(({ lines }) => lines > LIMIT)
    .map(({ path, lines }) => `${path}: ${lines} lines`);
}
