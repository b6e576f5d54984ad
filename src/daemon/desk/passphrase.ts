// A passphrase that a person can read from one screen and type on another: 100 bits without letters that look alike.

/** `k7mxp-4hq2d-w9vsa-eu36c` @param random gives that many random bytes */
export function makePassphrase(random: (bytes: number) => Uint8Array): string {
  const letters = [...random(groups * lettersInGroup)].map((byte) => alphabet.charAt(byte & 31));
  return Array.from({ length: groups }, (_, i) =>
    letters.slice(i * lettersInGroup, (i + 1) * lettersInGroup).join(''),
  ).join('-');
}

/** 32 of them: each stands for five bits. */
const alphabet = 'abcdefghijkmnpqrstuvwxyz23456789';
const groups = 4;
const lettersInGroup = 5;
