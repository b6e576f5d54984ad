// The openssl command as a second opinion. Files live in a folder of their own and go with it.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

/**
 * Runs `openssl args` in a folder that holds `files` alone.
 * @returns what it wrote to stdout; undefined when it left with an error
 */
export function openssl(
  files: Readonly<Record<string, Uint8Array | string>>,
  ...args: readonly string[]
): Uint8Array | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'ikev2-openssl-'));
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
    return execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return undefined;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
