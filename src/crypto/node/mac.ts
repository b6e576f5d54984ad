// HMAC (RFC 2104) of node:crypto.
import { createHmac } from 'node:crypto';
import type { Mac } from '../primitives.ts';
import { plain } from './plain.ts';

export const nodeHmacSha1 = mac('sha1', 20);
export const nodeHmacSha256 = mac('sha256', 32);
export const nodeHmacSha384 = mac('sha384', 48);
export const nodeHmacSha512 = mac('sha512', 64);

function mac(hash: string, outBytes: number): Mac {
  return {
    outBytes,
    compute(key, ...data) {
      const state = createHmac(hash, key);
      for (const part of data) state.update(part);
      return plain(state.digest());
    },
  };
}
