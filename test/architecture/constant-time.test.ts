// Secrets are compared by `equal` of base/bytes.ts, by timingSafeEqual, or in C by what ORs differences together: what
// stops at the first difference tells by its time how much of a guess was right.
import { describe, expect, test } from 'vitest';
import { type SourceFile, sourcesBelow } from './sources.ts';

/** Names of what nobody may guess byte by byte. */
const words =
  'secret password passphrase mac icv digest cookie token hash response proof verifier nonce msk key'.split(
    ' ',
  );
/** `hash`, and the end of `ntHash`. */
const secretWords = words
  .flatMap((word) => [word, word[0]?.toUpperCase() + word.slice(1)])
  .join('|');

describe('secrets are compared in constant time', () => {
  test('in TypeScript', () => {
    expect(plainIn(sourcesBelow('src', '.ts')).filter((found) => !known.includes(found))).toEqual(
      [],
    );
  });

  test('in C, where memcmp is for addresses and headers alone', () => {
    const files = sourcesBelow('native/src', '.c', '.h');
    expect(files.length).toBeGreaterThan(50);
    const users = files.filter(({ text }) => /\b(?:memcmp|strcmp|strncmp|bcmp)\(/.test(text));
    expect(users.map(({ path }) => path).sort()).toEqual(['deliver.c', 'join.c', 'tap.c', 'udp.c']);
  });

  test('what the list allows is there', () => {
    expect(plainIn(sourcesBelow('src', '.ts'))).toEqual(expect.arrayContaining([...known]));
  });

  test.each([
    'if (given.token === wanted.token) return true;',
    'return mac !== this.#mac(blank);',
    'return Buffer.compare(secret, other) === 0;',
    'return cookie.equals(expected);',
    'compare(hash, known) === 0',
  ])('as «%s» would not', (text) => {
    expect(plainIn([{ path: 'x.ts', text }])).toHaveLength(1);
  });

  test.each([
    'if (token === undefined) return;',
    'if (cookie.length !== 16) return;',
    "if (kind === 'cookie') return;",
    'if (hash === SignatureHash.SHA1) return;',
  ])('and «%s» has nothing to do with it', (text) => {
    expect(plainIn([{ path: 'x.ts', text }])).toEqual([]);
  });
});

/** Lines that compare a value of such a name with another value of the run. */
function plainIn(files: readonly SourceFile[]): string[] {
  const value = String.raw`(?:[\w.#]*\.)?(?:\w*(?:${secretWords}))(?:\.bytes|\.data)?`;
  const other = String.raw`(?!undefined\b|null\b|\d|'|"|[A-Z])`;
  const patterns = [
    new RegExp(String.raw`(?<![\w.'"])${value} [!=]==? ${other}`),
    new RegExp(String.raw`\bcompare\([^)]*\b(?:${secretWords})\b`),
    new RegExp(String.raw`(?:${secretWords})\.equals\(`),
  ];
  return files.flatMap(({ path, text }) =>
    text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => !/^(?:\/\/|\*|\/\*)/.test(line))
      .filter((line) => patterns.some((pattern) => pattern.test(line)))
      .map((line) => `${path}: ${line}`),
  );
}

/** What has such a name and is no secret. */
const known: readonly string[] = [
  'daemon/accounts.ts: if (!old?.ntHash || !next.ntHash) return old?.ntHash === next.ntHash;',
  'ike/extensions/fragmentation.ts: if (slot.key !== key) {',
];
