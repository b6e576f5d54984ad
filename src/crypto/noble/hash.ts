// Hash functions of @noble/hashes.
import { sha1 } from '@noble/hashes/legacy.js';
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import type { CHash } from '@noble/hashes/utils.js';
import type { Hash } from '../primitives.ts';

export const nobleSha1 = hash(sha1);
export const nobleSha256 = hash(sha256);
export const nobleSha384 = hash(sha384);
export const nobleSha512 = hash(sha512);

function hash(algorithm: CHash): Hash {
  return {
    outBytes: algorithm.outputLen,
    digest(...data) {
      const state = algorithm.create();
      for (const part of data) state.update(part);
      return state.digest();
    },
  };
}
