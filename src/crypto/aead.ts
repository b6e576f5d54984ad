// The sizes that both engines hold an AEAD to, before their own arithmetic begins.
import { invariant } from '../base/invariant.ts';
import type { Aead } from './primitives.ts';

/** Length of every nonce here: IPsec's ciphers use no other (RFC 4106 §4, RFC 7634 §2). */
export const nonceBytes = 12;
/** Length of every tag here. */
export const tagBytes = 16;

/** Refuses a nonce of another length, which is our own mistake, and what is too short to hold a tag. */
export function withSizes(engine: Aead): Aead {
  return {
    seal(key, nonce, aad, plaintext) {
      checkNonce(nonce);
      return engine.seal(key, nonce, aad, plaintext);
    },
    open(key, nonce, aad, sealed) {
      checkNonce(nonce);
      return sealed.length < tagBytes ? undefined : engine.open(key, nonce, aad, sealed);
    },
  };
}

function checkNonce(nonce: Uint8Array): void {
  invariant(nonce.length === nonceBytes, `a nonce has ${nonceBytes} bytes, not ${nonce.length}`);
}
