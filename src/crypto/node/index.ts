// Everything that node:crypto serves, where its OpenSSL has it: whether it does shows at the first use.
import type { Primitives } from '../primitives.ts';
import { nodeAesGcm, nodeChaCha20Poly1305 } from './aead.ts';
import { nodeAesCbc } from './aes-cbc.ts';
import { nodeP256, nodeP384 } from './ecp.ts';
import { nodeSha1, nodeSha256, nodeSha384, nodeSha512 } from './hash.ts';
import { nodeHmacSha1, nodeHmacSha256, nodeHmacSha384, nodeHmacSha512 } from './mac.ts';
import { nodeModp1024, nodeModp2048, nodeModp3072, nodeModp4096 } from './modp.ts';
import { nodeX25519 } from './x25519.ts';

/** The engine `node`. */
export const node: Partial<Primitives> = {
  sha1: nodeSha1,
  sha256: nodeSha256,
  sha384: nodeSha384,
  sha512: nodeSha512,
  hmacSha1: nodeHmacSha1,
  hmacSha256: nodeHmacSha256,
  hmacSha384: nodeHmacSha384,
  hmacSha512: nodeHmacSha512,
  aesGcm: nodeAesGcm,
  chacha20Poly1305: nodeChaCha20Poly1305,
  aesCbc: nodeAesCbc,
  modp1024: nodeModp1024,
  modp2048: nodeModp2048,
  modp3072: nodeModp3072,
  modp4096: nodeModp4096,
  p256: nodeP256,
  p384: nodeP384,
  x25519: nodeX25519,
};
