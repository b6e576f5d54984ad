// The NT password hash (RFC 2759 §8.3): all that a server keeps of a password, and as good as the password itself.
import { md4 } from './md4.ts';

/**
 * MD4 over the password in UTF-16, little endian.
 * @param password UTF-8; what is not becomes U+FFFD
 * @returns 16 bytes
 */
export function ntHash(password: Uint8Array): Uint8Array {
  const text = new TextDecoder().decode(password);
  const wide = new Uint8Array(2 * text.length);
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    wide[2 * i] = unit & 0xff;
    wide[2 * i + 1] = unit >> 8;
  }
  const hash = md4(wide);
  wide.fill(0);
  return hash;
}
