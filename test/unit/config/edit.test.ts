import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  CannotEdit,
  type OptionEdits,
  removeSection,
  setOptions,
} from '../../../src/config/edit.ts';
import { parseUci } from '../../../src/config/uci.ts';

const home = `# my gateway
config service 'main'
\toption identity 'vpn.example.org' # what phones dial

config pool guests
    list range 10.3.0.0/24
    list range fd10::/64	# the second one
    option sticky 1; option unheard_of "of"

config strange thing
\toption left 'alone'
`;
const pool = { type: 'pool', name: 'guests' };
const main = { type: 'service', name: 'main' };

/** Sections and their values, as they are read. */
const read = (text: string) =>
  parseUci(text).sections.map(({ type, name, options }) => [
    type,
    name,
    [...options.values()].map((option) => [option.name, option.values.map((word) => word.text)]),
  ]);

describe('setting options', () => {
  test('changes the value alone and keeps the comment behind it', () => {
    expect(setOptions(home, main, { identity: "o'hara" })).toBe(
      home.replace("'vpn.example.org'", "'o'\\''hara'"),
    );
  });

  test('changes nothing where the values are the same', () => {
    const text = "config service 'main'\n\toption identity 'a'\n\tlist listen '::1'\n";

    expect(setOptions(text, main, { identity: 'a', listen: ['::1'] })).toBe(text);
  });

  test('adds what is not there behind the last option, indented as that is', () => {
    expect(setOptions(home, pool, { dns: ['10.3.0.1', '::1'] })).toBe(
      home.replace('"of"\n', "\"of\"\n    list dns '10.3.0.1'\n    list dns '::1'\n"),
    );
  });

  test('puts a list in the place of the first of its lines and takes the others out', () => {
    const text = setOptions(home, pool, { range: ['10.9.0.0/24'] });

    expect(text).toContain(
      "config pool guests\n    list range '10.9.0.0/24'\n    \t# the second one",
    );
    expect(parseUci(text).sections[1]?.options.get('range')?.values).toMatchObject([
      { text: '10.9.0.0/24' },
    ]);
  });

  test('takes an option out that shares its line with another', () => {
    expect(setOptions(home, pool, { sticky: undefined })).toBe(
      home.replace('option sticky 1; ', ' '),
    );
  });

  test('adds a section that is not there at the end', () => {
    expect(setOptions('config a b', { type: 'authority', name: 'home' }, { file: '/x' })).toBe(
      "config a b\n\nconfig authority 'home'\n\toption file '/x'\n",
    );
  });

  test('finds a section whose parts stand in two places', () => {
    const text = 'config a b\n\toption x 1\nconfig c d\nconfig a b\n\toption x 2\n';

    expect(setOptions(text, { type: 'a', name: 'b' }, { x: '3', y: '4' })).toBe(
      "config a b\n\toption x '3'\n\toption y '4'\nconfig c d\nconfig a b\n",
    );
  });

  test.each([
    ['a file with an error', "config a 'b\n", { x: '1' }],
    ['a line break in a value', 'config a b\n', { x: 'a\noption y z' }],
    ['an option with a strange name', 'config a b\n', { 'x y': '1' }],
    ['a name that another type has', 'config c b\n', { x: '1' }],
  ])('refuses %s', (_, text, edits: OptionEdits) => {
    expect(() => setOptions(text, { type: 'a', name: 'b' }, edits)).toThrow(CannotEdit);
  });

  test('means what was asked, and touches no other section, whatever the file looks like', () => {
    const word = fc.constantFrom('a', "'b c'", '"d"', "'e'\\''f'", "'g\nh'", '10');
    const gap = fc.constantFrom('\n', '\n\n', ' # ; option z 1\n', '; ', '\n  # note\n');
    const name = fc.constantFrom('x', 'y', 'z');
    const line = fc.oneof(
      fc.tuple(fc.constantFrom('s', 't', 'u'), gap).map(([n, end]) => `config type ${n}${end}`),
      fc
        .tuple(fc.constantFrom('option', 'list', '\toption', '  list'), name, word, gap)
        .map(([how, n, value, end]) => `${how} ${n} ${value}${end}`),
    );
    const file = fc
      .array(line, { maxLength: 12 })
      .map((lines) => `config type s\n${lines.join('')}`);
    const value = fc.oneof(
      fc.constant(undefined),
      fc.stringMatching(/^[ -~]{1,8}$/),
      fc.array(fc.stringMatching(/^[ -~]{1,4}$/), { minLength: 1, maxLength: 3 }),
    );
    fc.assert(
      fc.property(file, name, value, (text, option, wanted) => {
        const next = setOptions(text, { type: 'type', name: 't' }, { [option]: wanted });
        const others = (whole: string) => read(whole).filter(([, n]) => n !== 't');
        expect(others(next)).toEqual(others(text));
        const after = parseUci(next).sections.find((section) => section.name === 't')?.options;
        const before = parseUci(text).sections.find((section) => section.name === 't')?.options;
        const values = after?.get(option)?.values.map((one) => one.text) ?? [];
        expect(values).toEqual(typeof wanted === 'string' ? [wanted] : (wanted ?? []));
        for (const [kept, { values: old }] of before ?? []) {
          if (kept === option) continue;
          expect(after?.get(kept)?.values.map((one) => one.text)).toEqual(
            old.map((one) => one.text),
          );
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('removing a section', () => {
  test('takes its lines out and no others', () => {
    expect(removeSection(home, pool)).toBe(
      home.replace(/config pool[\s\S]*?"of"\n/, '    \t# the second one\n     \n'),
    );
    expect(removeSection(home, { type: 'pool', name: 'none' })).toBe(home);
  });
});
