// Where things stand in the checkout, for code that may run from a bundle as well as from its source.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder that holds package-lock.json. */
export const root: string = findRoot(dirname(fileURLToPath(import.meta.url)));

export const inCheckout = (...parts: readonly string[]): string => join(root, ...parts);

/** The daemon and its tool as `make build` leaves them. */
export const program = {
  ikev2d: inCheckout('build/bin/ikev2d'),
  ikectl: inCheckout('build/bin/ikectl'),
} as const;

function findRoot(from: string): string {
  if (existsSync(join(from, 'package-lock.json'))) return from;
  const parent = dirname(from);
  if (parent === from) throw new Error('this is no checkout: package-lock.json is missing');
  return findRoot(parent);
}
