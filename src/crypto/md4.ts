// MD4 (RFC 1320): long broken as a hash, and still what NT password hashes are made of. Neither engine offers it.

/** @returns 16 bytes */
export function md4(data: Uint8Array): Uint8Array {
  const state = new Uint32Array([0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476]);
  const padded = pad(data);
  const view = new DataView(padded.buffer);
  const words = new Uint32Array(16);
  for (let at = 0; at < padded.length; at += 64) {
    for (let i = 0; i < 16; i++) words[i] = view.getUint32(at + 4 * i, true);
    compress(state, words);
  }
  padded.fill(0);
  words.fill(0);
  const out = new Uint8Array(16);
  const outView = new DataView(out.buffer);
  for (const [i, word] of state.entries()) outView.setUint32(4 * i, word, true);
  return out;
}

/** One bit, zeros, and the length in bits as 64 bits, least significant byte first (RFC 1320 §3.1, §3.2). */
function pad(data: Uint8Array): Uint8Array<ArrayBuffer> {
  const padded = new Uint8Array(Math.ceil((data.length + 9) / 64) * 64);
  padded.set(data);
  padded[data.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 8, (data.length * 8) >>> 0, true);
  view.setUint32(padded.length - 4, Math.floor(data.length / 2 ** 29), true);
  return padded;
}

/** RFC 1320 §3.4. */
function compress(state: Uint32Array, words: Uint32Array): void {
  let [a = 0, b = 0, c = 0, d = 0] = state;
  for (const { mix, constant, order, shifts } of rounds) {
    for (const [step, index] of order.entries()) {
      const sum = a + mix(b, c, d) + (words[index] as number) + constant;
      const turned = rotate(sum, shifts[step % 4] as number);
      [a, b, c, d] = [d, turned, b, c];
    }
  }
  for (const [i, sum] of [a, b, c, d].entries()) state[i] = (state[i] as number) + sum;
}

const rotate = (value: number, by: number): number => (value << by) | (value >>> (32 - by));

const rounds = [
  {
    mix: (x: number, y: number, z: number) => (x & y) | (~x & z),
    constant: 0,
    order: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
    shifts: [3, 7, 11, 19],
  },
  {
    mix: (x: number, y: number, z: number) => (x & y) | (x & z) | (y & z),
    constant: 0x5a827999, // the square root of 2
    order: [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15],
    shifts: [3, 5, 9, 13],
  },
  {
    mix: (x: number, y: number, z: number) => x ^ y ^ z,
    constant: 0x6ed9eba1, // the square root of 3
    order: [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15],
    shifts: [3, 9, 11, 15],
  },
] as const;
