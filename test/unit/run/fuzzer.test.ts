// The fuzzer itself: what it cannot find, nobody need look for.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fromText, toText } from '../../../src/base/bytes.ts';
import { Fuzzer } from '../../fuzz/fuzzer.ts';

const secret = 'knock';
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fuzzer-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Each right letter is another block; all of them are a bug. */
function opened(isGuided: boolean) {
  let reached = 0;
  const target = {
    run(data: Uint8Array) {
      for (const [i, byte] of fromText(secret).entries()) {
        if (data[i] !== byte) return;
        reached = Math.max(reached, i + 1);
      }
      throw new Error('open');
    },
    seeds: () => [],
    words: [],
  };
  const take = () => {
    const blocks = isGuided ? Array.from({ length: reached + 1 }, (_, i) => i * 32) : [0];
    reached = 0;
    return blocks;
  };
  const prefix = join(folder, 'finding-');
  const rest = { longest: 16, folders: [], prefix, watchdog: { begin: () => {} } };
  return new Fuzzer({ target, coverage: { take }, ...rest });
}

test('finds step by step what no blind search finds, and keeps it', async () => {
  const fuzzer = opened(true);
  await fuzzer.run(25);

  expect(fuzzer.hasFound).toBe(true);
  const [file = ''] = readdirSync(folder);
  expect(toText(new Uint8Array(readFileSync(join(folder, file))))).toMatch(/^knock/);
});

test('finds nothing blindly, and ends in time', async () => {
  const fuzzer = opened(false);
  await fuzzer.run(0.2);

  expect(fuzzer.executions).toBeGreaterThan(1);
  expect(fuzzer.hasFound).toBe(false);
  expect(existsSync(join(folder, 'finding-'))).toBe(false);
});
