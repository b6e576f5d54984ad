// `make pitfalls`: every rule of docs/pitfalls.md with the tests that name it, and those that nobody names yet.
import { readFileSync } from 'node:fs';
import { sourcesBelow } from '../architecture/sources.ts';
import { inCheckout } from '../lab/checkout.ts';
import { type Mention, mentionsIn, type Pitfall, readPitfalls } from './pitfall-mentions.ts';

const pitfalls = readPitfalls(readFileSync(inCheckout('docs/pitfalls.md'), 'utf8'));
const mentions = ['test', 'native/test'].flatMap((folder) =>
  sourcesBelow(folder, '.ts', '.c', '.h')
    .filter(({ path }) => !/^(unit\/)?run\//.test(path)) // which speak of pitfalls in general
    .flatMap(({ path, text }) => mentionsIn(`${folder}/${path}`, text)),
);
for (const pitfall of pitfalls) print(pitfall, testsOf(pitfall));
summarize();

function testsOf({ id }: Pitfall): Mention[] {
  return mentions.filter((mention) => mention.id === id);
}

function print({ id, rule }: Pitfall, tests: readonly Mention[]): void {
  process.stdout.write(`\n${id}. ${rule}\n`);
  for (const { file, title } of tests) process.stdout.write(`     ${file}: ${title}\n`);
  if (tests.length === 0) process.stdout.write('     – no test names it\n');
}

function summarize(): void {
  const isKnown = (id: string) => pitfalls.some((pitfall) => pitfall.id === id);
  for (const { id, file, title } of mentions) {
    if (!isKnown(id)) process.stdout.write(`\nno pitfall ${id}, named by ${file}: ${title}\n`);
  }
  process.stdout.write('\n');
  count('rules', (id) => !id.startsWith('C'));
  count('collisions', (id) => id.startsWith('C'));
}

function count(what: string, isMeant: (id: string) => boolean): void {
  const meant = pitfalls.filter(({ id }) => isMeant(id));
  const without = meant.filter((pitfall) => testsOf(pitfall).length === 0);
  const list = without.map(({ id }) => id).join(', ');
  const rest = without.length > 0 ? `; ${without.length} have none: ${list}` : '';
  process.stdout.write(
    `${meant.length - without.length} of ${meant.length} ${what} have tests${rest}\n`,
  );
}
