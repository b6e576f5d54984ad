// Packages of npm for processors that are not this one: fetched by npm, believed by their hash, unpacked once.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

interface Pin {
  readonly version: string;
  readonly integrity: string;
}

/**
 * Pinned in package-lock.json or in cross/npm-pins.json, which names what is too large for every checkout.
 * @returns the folder with the package's files
 */
export function npmPackage(root: string, name: string): string {
  const { version, integrity } = pinOf(root, name);
  const plain = name.replace(/^@/, '').replaceAll('/', '-');
  const folder = join(root, 'build/npm', `${plain}-${version}`);
  if (existsSync(folder)) return folder;
  const parts = `${folder}.part`;
  rmSync(parts, { recursive: true, force: true });
  mkdirSync(parts, { recursive: true });
  const pack = ['pack', '--silent', '--pack-destination', parts, `${name}@${version}`];
  execFileSync('npm', pack, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  const archive = join(parts, `${plain}-${version}.tgz`);
  const found = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
  if (found !== integrity) throw new Error(`${name}@${version} is not what was pinned: ${found}`);
  execFileSync('tar', ['xzf', archive, '-C', parts, '--strip-components=1', '--no-same-owner']);
  rmSync(archive);
  renameSync(parts, folder);
  return folder;
}

/** @throws when it is pinned nowhere */
export function pinOf(root: string, name: string): Pin {
  const read = (file: string) => JSON.parse(readFileSync(join(root, file), 'utf8'));
  const pin: Pin | undefined =
    read('cross/npm-pins.json')[name] ?? read('package-lock.json').packages[`node_modules/${name}`];
  if (pin === undefined) throw new Error(`${name} is pinned nowhere`);
  return pin;
}
