// The readers that judge packages: what they refuse, on archives that GNU tar and gzip made wrong on purpose.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runNow } from '../lab/command.ts';
import { readApk } from './apk-reader.ts';
import { packageIn } from './dist.ts';
import { readIpk } from './ipk-reader.ts';
import { readFileTree } from './tar-reader.ts';

const dir = mkdtempSync(join(tmpdir(), 'ikev2-tar-'));
beforeAll(() => {
  mkdirSync(join(dir, 'in/etc'), { recursive: true });
  writeFileSync(join(dir, 'in/etc/file'), 'content\n');
  writeFileSync(join(dir, 'in/zebra'), 'content\n');
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const fine = [
  '--format=ustar',
  '--numeric-owner',
  '--owner=0',
  '--group=0',
  '--sort=name',
  '--mtime=@7',
];

function made(options: readonly string[], ...names: readonly string[]): Buffer {
  const argv = ['tar', '-C', join(dir, 'in'), '-cf', '-', ...options, ...names];
  return Buffer.from(runNow(['sh', '-c', '"$@" | base64 -w0', 'sh', ...argv]), 'base64');
}

test('what GNU tar makes as it should be is fine', () => {
  const names = readFileTree(made(fine, '.')).map(({ name }) => name);
  expect(names).toEqual(['.', './etc', './etc/file', './zebra']);
});

test.each([
  ['PAX headers', () => made([...fine, '--format=pax', '--pax-option=foo:=bar'], '.'), 'type «x»'],
  ['an owner', () => made([...fine, '--owner=7'], '.'), 'owned'],
  [
    'names of owners',
    () =>
      made(
        fine.filter((word) => word !== '--numeric-owner'),
        '.',
      ),
    'has a name',
  ],
  [
    'a missing folder',
    () => made([...fine, '--no-recursion'], '.', './etc/file'),
    'folder is missing',
  ],
  ['disorder', () => made([...fine, '--no-recursion'], '.', './zebra', './etc'), 'out of order'],
  ['a root that is missing', () => made([...fine, '--no-recursion'], './zebra'), 'begin with ./'],
  ['a way out', () => made([...fine, '-P', '--no-recursion'], '.', './etc/../zebra'), 'plain name'],
  ['dates that differ', () => disdated(made(fine, '.')), 'different dates'],
  ['damage', () => flipped(made(fine, '.'), 600), 'checksum'],
  ['an end that is missing', () => made(fine, '.').subarray(0, 2048), 'no end'],
] as const)('refuses %s', (_, archive, why) => {
  expect(() => readFileTree(archive())).toThrow(why);
});

test('refuses a package whose members are out of order, or dated by gzip', () => {
  const ipk = packageIn('opkg', 'x86_64', 'ikev2-ts');
  expect(() => readIpk(ipk)).not.toThrow();
  expect(() => readIpk(flipped(ipk, 4))).toThrow('gzip -n');
});

test('refuses a package of apk when a byte of it is another', () => {
  const apk = packageIn('apk', 'x86_64', 'ikev2-ts');
  const plain = inflateRawSync(apk.subarray(4));
  const repacked = (at: number): Buffer =>
    Buffer.concat([Buffer.from('ADBd'), deflateRawSync(flipped(plain, at))]);

  expect(() => readApk(repacked(plain.length - 9))).toThrow();
  expect(() => readApk(repacked(4))).toThrow('no package');
  expect(() => readApk(repacked(19))).toThrow(); // the root's word
});

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 0x11;
  return copy;
}

/** The last digit of one date and of the sum, each one more. */
function disdated(archive: Buffer): Buffer {
  const copy = Buffer.from(archive);
  copy.write('10', 512 + 145); // 0o7 + 1
  copy.write(checksum(copy.subarray(512, 1024)), 512 + 148);
  return copy;
}

function checksum(header: Buffer): string {
  const sum = header.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0);
  return `${sum.toString(8).padStart(6, '0')}\0 `;
}
