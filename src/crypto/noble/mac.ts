// HMAC (RFC 2104) of @noble/hashes.
import { hmac } from '@noble/hashes/hmac.js';
import { sha1 } from '@noble/hashes/legacy.js';
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import type { CHash } from '@noble/hashes/utils.js';
import type { Mac } from '../primitives.ts';

export const nobleHmacSha1 = mac(sha1);
export const nobleHmacSha256 = mac(sha256);
export const nobleHmacSha384 = mac(sha384);
export const nobleHmacSha512 = mac(sha512);

function mac(hash: CHash): Mac {
  return {
    outBytes: hash.outputLen,
    compute(key, ...data) {
      const state = hmac.create(hash, key);
      for (const part of data) state.update(part);
      return state.digest();
    },
  };
}
