// Which tests name which row of a numbered page: «pitfall 58», «pitfalls 56, 57», «pitfalls 13–15», «pitfall C4» of
// docs/pitfalls.md, «crossing 18» of docs/crossings.md, «scenario 27» of docs/scenarios.md, «attack 3» of docs/attacks.md,
// «class 7» of docs/security/cve-classes.md.

/** What the rows of a page are called. */
export const words = ['pitfall', 'crossing', 'scenario', 'attack', 'class'] as const;
export type Word = (typeof words)[number];

export interface Row {
  /** `58`, or `C4` for a row of the table of collisions. */
  readonly id: string;
  readonly rule: string;
}

export interface Mention {
  readonly id: string;
  readonly file: string;
  readonly title: string;
}

const one = String.raw`C?\d+(?:[–-]C?\d+)?\b(?!\.\d)`;
const list = String.raw`${one}(?:(?:,| and)\s+${one})*`;
const mentioned = (word: Word) => new RegExp(String.raw`\b${word}(?:e?s)?\s+(${list})`, 'gi');
const naming = /\b(?:pitfall|crossing|scenario|attack|class)(?:e?s)? \w?\d/i;
const row = /^\| (C?\d+) \| (.+?) \| (.+?) \|/;

export const pageOf = (word: Word): string =>
  word === 'class' ? 'docs/security/cve-classes.md' : `docs/${word}s.md`;

/** The rows of a page, in their order. */
export function readRows(text: string): Row[] {
  return text.split('\n').flatMap((line) => {
    const [, id, first, second] = row.exec(line) ?? [];
    if (!id || !first) return [];
    return [{ id, rule: id.startsWith('C') ? `${first}; the peer: ${second}` : first }];
  });
}

/** Every row that a file of tests names, with the test's title. */
export function mentionsIn(file: string, text: string, word: Word = 'pitfall'): Mention[] {
  const lines = text.split('\n');
  return lines.flatMap((line, at) =>
    idsIn(line, word).map((id) => ({ id, file, title: titleOf(lines.slice(at, at + 5)) })),
  );
}

/** `13–15` is three pitfalls. */
function idsIn(line: string, word: Word): string[] {
  const lists = Array.from(line.matchAll(mentioned(word)), ([, found = '']) => found);
  return lists.flatMap((found) => found.split(/,|\sand\s/).flatMap((part) => expand(part.trim())));
}

function expand(part: string): string[] {
  const letter = part.startsWith('C') ? 'C' : '';
  const [first = 0, last = first] = part.split(/[–-]/).map((end) => Number(end.replace('C', '')));
  return Array.from({ length: last - first + 1 }, (_, i) => `${letter}${first + i}`);
}

/** The string that names it; of a comment, the next test or C function; else the comment itself. */
function titleOf([line = '', ...next]: readonly string[]): string {
  const title = quoted(line);
  if (title !== undefined && naming.test(title)) return withoutNumbers(title);
  const comment = /(?:\/\/|\/\*|^\s*\*)\s*(.*?)\s*(?:\*\/)?$/.exec(line)?.[1];
  const named = next.map((one) => /^(?:static )?void (\w+)\(/.exec(one)?.[1] ?? testIn(one));
  return named.find((name) => name !== undefined) ?? comment ?? line.trim();
}

const testIn = (line: string): string | undefined =>
  /^\s*(?:test|describe)\b/.test(line) ? quoted(line) : undefined;

/** The first quoted text that names a row, else the first quoted text. */
function quoted(line: string): string | undefined {
  const texts = Array.from(
    line.matchAll(/(['"`])((?:\\.|(?!\1).)+)\1/g),
    ([, , text = '']) => text,
  );
  return texts.find((text) => naming.test(text)) ?? texts[0];
}

const withoutNumbers = (title: string): string =>
  title.replace(/\s*\(pitfalls? [^;)]*\)/i, '').replace(/,\s*pitfalls? [^)]*\)/i, ')');
