// Collects what the web page says into luci-app/po/templates/ikev2.pot, and gives every translation the messages that it
// lacks, empty, and none that are gone.
//
//   node cross/gen-po.mjs
//
// What the gateway says and the page repeats (sentences.mjs) is collected too, and its shapes written into
// `ikev2/sentences.js`. What the page of a one-time link says, which comes from the gateway, is written into its
// `translations.ts` in every language.
//
// A unit test fails while a file lags behind, and while the German one has a message without words.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sentences } from './sentences.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const po = join(root, 'luci-app/po');
const shapes = join(root, 'luci-app/htdocs/luci-static/resources/ikev2/sentences.js');
const ofLinks = join(root, 'src/daemon/links/translations.ts');

/** @returns {Map<string, string[]>} messages in the order of the files that say them */
export function messages() {
  const resources = join(root, 'luci-app/htdocs/luci-static/resources');
  const found = new Map();
  const note = (text, file) => found.set(text, [...new Set([...(found.get(text) ?? []), file])]);
  const files = readdirSync(resources, { recursive: true, encoding: 'utf8' }).sort();
  for (const file of files.filter((name) => name.endsWith('.js'))) {
    const source = readFileSync(join(resources, file), 'utf8');
    for (const [, text] of source.matchAll(/\b_\('((?:[^'\\]|\\.)*)'\)/g)) {
      note(text.replaceAll("\\'", "'"), file);
    }
  }
  const menu = readFileSync(
    join(root, 'luci-app/root/usr/share/luci/menu.d/luci-app-ikev2.json'),
    'utf8',
  );
  for (const { title } of Object.values(JSON.parse(menu))) note(title, 'menu.d');
  for (const [shape, places] of said()) for (const place of places) note(shape, place);
  return found;
}

/** @returns {Map<string, string>} what a file translates */
export function readPo(text) {
  const entries = text.matchAll(/^msgid ((?:".*"\n)+)msgstr ((?:".*"\n?)+)/gm);
  const join = (lines) =>
    lines
      .match(/"(.*)"/g)
      .map((line) => JSON.parse(line))
      .join('');
  return new Map([...entries].map(([, id, translated]) => [join(id), join(translated)]));
}

/** @param {Map<string, string>} known translations, by message */
export function writePo(found, known, language) {
  const header = [
    ...(language ? [`Language: ${language}\n`] : []),
    'MIME-Version: 1.0\n',
    'Content-Type: text/plain; charset=UTF-8\n',
    'Content-Transfer-Encoding: 8bit\n',
  ];
  const head = `msgid ""\nmsgstr ""\n${header.map((line) => JSON.stringify(line)).join('\n')}\n`;
  const entries = [...found].map(
    ([id, files]) =>
      `#: ${files.join(' ')}\nmsgid ${JSON.stringify(id)}\nmsgstr ${JSON.stringify(known.get(id) ?? '')}\n`,
  );
  return [head, ...entries].join('\n');
}

/** As many to a line as fit. */
function inLines(texts) {
  const lines = [''];
  for (const text of texts) {
    if (lines.at(-1).length + text.length > 180) lines.push('');
    lines.push(`${lines.pop()}${text}, `);
  }
  return lines
    .map((line) => `\t\t${line.trimEnd()}`)
    .join('\n')
    .replace(/,$/, '');
}

let known;
/** Read once, for it takes a while. */
function said() {
  known ??= sentences();
  return known;
}

/** The shapes of all sentences, for who reads another language. */
function shapesFile() {
  const quoted = (text) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  return [
    "'use strict';",
    "'require baseclass';",
    '',
    '/* What the gateway says, by its shape. Written by `node cross/gen-po.mjs` from src. */',
    '',
    'return baseclass.extend({',
    '\tshapes: () => [',
    inLines([...said().keys()].map(quoted)),
    '\t]',
    '});',
    '',
  ].join('\n');
}

/** As biome formats it. */
function quoted(text) {
  const isDouble = text.includes("'") && !text.includes('"');
  if (isDouble) return JSON.stringify(text);
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

/** @param {Map<string, Map<string, string>>} known translations, by language and message */
function translationsFile(found, known) {
  const isShown = (files) =>
    files.some((file) => /^src\/(onboard\/|daemon\/links\/page)/.test(file));
  const shown = [...found].filter(([, files]) => isShown(files)).map(([id]) => id);
  const tables = [...known].map(([language, words]) => {
    const lines = shown.map((id) => {
      const [key, value] = [quoted(id), quoted(words.get(id) ?? '')];
      const line = `    ${key}: ${value},`;
      return line.length > 100 ? `    ${key}:\n      ${value},` : line;
    });
    return `  ${language}: {\n${lines.join('\n')}\n  },\n`;
  });
  return `// What the page of a one-time link says in other languages than English, by its shape: %s is a value. Written by
// \`node cross/gen-po.mjs\` from luci-app/po.
export const translations: Readonly<Record<string, Readonly<Record<string, string>>>> = {
${tables.join('')}};
`;
}

/** @returns {Map<string, string>} every file, by its path, as it should be */
export function poFiles() {
  const found = messages();
  const known = new Map(
    readdirSync(po)
      .filter((name) => name !== 'templates')
      .map((language) => {
        const file = join(po, language, 'ikev2.po');
        return [language, existsSync(file) ? readPo(readFileSync(file, 'utf8')) : new Map()];
      }),
  );
  return new Map([
    [shapes, shapesFile()],
    [ofLinks, translationsFile(found, known)],
    [join(po, 'templates/ikev2.pot'), writePo(found, new Map(), undefined)],
    ...[...known].map(([language, words]) => [
      join(po, language, 'ikev2.po'),
      writePo(found, words, language),
    ]),
  ]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [file, text] of poFiles()) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}
