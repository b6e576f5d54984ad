// Replaces a file so that whoever reads it, also after a power cut, finds the old text or the new one.
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';

/**
 * Writes a file that only its owner may read. One that is there keeps its owner and group.
 * @throws what the file system throws; by then nothing is left behind
 */
export function writeAtomically(path: string, content: string | Uint8Array): void {
  const fresh = `${path}.new`;
  rmSync(fresh, { force: true });
  try {
    const file = openSync(fresh, 'wx', 0o600);
    try {
      fchmodSync(file, 0o600);
      const old = statSync(path, { throwIfNoEntry: false });
      if (old) fchownSync(file, old.uid, old.gid);
      writeFileSync(file, content);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(fresh, path);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  }
  syncFolder(dirname(path));
}

/** The new name survives a power cut too; not every file system can promise that. */
function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } catch {
    // The content is on the disk, and one of the two names leads to it.
  } finally {
    closeSync(folder);
  }
}
