// Splits the text of a UCI file into statements and words: quoting, escapes, comments, continuation. No meaning.

/** A word of a statement, unquoted, and the line where it begins (from 1). */
export interface Word {
  readonly text: string;
  readonly line: number;
}
export interface Statement {
  /** `config`, `option`, … as written. */
  readonly keyword: Word;
  readonly words: readonly Word[];
  /** Where its first character stands in the text, and where its last one ended. */
  readonly from: number;
  readonly to: number;
  /** A quotation mark that was opened and never closed; the rest of the file is inside it. */
  readonly unclosed: { readonly mark: string; readonly line: number } | undefined;
}

/**
 * Reads as libuci does: one statement a line, or several with `;` between them; quotes may span lines. One
 * difference: what follows a `;` glued to an unquoted word is read here, where libuci forgets it without a word.
 */
export function* statements(text: string): Generator<Statement> {
  const lexer = new Lexer(text);
  for (;;) {
    const keyword = lexer.keyword();
    if (!keyword) return;
    const from = lexer.at - keyword.text.length;
    let to = lexer.at;
    const words: Word[] = [];
    for (let word = lexer.word(); word; word = lexer.word()) {
      words.push(word);
      to = lexer.at;
    }
    lexer.separator();
    yield { keyword, words, from, to, unclosed: lexer.unclosed };
  }
}

class Lexer {
  readonly #text: string;
  #at = 0;
  #line = 1;
  unclosed: Statement['unclosed'];

  constructor(text: string) {
    this.#text = text;
  }

  /** How many characters are behind us. */
  get at(): number {
    return this.#at;
  }

  /** The first word of the next statement: up to a blank, quotes have no meaning in it. */
  keyword(): Word | undefined {
    this.#skip(isSpace);
    while (this.#char === '#') {
      this.#skip(isInLine);
      this.#skip(isSpace);
    }
    const line = this.#line;
    const text = this.#skip((char) => !' \t\n'.includes(char));
    return text === '' ? undefined : { text, line };
  }

  /** The next word of this statement; undefined at its end. */
  word(): Word | undefined {
    this.#skip((char) => isSpace(char) && isInLine(char));
    if (this.#endsStatement()) return undefined;
    const line = this.#line;
    let text = '';
    do text += this.#piece();
    while (!isSpace(this.#char) && !this.#endsStatement());
    return { text, line };
  }

  /** Leaves the statement behind, with the `;` that may end it. */
  separator(): void {
    if (this.#char === ';') this.#next();
  }

  /** One quoted part, or one character outside quotes: `'a'"b"c` is the word abc. */
  #piece(): string {
    if (this.#char === "'" || this.#char === '"') return this.#quoted(this.#next());
    if (this.#char === '\\') return this.#escape();
    return this.#next();
  }

  #quoted(mark: string): string {
    const line = this.#line;
    let text = '';
    while (this.#char !== mark) {
      if (this.#char === '') {
        this.unclosed = { mark, line };
        return text;
      }
      // Between single quotes a backslash is a backslash.
      text += this.#char === '\\' && mark === '"' ? this.#escape() : this.#next();
    }
    this.#next();
    return text;
  }

  /** What a backslash stands for: the character after it, and nothing at the end of a line. */
  #escape(): string {
    this.#next();
    if (this.#text.startsWith('\r\n', this.#at)) this.#next();
    const char = this.#next();
    return char === '\n' ? '' : char;
  }

  #endsStatement(): boolean {
    if (this.#char === '#') this.#skip(isInLine);
    return this.#char === '' || this.#char === '\n' || this.#char === ';';
  }

  get #char(): string {
    return this.#text.charAt(this.#at);
  }

  #next(): string {
    const char = this.#char;
    this.#at++;
    if (char === '\n') this.#line++;
    return char;
  }

  #skip(isWanted: (char: string) => boolean): string {
    const from = this.#at;
    while (this.#char !== '' && isWanted(this.#char)) this.#next();
    return this.#text.slice(from, this.#at);
  }
}

const isInLine = (char: string): boolean => char !== '\n';
/** White space of the C locale, as libuci asks `isspace`. */
const isSpace = (char: string): boolean => char !== '' && ' \t\n\v\f\r'.includes(char);
