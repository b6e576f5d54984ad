// AES-CBC without padding (RFC 3602) of @noble/ciphers.
import { cbc } from '@noble/ciphers/aes.js';
import type { Cipher } from '../primitives.ts';

/** AES-CBC; the key's length chooses AES-128, -192 or -256. */
export const nobleAesCbc: Cipher = {
  blockBytes: 16,
  encrypt: (key, iv, plaintext) => cbc(key, iv, unpadded).encrypt(plaintext),
  decrypt: (key, iv, ciphertext) => cbc(key, iv, unpadded).decrypt(ciphertext),
};

const unpadded = { disablePadding: true };
