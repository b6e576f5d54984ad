// The one writer of /etc/config/ikev2: everything that the gateway changes in its own configuration goes through here.
import { readFileSync } from 'node:fs';
import { writeAtomically } from './atomic-file.ts';
import { codeOf } from './trouble.ts';

/**
 * Reads the configuration, lets `edit` change its text (config/edit.ts has what it needs), and puts the result in its
 * place at once. A file that is not there counts as empty, and one that does not change is not written.
 * @throws CannotEdit, and what the file system throws
 */
export function editConfiguration(path: string, edit: (text: string) => string): void {
  const text = readOrEmpty(path);
  const next = edit(text);
  if (next !== text) writeAtomically(path, next);
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return '';
    throw error;
  }
}
