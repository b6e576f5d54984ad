// AES-GCM (NIST SP 800-38D) and ChaCha20-Poly1305 (RFC 8439) of @noble/ciphers.
// Its AES reads tables, so its time depends on the cache; where node:crypto has AES, that serves instead.
import { gcm } from '@noble/ciphers/aes.js';
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { aesKeys, chachaKeys, withSizes } from '../aead.ts';
import type { Aead } from '../primitives.ts';

/** AES-GCM; the key's length chooses AES-128, -192 or -256. */
export const nobleAesGcm = aead(aesKeys, gcm);
/** ChaCha20-Poly1305 with a 32-byte key. */
export const nobleChaCha20Poly1305 = aead(chachaKeys, chacha20poly1305);

type Construct = (key: Uint8Array, nonce: Uint8Array, aad: Uint8Array) => Algorithm;
interface Algorithm {
  encrypt(plaintext: Uint8Array): Uint8Array;
  decrypt(sealed: Uint8Array): Uint8Array;
}

function aead(keySizes: readonly number[], construct: Construct): Aead {
  return withSizes(keySizes, {
    seal: (key, nonce, aad, plaintext) => construct(key, nonce, aad).encrypt(plaintext),
    open(key, nonce, aad, sealed) {
      const algorithm = construct(key, nonce, aad);
      try {
        return algorithm.decrypt(sealed);
      } catch {
        return undefined; // key and lengths are right by now: only the tag can be wrong
      }
    },
  });
}
