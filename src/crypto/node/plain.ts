// What node:crypto returns, without being a Buffer: `Buffer.slice` shares memory where `Uint8Array.slice` copies,
// and a secret that was sliced must not change when its origin is wiped.

/** The same bytes, not copied, as a plain array. */
export function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}
