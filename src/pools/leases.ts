// Keeps over restarts who shall get which address again: one small JSON file, replaced as a whole or not at all.
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { parseIp } from '../base/ip.ts';
import type { Remembered } from './pool.ts';

export interface LeaseFile {
  readonly remembered: readonly Remembered[];
  /** Why nothing was remembered although there is a file: one line for the log. */
  readonly problem: string | undefined;
}

/** A file that is not there is a first start; one that is damaged costs clients their old addresses, no more. */
export function readLeases(path: string): LeaseFile {
  const text = readIfThere(path);
  if (text === undefined) return { remembered: [], problem: undefined };
  const remembered = text instanceof Error ? undefined : parseLeases(text);
  if (remembered) return { remembered, problem: undefined };
  const why = text instanceof Error ? text.message : 'it is damaged';
  return {
    remembered: [],
    problem: `${path} cannot be used (${why}): clients may get other addresses than before`,
  };
}

/**
 * After a crash or loss of power either the old file is there or the new one.
 * @throws what the file system throws; the caller decides how often it tries
 */
export function writeLeases(path: string, remembered: readonly Remembered[]): void {
  const fresh = `${path}.new`;
  // Identities are personal data: nobody but root reads them.
  const file = openSync(fresh, 'w', 0o600);
  try {
    writeFileSync(file, `${JSON.stringify({ version: VERSION, leases: remembered })}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(fresh, path);
}

function readIfThere(path: string): string | Error | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return 'code' in error && error.code === 'ENOENT' ? undefined : error;
  }
}

/** @returns undefined unless the whole text is what `writeLeases` wrote */
function parseLeases(text: string): readonly Remembered[] | undefined {
  const content = parseJson(text);
  if (!isRecord(content) || content['version'] !== VERSION) return undefined;
  const { leases } = content;
  if (!Array.isArray(leases)) return undefined;
  const remembered = leases.map(toRemembered);
  return remembered.every((each) => each !== undefined) ? remembered : undefined;
}

function toRemembered(value: unknown): Remembered | undefined {
  if (!isRecord(value)) return undefined;
  const { pool, identity, address } = value;
  if (typeof pool !== 'string' || typeof identity !== 'string') return undefined;
  const ip = typeof address === 'string' ? parseIp(address) : undefined;
  return ip && { pool, identity, address: ip };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

const VERSION = 1;
