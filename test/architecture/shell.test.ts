// What peers send must reach no shell: there is none (CVE-2023-28771, class 7).
import { describe, expect, test } from 'vitest';
import { type SourceFile, sourcesBelow } from './sources.ts';

describe('what peers send reaches no shell (class 7)', () => {
  test('one file starts programs, with their words apart', () => {
    expect(starters(sourcesBelow('src', '.ts'))).toEqual(['daemon/host.ts']);
    expect(shells(sourcesBelow('src', '.ts'))).toEqual([]);
    expect(starters(sourcesBelow('native/src', '.c', '.h'))).toEqual([]);
  });

  test.each([
    "import { exec } from 'node:child_process';",
    "spawn('ip', words, { shell: true });",
    "execFile('/bin/sh', ['-c', words]);",
  ])('as %s would', (text) => {
    expect(shells([{ path: 'x.ts', text }])).toEqual(['x.ts']);
  });
});

const starters = (files: readonly SourceFile[]): string[] =>
  matching(files, /child_process|\b(?:system|popen|execvp?e?|posix_spawnp?)\(/);

const shells = (files: readonly SourceFile[]): string[] =>
  matching(files, /\bshell: |\bexec\b[^F].*child_process|\bexecSync\b|\bbin\/sh\b/);

const matching = (files: readonly SourceFile[], pattern: RegExp): string[] =>
  files.filter(({ text }) => pattern.test(text)).map(({ path }) => path);
