// `make pitfalls`, `make crossings`, `make scenarios`, `make attacks`, `make classes`: every row of the page of that name in
// docs/ with the tests that name it, and those that nobody names yet.
import { readFileSync } from 'node:fs';
import { sourcesBelow } from '../architecture/sources.ts';
import { inCheckout } from '../lab/checkout.ts';
import {
  type Mention,
  mentionsIn,
  pageOf,
  type Row,
  readRows,
  type Word,
  words,
} from './pitfall-mentions.ts';

const plurals: Partial<Record<Word, string>> = { pitfall: 'rules', class: 'classes' };
const word: Word = words.find((one) => one === process.argv[2]) ?? 'pitfall';
const rows = readRows(readFileSync(inCheckout(pageOf(word)), 'utf8'));
const mentions = ['test', 'native/test'].flatMap((folder) =>
  sourcesBelow(folder, '.ts', '.c', '.h')
    .filter(({ path }) => !/^(unit\/)?run\//.test(path)) // which speak of pitfalls in general
    .flatMap(({ path, text }) => mentionsIn(`${folder}/${path}`, text, word)),
);
for (const row of rows) print(row, testsOf(row));
summarize();

function testsOf({ id }: Row): Mention[] {
  return mentions.filter((mention) => mention.id === id);
}

function print({ id, rule }: Row, tests: readonly Mention[]): void {
  process.stdout.write(`\n${id}. ${rule}\n`);
  for (const { file, title } of tests) process.stdout.write(`     ${file}: ${title}\n`);
  if (tests.length === 0) process.stdout.write('     – no test names it\n');
}

function summarize(): void {
  const isKnown = (id: string) => rows.some((row) => row.id === id);
  for (const { id, file, title } of mentions) {
    if (!isKnown(id)) process.stdout.write(`\nno ${word} ${id}, named by ${file}: ${title}\n`);
  }
  process.stdout.write('\n');
  count(plurals[word] ?? `${word}s`, (id) => !id.startsWith('C'));
  if (word === 'pitfall') count('collisions', (id) => id.startsWith('C'));
}

function count(what: string, isMeant: (id: string) => boolean): void {
  const meant = rows.filter(({ id }) => isMeant(id));
  const without = meant.filter((row) => testsOf(row).length === 0);
  const list = without.map(({ id }) => id).join(', ');
  const rest = without.length > 0 ? `; ${without.length} have none: ${list}` : '';
  process.stdout.write(
    `${meant.length - without.length} of ${meant.length} ${what} have tests${rest}\n`,
  );
}
