import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { setOptions } from '../../../src/config/edit.ts';
import { editConfiguration } from '../../../src/daemon/config-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'ikev2-config-file-'));
afterAll(() => rmSync(folder, { recursive: true }));

const path = join(folder, 'ikev2');
const edit = (text: string) => setOptions(text, { type: 'service', name: 'main' }, { port: '501' });

test('makes a file that only its owner may read, and closes one that was open to all', () => {
  editConfiguration(path, edit);
  expect(statSync(path).mode & 0o777).toBe(0o600);

  writeFileSync(path, '# mine\n', { mode: 0o644 });
  editConfiguration(path, edit);

  expect(readFileSync(path, 'utf8')).toBe("# mine\n\nconfig service 'main'\n\toption port '501'\n");
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('leaves a file alone that does not change', () => {
  editConfiguration(path, edit);
  const before = statSync(path).ino;

  editConfiguration(path, edit);

  expect(statSync(path).ino).toBe(before);
});

test('keeps the old text, and leaves nothing behind, when an edit is refused', () => {
  writeFileSync(path, "config service 'main");

  expect(() => editConfiguration(path, edit)).toThrow('a quotation mark');

  expect(readFileSync(path, 'utf8')).toBe("config service 'main");
  expect(readdirSync(folder)).toEqual(['ikev2']);
});
