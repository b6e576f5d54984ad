import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { sourcesBelow } from '../../architecture/sources.ts';
import { inCheckout } from '../../lab/checkout.ts';
import { mentionsIn, readRows } from '../../run/pitfall-mentions.ts';

const listed = readRows(readFileSync(inCheckout('docs/pitfalls.md'), 'utf8'));
const upTo = (last: number, letter = '') =>
  Array.from({ length: last }, (_, i) => `${letter}${i + 1}`);

describe('docs/pitfalls.md', () => {
  test('has 71 rules in their order, then 13 collisions', () => {
    expect(listed.map(({ id }) => id)).toEqual([...upTo(71), ...upTo(13, 'C')]);
  });

  test('says each of them once', () => {
    expect(new Set(listed.map(({ rule }) => rule)).size).toBe(84);
  });
});

describe('what tests name', () => {
  const ids = (line: string) => mentionsIn('x.test.ts', line).map(({ id }) => id);

  test.each([
    ["test('tells once (pitfall 67)', () => {", ['67']],
    ["test('is answered (RFC 7296 §2.6, pitfall 13)', () => {", ['13']],
    ["test('twice (pitfalls 2, 4)', () => {", ['2', '4']],
    ["test('three (pitfalls 13–15)', () => {", ['13', '14', '15']],
    ["test('lists (pitfalls 9, 11–12 and 45)', () => {", ['9', '11', '12', '45']],
    ["describe('what crosses (pitfalls C2, C10–C11)', () => {", ['C2', 'C10', 'C11']],
    ['/* Pitfall 63: the soft limit is told once. */', ['63']],
    ["test('as the table says (table 5.1)', () => {", []],
    ["test('as section says (pitfalls 5.1)', () => {", []],
    ["test('falls into no pit (RFC 7296 §2.6)', () => {", []],
  ])('%s', (line, expected) => {
    expect(ids(line)).toEqual(expected);
  });

  test('goes by the title of the test', () => {
    const title = (text: string) => mentionsIn('x', text)[0]?.title;
    expect(title("  test('is dropped (class 9, pitfall 20)', () => {")).toBe(
      'is dropped (class 9)',
    );
    expect(title("test(`it's «so» (pitfall 1)`, () => {")).toBe("it's «so»");
    expect(title("expect(find(all, 'AUTH')).toBe(1); // it stands (pitfall 43)")).toBe(
      'it stands (pitfall 43)',
    );
    expect(title('// Pitfall 48.\nconst all = 1;')).toBe('Pitfall 48.');
    expect(title("// As in pitfall 4.\ntest('comes again', () => {")).toBe('comes again');
    expect(title('/* Pitfall 57. */\nstatic void stands_by(void)\n{')).toBe('stands_by');
  });
});

test('docs/scenarios.md has forty-four rows in their order', () => {
  const scenarios = readRows(readFileSync(inCheckout('docs/scenarios.md'), 'utf8'));
  expect(scenarios.map(({ id }) => id)).toEqual(upTo(44));
});

describe('docs/crossings.md', () => {
  const crossings = readRows(readFileSync(inCheckout('docs/crossings.md'), 'utf8'));

  test('has fifty rows in their order', () => {
    expect(crossings.map(({ id }) => id)).toEqual(upTo(50));
  });

  test('are named by their own word', () => {
    const line = "test('crossings 42–43: not obeyed (pitfall 6)', () => {";
    expect(mentionsIn('x', line, 'crossing').map(({ id }) => id)).toEqual(['42', '43']);
    expect(mentionsIn('x', line).map(({ id }) => id)).toEqual(['6']);
  });
});

test('each of docs/attacks.md is tried by a test', () => {
  const attacks = readRows(readFileSync(inCheckout('docs/attacks.md'), 'utf8'));
  const named = sourcesBelow('test', '.ts').flatMap(({ path, text }) =>
    path.startsWith('unit/run/') ? [] : mentionsIn(path, text, 'attack').map(({ id }) => id),
  );
  expect(attacks.map(({ id }) => id)).toEqual(upTo(15));
  expect([...new Set(named)].sort((a, b) => Number(a) - Number(b))).toEqual(upTo(15));
});
