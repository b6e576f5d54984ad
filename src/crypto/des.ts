// DES (FIPS 46-3), encryption of one block: only what MSCHAPv2 asks of it. OpenSSL 3 keeps it in a module that is
// rarely there. The key is a password's hash, so no memory is read at a place that depends on it.

/**
 * @param key 7 bytes: 56 bits, without the parity bits that DES ignores
 * @param block 8 bytes
 * @returns 8 bytes
 */
export function desEncrypt(key: Uint8Array, block: Uint8Array): Uint8Array {
  const roundKeys = schedule(key);
  const bits = permute(bitsOf(block), initialPermutation);
  let left = bits.subarray(0, 32);
  let right = bits.subarray(32);
  for (const roundKey of roundKeys) {
    const mixed = round(right, roundKey);
    for (let i = 0; i < 32; i++) mixed[i] = (mixed[i] as number) ^ (left[i] as number);
    [left, right] = [right, mixed];
    roundKey.fill(0);
  }
  const crossed = new Uint8Array(64);
  crossed.set(right);
  crossed.set(left, 32);
  return bytesOf(permute(crossed, finalPermutation));
}

/** The sixteen keys of 48 bits. */
function schedule(key: Uint8Array): readonly Uint8Array[] {
  // Permuted choice 1 counts with a parity bit behind every seven.
  const withParity = new Uint8Array(64);
  for (const [i, bit] of bitsOf(key).entries()) withParity[i + Math.floor(i / 7)] = bit;
  const state = permute(withParity, permutedChoice1);
  return shifts.map((shift) => {
    turn(state.subarray(0, 28), shift);
    turn(state.subarray(28), shift);
    return permute(state, permutedChoice2);
  });
}

function turn(half: Uint8Array, by: number): void {
  const front = half.slice(0, by);
  half.copyWithin(0, by);
  half.set(front, half.length - by);
}

function round(right: Uint8Array, roundKey: Uint8Array): Uint8Array {
  const wide = permute(right, expansion);
  const out = new Uint8Array(32);
  for (const [box, entries] of substitutions.entries()) {
    let index = 0;
    for (let i = 6 * box; i < 6 * box + 6; i++) {
      index = 2 * index + ((wide[i] as number) ^ (roundKey[i] as number));
    }
    const value = pick(entries, index);
    for (let i = 0; i < 4; i++) out[4 * box + i] = (value >> (3 - i)) & 1;
  }
  return permute(out, permutation);
}

/** Reads every entry, whichever is wanted. */
function pick(entries: readonly number[], index: number): number {
  let found = 0;
  for (const [at, entry] of entries.entries()) {
    const isIt = ((at ^ index) - 1) >> 31; // all ones where they are the same, else zero
    found |= entry & isIt;
  }
  return found;
}

/** Positions count from 1, as in the standard. */
const permute = (bits: Uint8Array, positions: readonly number[]): Uint8Array =>
  Uint8Array.from(positions, (position) => bits[position - 1] as number);

const bitsOf = (bytes: Uint8Array): Uint8Array =>
  Uint8Array.from({ length: 8 * bytes.length }, (_, i) => {
    return ((bytes[i >> 3] as number) >> (7 - (i & 7))) & 1;
  });

const bytesOf = (bits: Uint8Array): Uint8Array =>
  Uint8Array.from({ length: bits.length / 8 }, (_, i) =>
    bits.subarray(8 * i, 8 * i + 8).reduce((byte, bit) => 2 * byte + bit, 0),
  );

const columns = (length: number, at: (i: number) => number): readonly number[] =>
  Array.from({ length }, (_, i) => at(i));

/** IP: columns of the block become rows, the even ones first, from the bottom to the top. */
const initialPermutation = columns(64, (i) => {
  const row = i >> 3;
  return (row < 4 ? 2 * row + 2 : 2 * row - 7) + 8 * (7 - (i & 7));
});
const finalPermutation = columns(64, (i) => initialPermutation.indexOf(i + 1) + 1);
/** E: six bits out of four, overlapping by one on either side. */
const expansion = columns(48, (i) => ((4 * Math.floor(i / 6) + (i % 6) + 31) % 32) + 1);
// biome-ignore format: in the rows of the standard
const permutation = [
  16, 7, 20, 21, 29, 12, 28, 17, 1, 15, 23, 26, 5, 18, 31, 10,
  2, 8, 24, 14, 32, 27, 3, 9, 19, 13, 30, 6, 22, 11, 4, 25,
];
// biome-ignore format: in the rows of the standard
const permutedChoice1 = [
  57, 49, 41, 33, 25, 17, 9, 1, 58, 50, 42, 34, 26, 18, 10, 2, 59, 51, 43, 35, 27, 19, 11, 3, 60, 52, 44, 36,
  63, 55, 47, 39, 31, 23, 15, 7, 62, 54, 46, 38, 30, 22, 14, 6, 61, 53, 45, 37, 29, 21, 13, 5, 28, 20, 12, 4,
];
// biome-ignore format: in the rows of the standard
const permutedChoice2 = [
  14, 17, 11, 24, 1, 5, 3, 28, 15, 6, 21, 10, 23, 19, 12, 4, 26, 8, 16, 7, 27, 20, 13, 2,
  41, 52, 31, 37, 47, 55, 30, 40, 51, 45, 33, 48, 44, 49, 39, 56, 34, 53, 46, 42, 50, 36, 29, 32,
];
const shifts = [1, 1, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2, 1];

/** A row of the standard is chosen by the outer two bits of six, the place in it by the inner four. */
const substitution = (rows: readonly string[]): readonly number[] =>
  columns(64, (i) => {
    const row = rows[2 * (i >> 5) + (i & 1)] as string;
    return Number.parseInt(row.charAt((i >> 1) & 15), 16);
  });
/** S1 to S8, an entry a hexadecimal digit. */
const substitutions = [
  ['e4d12fb83a6c5907', '0f74e2d1a6cb9538', '41e8d62bfc973a50', 'fc8249175b3ea06d'],
  ['f18e6b34972dc05a', '3d47f28ec01a69b5', '0e7ba4d158c6932f', 'd8a13f42b67c05e9'],
  ['a09e63f51dc7b428', 'd709346a285ecbf1', 'd6498f30b12c5ae7', '1ad069874fe3b52c'],
  ['7de3069a1285bc4f', 'd8b56f03472c1ae9', 'a690cb7df13e5284', '3f06a1d8945bc72e'],
  ['2c417ab6853fd0e9', 'eb2c47d150fa3986', '421bad78f9c5630e', 'b8c71e2d6f09a453'],
  ['c1af92680d34e75b', 'af427c9561de0b38', '9ef528c3704a1db6', '432c95fabe17608d'],
  ['4b2ef08d3c975a61', 'd0b7491ae35c2f86', '14bdc37eaf680592', '6bd814a7950fe23c'],
  ['d2846fb1a93e50c7', '1fd8a374c56b0e92', '7b419ce206adf358', '21e74a8dfc90356b'],
].map(substitution);
