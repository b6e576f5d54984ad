// AES-GCM (NIST SP 800-38D) and ChaCha20-Poly1305 (RFC 8439) of node:crypto.
import { type CipherGCMTypes, createCipheriv, createDecipheriv } from 'node:crypto';
import { concat } from '../../base/bytes.ts';
import { aesKeys, chachaKeys, tagBytes, withSizes } from '../aead.ts';
import type { Aead } from '../primitives.ts';
import { plain } from './plain.ts';

const lengths = { authTagLength: tagBytes };
const chacha = 'chacha20-poly1305';

/** AES-GCM; the key's length chooses AES-128, -192 or -256. */
export const nodeAesGcm = aead(
  aesKeys,
  (key, nonce) => createCipheriv(gcm(key), key, nonce, lengths),
  (key, nonce) => createDecipheriv(gcm(key), key, nonce, lengths),
);
/** ChaCha20-Poly1305 with a 32-byte key. */
export const nodeChaCha20Poly1305 = aead(
  chachaKeys,
  (key, nonce) => createCipheriv(chacha, key, nonce, lengths),
  (key, nonce) => createDecipheriv(chacha, key, nonce, lengths),
);

interface Stream {
  setAAD(aad: Uint8Array, options: { readonly plaintextLength: number }): unknown;
  update(data: Uint8Array): Buffer;
  final(): Buffer;
}
interface Sealing extends Stream {
  getAuthTag(): Buffer;
}
interface Opening extends Stream {
  setAuthTag(tag: Uint8Array): unknown;
}

function aead(
  keySizes: readonly number[],
  sealing: (key: Uint8Array, nonce: Uint8Array) => Sealing,
  opening: (key: Uint8Array, nonce: Uint8Array) => Opening,
): Aead {
  return withSizes(keySizes, {
    seal(key, nonce, aad, plaintext) {
      const cipher = sealing(key, nonce);
      cipher.setAAD(aad, { plaintextLength: plaintext.length });
      return concat(cipher.update(plaintext), cipher.final(), cipher.getAuthTag());
    },
    open(key, nonce, aad, sealed) {
      const plaintextLength = sealed.length - tagBytes;
      const decipher = opening(key, nonce);
      decipher.setAAD(aad, { plaintextLength });
      decipher.setAuthTag(sealed.subarray(plaintextLength));
      const plaintext = plain(decipher.update(sealed.subarray(0, plaintextLength)));
      try {
        decipher.final();
        return plaintext;
      } catch {
        plaintext.fill(0); // OpenSSL decrypts before it knows the tag
        return undefined;
      }
    },
  });
}

function gcm(key: Uint8Array): CipherGCMTypes {
  return key.length === 16 ? 'aes-128-gcm' : key.length === 24 ? 'aes-192-gcm' : 'aes-256-gcm';
}
