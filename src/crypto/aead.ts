// The sizes that both engines hold an AEAD to, before their own arithmetic begins.
import { invariant } from '../base/invariant.ts';
import type { Aead } from './primitives.ts';

/** Length of every nonce here: IPsec's ciphers use no other (RFC 4106 §4, RFC 7634 §2). */
export const nonceBytes = 12;
/** Length of every tag here. */
export const tagBytes = 16;
/** Key sizes of AES, in bytes. */
export const aesKeys = [16, 24, 32];
/** Key sizes of ChaCha20, in bytes. */
export const chachaKeys = [32];

/** Refuses a key or nonce of another length, which is our own mistake, and what is too short to hold a tag. */
export function withSizes(keySizes: readonly number[], engine: Aead): Aead {
  const check = (key: Uint8Array, nonce: Uint8Array): void => {
    invariant(keySizes.includes(key.length), `no key has ${key.length} bytes`);
    invariant(nonce.length === nonceBytes, `a nonce has ${nonceBytes} bytes, not ${nonce.length}`);
  };
  return {
    seal(key, nonce, aad, plaintext) {
      check(key, nonce);
      return engine.seal(key, nonce, aad, plaintext);
    },
    open(key, nonce, aad, sealed) {
      check(key, nonce);
      return sealed.length < tagBytes ? undefined : engine.open(key, nonce, aad, sealed);
    },
  };
}
