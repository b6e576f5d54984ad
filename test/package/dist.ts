// What `make feed` left in dist/.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { inCheckout } from '../lab/checkout.ts';

/** A file of a feed: what an architecture's folder holds. */
export const inFeed = (kind: 'opkg' | 'apk', architecture: string, name = ''): string =>
  inCheckout('dist', kind, architecture, name);

/** @returns the only package of that name. @throws when it was not made */
export function packageIn(kind: 'opkg' | 'apk', architecture: string, name: string): Buffer {
  const pattern = new RegExp(`^${name}[_-]\\d`);
  const folder = inFeed(kind, architecture);
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => pattern.test(file)) : [];
  if (files.length !== 1) throw new Error(`${folder}: run «make feed» first (${name}: ${files})`);
  return readFileSync(inFeed(kind, architecture, files[0]));
}

/** The names under which opkg and apk take packages. */
export const architectures = [
  'aarch64_cortex-a53',
  'aarch64_cortex-a72',
  'aarch64_cortex-a76',
  'aarch64_generic',
  'x86_64',
] as const;
