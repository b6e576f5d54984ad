// Changes the text of /etc/config/ikev2 and leaves alone what it does not change: comments, order, indentation,
// sections and options that nobody here knows. Text in, text out.
import { parseUci } from './uci.ts';
import { type Statement, statements } from './words.ts';

/** A section with a name; what is made here always has one. */
export interface SectionName {
  readonly type: string;
  readonly name: string;
}
/** A text is an `option`, an array is `list` lines; undefined or an empty array takes the option out. */
export type OptionEdits = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The text cannot be edited, or not so; the message is for the owner. */
export class CannotEdit extends Error {
  override readonly name = 'CannotEdit';
}

/**
 * Gives options of a section new values, and adds the section at the end where there is none. Options that are not
 * named keep theirs.
 * @throws CannotEdit when the text is no UCI, a value cannot be written, or another type of section has the name
 */
export function setOptions(text: string, section: SectionName, edits: OptionEdits): string {
  const parts = partsOf(text, section);
  const lines = (option: string): readonly string[] => linesOf(option, edits[option]);
  const first = parts[0];
  if (!first) return appended(text, section, Object.keys(edits).flatMap(lines));
  const changes: Change[] = [];
  const added: string[] = [];
  for (const option of Object.keys(edits)) {
    const old = parts.flatMap(({ options }) => options.filter((one) => nameOf(one) === option));
    const [place, ...rest] = old;
    if (!place) added.push(...lines(option));
    else changes.push(replacement(text, place, lines(option)));
    changes.push(...rest.map((statement) => removal(text, statement)));
  }
  const last = first.options.at(-1) ?? first.head;
  if (added.length > 0) changes.push(insertion(text, last, added));
  return apply(text, changes);
}

/** Takes a section out, wherever parts of it stand. @throws CannotEdit when the text is no UCI */
export function removeSection(text: string, section: SectionName): string {
  const parts = partsOf(text, section);
  const doomed = parts.flatMap(({ head, options }) => [head, ...options]);
  return apply(
    text,
    doomed.map((statement) => removal(text, statement)),
  );
}

/** What stands between one `config` line of the section and the next of any. */
interface Part {
  readonly head: Statement;
  readonly options: Statement[];
}
interface Change {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

function partsOf(text: string, { type, name }: SectionName): readonly Part[] {
  checkName(type);
  checkName(name);
  const error = parseUci(text).problems.find(({ severity }) => severity === 'error');
  if (error) {
    const place = error.line === undefined ? '' : `line ${error.line}: `;
    throw new CannotEdit(`the configuration has an error, ${place}${error.why}. ${error.cure}`);
  }
  const parts: Part[] = [];
  let isInside = false;
  for (const statement of statements(text)) {
    const [first, second] = statement.words;
    if (!isConfig(statement)) {
      if (isInside && isOption(statement)) parts.at(-1)?.options.push(statement);
      continue;
    }
    isInside = second?.text === name;
    if (!isInside) continue;
    if (first?.text !== type) {
      throw new CannotEdit(`the name ${name} belongs to a section of type ${first?.text} already`);
    }
    parts.push({ head: statement, options: [] });
  }
  return parts;
}

const isConfig = ({ keyword }: Statement): boolean => ['c', 'config'].includes(keyword.text);
const isOption = ({ keyword }: Statement): boolean =>
  ['o', 'option', 'l', 'list'].includes(keyword.text);
const nameOf = ({ words }: Statement): string | undefined => words[0]?.text;

function linesOf(option: string, value: OptionEdits[string]): readonly string[] {
  checkName(option);
  if (value === undefined || value === '') return [];
  if (typeof value === 'string') return [`option ${option} ${quoted(value)}`];
  return value.map((item) => `list ${option} ${quoted(item)}`);
}

/** Nothing is special inside single quotes but the quote itself. */
function quoted(value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\0-\x1f\x7f]/.test(value)) throw new CannotEdit('a value has a control character in it');
  return `'${value.replaceAll("'", "'\\''")}'`;
}

function checkName(name: string): void {
  if (!/^\w+$/.test(name))
    throw new CannotEdit('a name has other characters than letters, digits and _');
}

function appended(text: string, { type, name }: SectionName, lines: readonly string[]): string {
  const gap = text === '' || text.endsWith('\n\n') ? '' : text.endsWith('\n') ? '\n' : '\n\n';
  return `${text}${gap}config ${type} ${quoted(name)}\n${lines.map((line) => `\t${line}\n`).join('')}`;
}

/** The first line takes the place of the old statement, and so keeps a comment behind it. */
function replacement(text: string, old: Statement, lines: readonly string[]): Change {
  if (lines.length === 0) return removal(text, old);
  const { from, to } = old;
  return { from, to, text: lines.join(`\n${indentAt(text, from)}`) };
}

function insertion(text: string, last: Statement, lines: readonly string[]): Change {
  const end = text.indexOf('\n', last.to);
  const at = end < 0 ? text.length : end;
  const indent = isConfig(last) ? '\t' : indentAt(text, last.from);
  // Another statement may follow on the same line: then the new ones go between the two.
  const between = text.slice(last.to, at).trimStart().startsWith(';');
  const place = between ? last.to : at;
  return { from: place, to: place, text: lines.map((line) => `\n${indent}${line}`).join('') };
}

/** With its line, where nothing else stands on it; with the `;` behind it, where something does. */
function removal(text: string, { from, to }: Statement): Change {
  const lineStart = text.lastIndexOf('\n', from - 1) + 1;
  const newline = text.indexOf('\n', to);
  const lineEnd = newline < 0 ? text.length : newline + 1;
  const isAlone =
    text.slice(lineStart, from).trim() === '' && text.slice(to, lineEnd).trim() === '';
  if (isAlone) return { from: lineStart, to: lineEnd, text: '' };
  const separator = /^\s*;/.exec(text.slice(to, lineEnd))?.[0].length ?? 0;
  return { from, to: to + separator, text: '' };
}

/** What the line begins with. */
function indentAt(text: string, at: number): string {
  const line = text.slice(text.lastIndexOf('\n', at - 1) + 1, at);
  return /^[ \t]+/.exec(line)?.[0] ?? '\t';
}

/** From the end to the beginning, so that the places of those before stay true. */
function apply(text: string, changes: readonly Change[]): string {
  return changes
    .toSorted((a, b) => b.from - a.from || b.to - a.to)
    .reduce((all, { from, to, text: put }) => all.slice(0, from) + put + all.slice(to), text);
}
