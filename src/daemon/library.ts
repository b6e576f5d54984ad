// Where the C module stands: beside the bundle on a router, in the build folder of a checkout.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Trouble } from './trouble.ts';

/** @returns the path of libikev2esp.so. @throws Trouble when it is nowhere */
export function findLibrary(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const candidates = places.map((place) => join(here, place, 'libikev2esp.so'));
  const found = candidates.find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new Trouble(
    `the data plane's library is not installed (${candidates.join(', ')})`,
    'Install the package again, or build it with «make native».',
  );
}

/** From the bundle on a router, from the bundle in build/lib, from this file. */
const places = ['.', '../native', '../../build/native'];
