import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseUci } from '../../../src/config/uci.ts';

/** Sections as `[type, name, { option: value or values }]`; undefined where the file is refused. */
function read(text: string): unknown {
  const { sections, problems } = parseUci(text);
  if (problems.some((problem) => problem.severity === 'error')) return undefined;
  return sections.map(({ type, name, options }) => {
    const values = [...options.values()].map((option) => {
      const texts = option.values.map((value) => value.text);
      return [option.name, option.isList ? texts : texts[0]];
    });
    return [type, name, Object.fromEntries(values)];
  });
}

const a = (value: unknown) => [['t', 'n', { a: value }]];

describe('reads what libuci reads', () => {
  const table: readonly (readonly [what: string, text: string, sections: unknown])[] = [
    ['nothing', '', []],
    ['comments and empty lines', '# one\n\n  \t# two\r\n', []],
    ['a package line', "package ikev2\nconfig t 'n'\n", [['t', 'n', {}]]],
    ['no newline at the end', 'config t n\noption a b', a('b')],
    ['lines of Windows', "config t 'n'\r\n\toption a 'b'\r\n", a('b')],
    ['any white space between words', 'config\tt \v n\n\f option\t a \t b', a('b')],
    ['an anonymous section', "config t\n\toption a 'b'", [['t', undefined, { a: 'b' }]]],
    ['an empty name as anonymous', "config t ''", [['t', undefined, {}]]],
    ['abbreviated keywords', 'c t n\no a b\nl d e', [['t', 'n', { a: 'b', d: ['e'] }]]],
    ['single quotes', "config t n\noption a 'b  c'", a('b  c')],
    ['double quotes', 'config t n\noption a "b  c"', a('b  c')],
    ['quotes of the other kind inside', `config t n\noption a "it's"`, a("it's")],
    ['pieces joined to one word', `config t n\noption a 'b'"c"d`, a('bcd')],
    ['how uci itself writes an apostrophe', "config t n\noption a 'it'\\''s'", a("it's")],
    ['a backslash outside quotes', 'config t n\noption a b\\ \\#c', a('b #c')],
    ['a backslash in double quotes', 'config t n\noption a "b\\"\\\\c\\n"', a('b"\\cn')],
    ['a backslash in single quotes as itself', "config t n\noption a 'b\\c\\'", a('b\\c\\')],
    ['a value over two lines in quotes', "config t n\noption a 'b\nc'", a('b\nc')],
    ['a word continued on the next line', 'config t n\noption a b\\\nc', a('bc')],
    ['a word continued after a line of Windows', 'config t n\noption a b\\\r\nc', a('bc')],
    ['a line continued within double quotes', 'config t n\noption a "b\\\n c"', a('b c')],
    ['a comment behind a value', 'config t n\noption a b # c', a('b')],
    ['a # within quotes', "config t n\noption a 'b#c'", a('b#c')],
    ['a # that ends an unquoted word', 'config t n\noption a b#c', a('b')],
    ['two statements on a line', "config t n; option a 'b'", a('b')],
    ['names of quoted pieces', `"config" t n`, undefined],
    ['an option set to nothing as not set', "config t n\noption a ''\noption b", [['t', 'n', {}]]],
    ['an empty value in a list', "config t n\nlist a ''", a([''])],
    ['a list', 'config t n\nlist a b\nlist a c', a(['b', 'c'])],
    [
      'an option that a list line turns into a list',
      'config t n\noption a b\nlist a c',
      a(['b', 'c']),
    ],
    ['letters of all languages in values', "config t n\noption a 'Zoë ‹日本›'", a('Zoë ‹日本›')],
    ['a section type with a minus', 'config wifi-device n', [['wifi-device', 'n', {}]]],
  ];
  test.each(table)('%s', (_, text, sections) => {
    expect(read(text)).toEqual(sections);
  });

  test('the last of two options counts, with a warning on its line', () => {
    const { sections, problems } = parseUci('config t n\noption a b\n\noption a c\n');
    expect(sections[0]?.options.get('a')?.values).toEqual([{ text: 'c', line: 4 }]);
    expect(problems).toMatchObject([{ severity: 'warning', option: 'a', line: 4 }]);
  });

  test('sections of the same type and name are one, with a warning where it opens again', () => {
    const { sections, problems } = parseUci('config t n\noption a b\nconfig t n\noption c d\n');
    expect(sections.map((section) => [...section.options.keys()])).toEqual([['a', 'c']]);
    expect(problems).toMatchObject([{ severity: 'warning', section: "t 'n'", line: 3 }]);
  });

  test('anonymous sections are counted as `uci show` counts them', () => {
    const { sections } = parseUci('config t\nconfig u\nconfig t n\nconfig t');
    expect(sections.map((section) => section.label)).toEqual(['@t[0]', '@u[0]', "t 'n'", '@t[2]']);
  });
});

describe('says line and cure where libuci only refuses', () => {
  const table: readonly (readonly [
    what: string,
    text: string,
    line: number,
    why: RegExp,
    cure: RegExp,
  ])[] = [
    [
      'a quote never closed',
      "config t n\n\noption a b\n\noption c 'd\n",
      5,
      /never closed/,
      /Close it/,
    ],
    [
      'a line without keyword',
      'config t n\nsecret x',
      2,
      /none that UCI knows/,
      /config, option or list/,
    ],
    ['config alone', 'config', 1, /needs a type/, /config connection 'phones'/],
    ['a minus in a section name', "config t 'my-phones'", 1, /not allow: -/, /letters, digits/],
    ['an umlaut in a section name', "config t 'büro'", 1, /not allow: U\+00FC/, /letters, digits/],
    [
      'a minus in an option name',
      'config t n\noption my-a b',
      2,
      /not allow: -/,
      /letters, digits/,
    ],
    [
      'an option outside of sections',
      '\noption a b\noption c d',
      2,
      /before the first section/,
      /Put it below/,
    ],
    ['an option without a name', 'config t n\noption', 2, /name is missing/, /name and value/],
    [
      'a value with spaces and no quotes',
      'config t n\noption a correct horse',
      2,
      /too many words/,
      /quotes/,
    ],
    [
      'one name for two types',
      "config t n\nconfig u 'n'\noption a b",
      2,
      /line 1 gives the same name/,
      /rename/,
    ],
    ['a zero byte', 'config t n\noption a b\0c', 2, /zero byte/, /plain text/],
    ['a package of two words', 'package a b', 1, /one name/, /Remove the line/],
  ];
  test.each(table)('%s', (_, text, line, why, cure) => {
    const { problems } = parseUci(text);
    expect(problems).toMatchObject([{ severity: 'error', line }]);
    expect(problems[0]?.why).toMatch(why);
    expect(problems[0]?.cure).toMatch(cure);
  });

  test('a forgotten mark that the next one closes is told where it was forgotten', () => {
    const { problems } = parseUci("config t n\noption a 'b\noption c 'd'\noption e 'f'\n");
    expect(problems[0]).toMatchObject({ severity: 'warning', line: 2 });
    expect(problems[0]?.cure).toMatch(/close its quotation mark/);
  });

  test('goes on behind a faulty line and reports the next one too', () => {
    const { problems } = parseUci('config t n\noptoin a b\noption c d\nlits e f\n');
    expect(problems.map((problem) => problem.line)).toEqual([2, 4]);
  });

  test('stops after fifty problems', () => {
    expect(parseUci('x\n'.repeat(1000)).problems).toHaveLength(50);
  });

  test('refuses a text over 1 MiB without reading it', () => {
    const { sections, problems } = parseUci(`config t n\n${'#'.repeat(1 << 20)}`);
    expect(sections).toEqual([]);
    expect(problems).toMatchObject([{ severity: 'error', section: 'the file' }]);
  });

  test('reads a text of nearly 1 MiB in linear time', () => {
    const text = `config t n\n${'l a b\n'.repeat(170_000)}`;
    expect(parseUci(text).sections[0]?.options.get('a')?.values).toHaveLength(170_000);
  });

  test('never quotes the text of the file, which may be a secret', () => {
    const spoilt = [
      "option psk 'hunter2\n",
      'psk hunter2\n',
      'option psk hunter2 x\n',
      "option psk 'hunter2\n'",
    ];
    for (const line of spoilt) {
      const { problems } = parseUci(`config connection a\n${line}`);
      expect(problems).not.toEqual([]);
      expect(JSON.stringify(problems)).not.toContain('hunter2');
    }
  });
});

test('what uci writes is read as it was meant', () => {
  const value = fc.string({ unit: 'binary', minLength: 1 }).filter((text) => !text.includes('\0'));
  fc.assert(
    fc.property(fc.array(value), (values) => {
      const lines = values.map((text) => `\tlist a '${text.replaceAll("'", "'\\''")}'\n`);
      const [section] = parseUci(`\nconfig t 'n'\n${lines.join('')}\n`).sections;
      expect(section?.options.get('a')?.values.map(({ text }) => text) ?? []).toEqual(values);
    }),
  );
});
