// `make ipk`, `make apk`, `make feed`: packages for every architecture, into dist/.
//
//   dist/opkg/ARCHITECTURE/*.ipk     and with `feed` Packages, Packages.gz, Packages.sig
//   dist/apk/ARCHITECTURE/*.apk      and with `feed` packages.adb
//   dist/keys/                       with `feed`: the public keys that a router has to know
//
// --dist DIR puts them elsewhere, --cpu aarch64 or x86_64 makes those of one processor.
// SOURCE_DATE_EPOCH dates everything, the last commit where it is not set: the same sources, the same bytes.
// FEED_KEYS names a folder that has, or gets, the secret keys of the feed; build/feed-keys unless told.
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { indexApks } from './apk.ts';
import { indexFeed } from './feed.ts';
import { feedKeys, type Keys } from './keys.ts';
import { apksFor, type Build, ipksFor } from './packages.ts';
import { makeBundle } from './payload.ts';
import { cpus } from './targets.ts';

const { positionals: kinds, values } = parseArgs({
  allowPositionals: true,
  options: { dist: { type: 'string', default: 'dist' }, cpu: { type: 'string' } },
});
const root = resolve('.');
const dist = resolve(root, values.dist);
const chosen = cpus.filter(({ name }) => values.cpu === undefined || name === values.cpu);
const build: Build = { root, bundle: makeBundle(root), seconds: dateOfSources() };
execFileSync('sh', [join(root, 'cross/native.sh')], { stdio: 'inherit' });
const keys = kinds.includes('feed')
  ? feedKeys(process.env['FEED_KEYS'] ?? 'build/feed-keys')
  : undefined;
if (keys) placeKeys(keys);
if (kinds.includes('ipk') || keys) placeIpks();
if (kinds.includes('apk') || keys) placeApks();

function placeIpks(): void {
  rmSync(join(dist, 'opkg'), { recursive: true, force: true });
  for (const cpu of chosen) {
    for (const [at, packages] of ipksFor(build, cpu).entries()) {
      const folder = join('opkg', cpu.architectures[at] ?? '');
      for (const { fileName, bytes } of packages) place(folder, fileName, bytes);
      if (!keys) continue;
      for (const [name, bytes] of indexFeed(packages, keys.opkg)) place(folder, name, bytes);
    }
  }
}

function placeApks(): void {
  rmSync(join(dist, 'apk'), { recursive: true, force: true });
  for (const cpu of chosen) {
    for (const [at, packages] of apksFor(build, cpu).entries()) {
      const folder = join('apk', cpu.architectures[at] ?? '');
      for (const { fileName, bytes } of packages) place(folder, fileName, bytes);
      if (keys) place(folder, 'packages.adb', indexApks(packages, 'ikev2-ts', keys.apk.secret));
    }
  }
}

function placeKeys({ opkg, apk }: Keys): void {
  rmSync(join(dist, 'keys'), { recursive: true, force: true });
  place('keys', opkg.id.toString('hex'), Buffer.from(opkg.file));
  place('keys', 'ikev2-ts.pem', Buffer.from(apk.file));
}

function place(folder: string, name: string, bytes: Buffer): void {
  mkdirSync(join(dist, folder), { recursive: true });
  writeFileSync(join(dist, folder, name), bytes);
  process.stdout.write(`${size(bytes.length)}  ${join(values.dist, folder, name)}\n`);
}

function size(bytes: number): string {
  return `${(bytes / 1024).toFixed(0).padStart(8)} KiB`;
}

function dateOfSources(): number {
  const told = process.env['SOURCE_DATE_EPOCH'];
  if (told !== undefined) return Number(told);
  const git = ['log', '-1', '--format=%ct'];
  return Number(execFileSync('git', git, { cwd: root, encoding: 'utf8' }));
}
