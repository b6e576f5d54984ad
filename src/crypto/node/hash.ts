// Hash functions of node:crypto.
import { createHash } from 'node:crypto';
import type { Hash } from '../primitives.ts';
import { plain } from './plain.ts';

export const nodeSha1 = hash('sha1', 20);
export const nodeSha256 = hash('sha256', 32);
export const nodeSha384 = hash('sha384', 48);
export const nodeSha512 = hash('sha512', 64);

function hash(algorithm: string, outBytes: number): Hash {
  return {
    outBytes,
    digest(...data) {
      const state = createHash(algorithm);
      for (const part of data) state.update(part);
      return plain(state.digest());
    },
  };
}
