// AES-CBC without padding (RFC 3602) of node:crypto.
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { concat } from '../../base/bytes.ts';
import type { Cipher } from '../primitives.ts';

/** AES-CBC; the key's length chooses AES-128, -192 or -256. */
export const nodeAesCbc: Cipher = {
  blockBytes: 16,
  encrypt: (key, iv, plaintext) => run(createCipheriv(name(key), key, iv), plaintext),
  decrypt: (key, iv, ciphertext) => run(createDecipheriv(name(key), key, iv), ciphertext),
};

interface Stream {
  setAutoPadding(on: boolean): unknown;
  update(data: Uint8Array): Buffer;
  final(): Buffer;
}

function run(stream: Stream, data: Uint8Array): Uint8Array {
  stream.setAutoPadding(false);
  return concat(stream.update(data), stream.final());
}

const name = (key: Uint8Array): string => `aes-${8 * key.length}-cbc`;
