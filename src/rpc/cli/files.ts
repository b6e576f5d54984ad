// Files that a command of `ikectl` is given, or writes.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { Usage } from './arguments.ts';

/** @throws Usage with what is wrong with the file */
export function read(file: string | number): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new Usage(error instanceof Error ? error.message : `${error}`);
  }
}

/** The first line of a file, or of what comes in where it is called `-`. @throws Usage */
export function readSecret(file: string): string {
  const bytes = read(file === '-' ? 0 : file);
  return bytes.toString('utf8').split(/\r?\n/, 1)[0] ?? '';
}

/** @throws Usage */
export function refuseExisting(file: string): void {
  if (existsSync(file)) throw new Usage(`${file} is there already: name another with --out`);
}

/** Never over another file that is there: it may be the only copy of somebody's key. @throws Usage */
export function write(file: string, content: Uint8Array): void {
  if (existsSync(file) && !read(file).equals(content)) refuseExisting(file);
  if (existsSync(file)) return;
  try {
    writeFileSync(file, content, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    throw new Usage(error instanceof Error ? error.message : `${error}`);
  }
}
