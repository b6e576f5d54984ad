// Reads a UCI file (`/etc/config/…`) as OpenWrt's libuci does in its strict mode, and names line and cure where
// libuci would only refuse. Text in, sections out; what the options mean is settled in `options.ts`.
import { printable } from '../base/printable.ts';
import type { Problem } from '../policy/problem.ts';
import { type Statement, statements, type Word } from './words.ts';

export interface UciOption {
  readonly name: string;
  readonly isList: boolean;
  /** One for `option`, any number for `list`; never none. */
  readonly values: readonly Word[];
}
export interface UciSection {
  readonly type: string;
  /** Undefined: an anonymous section. */
  readonly name: string | undefined;
  /** What the owner knows it by: `connection 'phones'`, or `@connection[0]` without a name. */
  readonly label: string;
  readonly line: number;
  readonly options: ReadonlyMap<string, UciOption>;
}
export interface UciFile {
  readonly sections: readonly UciSection[];
  readonly problems: readonly Problem[];
}

/** Problems never quote the text of the file: a misplaced quotation mark may have put a secret anywhere. */
export function parseUci(text: string): UciFile {
  const reader = new UciReader();
  if (text.length > MAX_CHARACTERS) reader.refuse(undefined, complaints.tooLarge);
  else readStatements(text, reader);
  return { sections: reader.sections, problems: reader.problems };
}

function readStatements(text: string, reader: UciReader): void {
  for (const statement of statements(text)) {
    reader.read(statement);
    if (reader.problems.length >= MAX_PROBLEMS) return;
  }
}

/** Why and cure. */
type Complaint = readonly [string, string];
interface OpenOption extends UciOption {
  readonly values: Word[];
}
interface OpenSection extends UciSection {
  readonly options: Map<string, OpenOption>;
}

class UciReader {
  readonly sections: OpenSection[] = [];
  readonly problems: Problem[] = [];
  readonly #named = new Map<string, OpenSection>();
  readonly #countOfType = new Map<string, number>();
  #current: OpenSection | undefined;

  read(statement: Statement): void {
    const { keyword, unclosed } = statement;
    const complaint = this.#take(statement);
    if (complaint) this.refuse(unclosed?.line ?? keyword.line, complaint);
  }

  refuse(line: number | undefined, complaint: Complaint): void {
    this.#report('error', line, complaint);
  }

  #take({ keyword, words, unclosed }: Statement): Complaint | undefined {
    // A mark forgotten here is closed by the next one, and the trouble shows only further below.
    const long = words.find((word) => word.text.includes('\n'));
    if (long && long.line !== unclosed?.line)
      this.#report('warning', long.line, complaints.overLines);
    if (unclosed) return complaints.unclosed(unclosed.mark);
    if (words.some((word) => word.text.includes('\0'))) return complaints.zeroByte;
    switch (keyword.text) {
      case 'p':
      case 'package':
        return isPackage(words) ? undefined : complaints.badPackage;
      case 'c':
      case 'config':
        return this.#config(keyword.line, words);
      case 'o':
      case 'option':
        return this.#option(keyword.line, words, 'option');
      case 'l':
      case 'list':
        return this.#option(keyword.line, words, 'list');
      default:
        return complaints.noStatement;
    }
  }

  #config(line: number, [type, name, ...more]: readonly Word[]): Complaint | undefined {
    this.#current = undefined;
    if (!type?.text) return complaints.noType;
    if (!isType(type.text)) return complaints.badType;
    if (more.some(hasText)) return complaints.tooManyWords;
    if (!name?.text) return this.#open(type.text, undefined, line);
    const foreign = strangeCharacter(name.text);
    if (foreign) return complaints.badName('section', foreign);
    const before = this.#named.get(name.text);
    if (!before) return this.#open(type.text, name.text, line);
    if (before.type !== type.text) return complaints.otherType(before);
    this.#current = before;
    this.#report('warning', line, complaints.again(before));
    return undefined;
  }

  #open(type: string, name: string | undefined, line: number): undefined {
    const index = this.#countOfType.get(type) ?? 0;
    this.#countOfType.set(type, index + 1);
    const shown = printable(type, LONGEST_SHOWN);
    const label =
      name === undefined ? `@${shown}[${index}]` : `${shown} '${printable(name, LONGEST_SHOWN)}'`;
    this.#current = { type, name, label, line, options: new Map() };
    this.sections.push(this.#current);
    if (name !== undefined) this.#named.set(name, this.#current);
  }

  #option(line: number, words: readonly Word[], how: 'option' | 'list'): Complaint | undefined {
    const [name, value = { text: '', line }, ...more] = words;
    if (!this.#current) return this.#isLost() ? undefined : complaints.noSection;
    if (!name?.text) return complaints.noOptionName;
    const foreign = strangeCharacter(name.text);
    if (foreign) return complaints.badName('option', foreign);
    if (more.some(hasText)) return complaints.tooManyWords;
    if (how === 'list') append(this.#current, name.text, value);
    else this.#set(this.#current, name.text, value);
    return undefined;
  }

  /** An option set to nothing is an option that is not set. */
  #set({ options }: OpenSection, name: string, value: Word): void {
    const before = options.get(name)?.values[0];
    if (before) this.#report('warning', value.line, complaints.twice(name, before.line), name);
    if (value.text === '') options.delete(name);
    else options.set(name, { name, isList: false, values: [value] });
  }

  /** Below a `config` line that was refused, its options have no section: that is no news. */
  #isLost(): boolean {
    return this.problems.some((problem) => problem.severity === 'error');
  }

  #report(
    severity: Problem['severity'],
    line: number | undefined,
    [why, cure]: Complaint,
    option?: string,
  ): void {
    const section = this.#current?.label ?? 'the file';
    this.problems.push({ severity, section, option, line, why, cure });
  }
}

/** An option that became a list keeps its value as the first. */
function append({ options }: OpenSection, name: string, value: Word): void {
  const before = options.get(name);
  if (before?.isList) before.values.push(value);
  else options.set(name, { name, isList: true, values: [...(before?.values ?? []), value] });
}

const hasText = (word: Word): boolean => word.text !== '';
const isPackage = ([name, ...more]: readonly Word[]): boolean =>
  /^[A-Za-z0-9_-]+$/.test(name?.text ?? '') && !more.some(hasText);
const isType = (text: string): boolean => /^[!-~]+$/.test(text);
/** The first character that the name of a section or option may not have. */
const strangeCharacter = (name: string): string | undefined => /[^A-Za-z0-9_]/u.exec(name)?.[0];

const ONLY_LETTERS = 'Use letters, digits and the underscore (_) only.';
const complaints = {
  tooLarge: [
    'it is larger than 1 MiB',
    'This is no configuration that a person wrote: restore it.',
  ],
  unclosed: (mark: string) => [
    `a quotation mark (${mark}) is opened here and never closed`,
    'Close it behind the value.',
  ],
  overLines: [
    'a value goes on over the end of this line',
    'If it should not, close its quotation mark.',
  ],
  zeroByte: ['there is a zero byte in the text', 'Save the file as plain text.'],
  noStatement: [
    'this line is none that UCI knows',
    'A line begins with config, option or list, or with # when it is a comment.',
  ],
  badPackage: ['package needs one name', 'Remove the line: the name of the file says it.'],
  noType: [
    'config needs a type',
    "Write the type and the name of the section: config connection 'phones'.",
  ],
  badType: ['the type of the section has a character that UCI does not allow', ONLY_LETTERS],
  badName: (of: string, foreign: string) => [
    `the name of the ${of} has a character that UCI does not allow: ${quoteCharacter(foreign)}`,
    ONLY_LETTERS,
  ],
  noSection: [
    'this line stands before the first section',
    "Put it below the section it belongs to, such as config connection 'phones'.",
  ],
  noOptionName: ['a name is missing', "Write name and value: option pool 'phones'."],
  tooManyWords: ['there are too many words on this line', 'Put a value with spaces in quotes.'],
  otherType: (before: UciSection) => [
    `line ${before.line} gives the same name to a section of another type: ${before.label}`,
    'Every section needs a name of its own: rename one of the two.',
  ],
  again: (before: UciSection) => [
    `line ${before.line} opens a section of the same name; the two are read as one`,
    'Give one of them another name, or join them.',
  ],
  twice: (name: string, line: number) => [
    `it is set twice; only this one counts, not that of line ${line}`,
    `Remove one of them; for several values write: list ${name} '…'.`,
  ],
} as const satisfies Record<string, Complaint | ((...args: never[]) => Complaint)>;

function quoteCharacter(char: string): string {
  const code = char.codePointAt(0) as number;
  return code > 0x20 && code < 0x7f
    ? char
    : `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
}

const MAX_CHARACTERS = 1 << 20;
const LONGEST_SHOWN = 40;
/** Enough for one sitting. */
const MAX_PROBLEMS = 50;
