import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { prepareRunDir } from '../../../src/daemon/run-dir.ts';
import { Trouble } from '../../../src/daemon/trouble.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ikev2-run-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const modeOf = (path: string): number => statSync(path).mode & 0o777;

describe('the run directory', () => {
  test('is made for its owner alone, with what leads to it', () => {
    const runDir = join(folder, 'a/b');
    expect(prepareRunDir(runDir)).toEqual({
      controlSocket: join(runDir, 'control.sock'),
      leases: join(runDir, 'leases.json'),
      captures: join(runDir, 'captures'),
      bypasses: join(runDir, 'bypasses'),
      counters: join(runDir, 'counters.json'),
    });
    expect(modeOf(runDir)).toBe(0o700);
  });

  test('is closed to others where it lay open but held only our files', () => {
    const runDir = join(folder, 'run');
    mkdirSync(runDir);
    chmodSync(runDir, 0o755);
    writeFileSync(join(runDir, 'leases.json'), '{}');
    prepareRunDir(runDir);
    expect(modeOf(runDir)).toBe(0o700);
  });

  test('is refused, and left as it is, where others keep things in it', () => {
    const runDir = join(folder, 'tmp');
    mkdirSync(runDir);
    chmodSync(runDir, 0o1777);
    writeFileSync(join(runDir, 'somebody-elses'), '');
    expect(() => prepareRunDir(runDir)).toThrow(
      /open to other users and holds other things \(somebody-elses\)/,
    );
    expect(statSync(runDir).mode & 0o7777).toBe(0o1777);
  });

  test('is refused in words where it cannot be', () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    expect(() => prepareRunDir(join(file, 'run'))).toThrow(Trouble);
    expect(() => prepareRunDir(join(file, 'run'))).toThrow(/cannot be made \(ENOTDIR\)/);
  });
});
