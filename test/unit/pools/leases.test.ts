import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ip } from '../../../src/base/ip.ts';
import { readLeases, writeLeases } from '../../../src/pools/leases.ts';

let folder = '';
let file = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'leases-'));
  file = join(folder, 'leases.json');
});
afterEach(() => rmSync(folder, { recursive: true }));

const remembered = [
  { pool: 'phones', identity: 'anna@example.org', address: ip('10.3.0.2') },
  { pool: 'phones', identity: 'CN="bert", O=Zoë\n', address: ip('fd00::2') },
];

test('what was written is read again, in its order', () => {
  writeLeases(file, remembered);
  expect(readLeases(file)).toEqual({ remembered, problem: undefined });
});

test('a file that is not there is a first start and no problem', () => {
  expect(readLeases(file)).toEqual({ remembered: [], problem: undefined });
});

test('writing replaces the file as a whole and leaves nothing beside it', () => {
  writeLeases(file, remembered);
  writeLeases(file, remembered.slice(1));
  expect(readLeases(file).remembered).toEqual(remembered.slice(1));
  expect(readdirSync(folder)).toEqual(['leases.json']);
});

test('the names of clients are for root alone', () => {
  writeLeases(file, remembered);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('what a crash left half written beside the file does no harm', () => {
  writeLeases(file, remembered);
  writeFileSync(`${file}.new`, '{"version":1,"lea');
  expect(readLeases(file).remembered).toEqual(remembered);
  writeLeases(file, []);
  expect(readLeases(file)).toEqual({ remembered: [], problem: undefined });
});

test('the old file stays when the new one cannot be written', () => {
  writeLeases(file, remembered);
  mkdirSync(`${file}.new`);
  expect(() => writeLeases(file, [])).toThrow();
  expect(readLeases(file).remembered).toEqual(remembered);
});

describe('a damaged file is nothing remembered, and said so:', () => {
  const whole = JSON.stringify({ version: 1, leases: remembered });
  const entry = (value: unknown) => JSON.stringify({ version: 1, leases: [remembered[0], value] });
  test.each([
    ['an empty file', ''],
    ['no JSON', 'phones 10.3.0.2'],
    ['JSON that is no object', 'null'],
    ['an array', '[]'],
    ['another version', whole.replace('1', '2')],
    ['no leases', '{"version":1}'],
    ['leases that are no array', '{"version":1,"leases":{}}'],
    ['an entry that is no object', entry(7)],
    ['an entry without identity', entry({ pool: 'phones', address: '10.3.0.3' })],
    ['an address that is none', entry({ pool: 'phones', identity: 'x', address: '10.3.0.300' })],
  ])('%s', (_, text) => {
    writeFileSync(file, text);
    const read = readLeases(file);
    expect(read.remembered).toEqual([]);
    expect(read.problem).toMatch(
      /leases\.json cannot be used \(it is damaged\): clients may get other/,
    );
  });

  test('every truncation of a good one', () => {
    for (let length = 0; length < whole.length; length++) {
      writeFileSync(file, whole.slice(0, length));
      expect(readLeases(file).problem).toBeDefined();
    }
  });

  test('a folder in its place, with the reason of the system', () => {
    mkdirSync(file);
    expect(readLeases(file).problem).toMatch(/EISDIR/);
  });
});

test('the damaged file is kept until the next write, for whoever wants to look', () => {
  writeFileSync(file, 'damaged');
  readLeases(file);
  expect(existsSync(file) && readFileSync(file, 'utf8')).toBe('damaged');
});
