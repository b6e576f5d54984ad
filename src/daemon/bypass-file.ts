// Remembers which peers were given a route past the tunnels: unlike everything on the TUN device, such a route
// outlives a daemon that is killed, and the next one has to take it away. One line each, in the words of `ip`.
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { type Bypass, formatBypass, readBypass } from './ip-words.ts';

/** What a killed daemon left; a line that is damaged names nothing. */
export function readBypasses(path: string): readonly Bypass[] {
  return readIfThere(path)
    .split('\n')
    .flatMap((line) => readBypass(line) ?? []);
}

/** @throws what the file system throws */
export function writeBypasses(path: string, bypasses: readonly Bypass[]): void {
  if (bypasses.length === 0) {
    rmSync(path, { force: true });
    return;
  }
  const lines = bypasses.map((bypass) => `${formatBypass(bypass)}\n`);
  writeFileSync(`${path}.new`, lines.join(''), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
