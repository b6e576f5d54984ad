import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { messages, poFiles, readPo } from '../../../cross/gen-po.mjs';
import { root } from '../../lab/checkout.ts';

const directives = (text: string): string[] => text.match(/%[a-z%]/g) ?? [];

test('a good part of the pages can be translated', () => {
  expect(messages().size).toBeGreaterThan(250);
});

test.each([...poFiles()])('%s is as `node cross/gen-po.mjs` writes it', (file, text) => {
  expect(readFileSync(file, 'utf8')).toBe(text);
});

describe('German', () => {
  const german = readPo(readFileSync(join(root, 'luci-app/po/de/ikev2.po'), 'utf8'));

  test('has words for every message, with the same values in them', () => {
    for (const id of messages().keys()) {
      expect(german.get(id), id).toMatch(/\S/);
      expect(directives(german.get(id) ?? ''), id).toEqual(directives(id));
    }
  });
});

test('languages are folders with their name in the file', () => {
  for (const [file, text] of poFiles()) {
    const language = basename(dirname(file));
    if (file.endsWith('.po')) expect(text).toContain(`"Language: ${language}\\n"`);
  }
});
