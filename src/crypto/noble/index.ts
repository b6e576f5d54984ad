// Everything that @noble serves: complete, and the same on every machine.
import type { Primitives } from '../primitives.ts';
import { nobleAesGcm, nobleChaCha20Poly1305 } from './aead.ts';
import { nobleAesCbc } from './aes-cbc.ts';
import { nobleP256, nobleP384 } from './ecp.ts';
import { nobleSha1, nobleSha256, nobleSha384, nobleSha512 } from './hash.ts';
import { nobleHmacSha1, nobleHmacSha256, nobleHmacSha384, nobleHmacSha512 } from './mac.ts';
import { nobleMlKem512, nobleMlKem768, nobleMlKem1024 } from './ml-kem.ts';
import { nobleModp1024, nobleModp2048, nobleModp3072, nobleModp4096 } from './modp.ts';
import { nobleX25519 } from './x25519.ts';

/** The engine `noble`. */
export const noble: Primitives = {
  sha1: nobleSha1,
  sha256: nobleSha256,
  sha384: nobleSha384,
  sha512: nobleSha512,
  hmacSha1: nobleHmacSha1,
  hmacSha256: nobleHmacSha256,
  hmacSha384: nobleHmacSha384,
  hmacSha512: nobleHmacSha512,
  aesGcm: nobleAesGcm,
  chacha20Poly1305: nobleChaCha20Poly1305,
  aesCbc: nobleAesCbc,
  modp1024: nobleModp1024,
  modp2048: nobleModp2048,
  modp3072: nobleModp3072,
  modp4096: nobleModp4096,
  p256: nobleP256,
  p384: nobleP384,
  x25519: nobleX25519,
  mlKem512: nobleMlKem512,
  mlKem768: nobleMlKem768,
  mlKem1024: nobleMlKem1024,
};
