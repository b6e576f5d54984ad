// The project's source files, as the architecture tests read them.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../lab/checkout.ts';

export interface SourceFile {
  /** Path below the folder that was asked for. */
  readonly path: string;
  readonly text: string;
}

/** Every file below `folder` whose name ends with one of `endings`; none when the folder is not there. */
export function sourcesBelow(folder: string, ...endings: readonly string[]): SourceFile[] {
  const base = join(root, folder);
  if (!existsSync(base)) return [];
  return readdirSync(base, { recursive: true, encoding: 'utf8' })
    .filter((path) => endings.some((ending) => path.endsWith(ending)))
    .map((path) => ({ path, text: readFileSync(join(base, path), 'utf8') }));
}
