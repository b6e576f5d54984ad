// How the lab talks to people: progress lines and tables of eighty columns, colours only on a terminal.

export interface Paper {
  write(text: string): void;
  readonly colours: boolean;
}

const terminal: Paper = {
  write: (text) => void process.stdout.write(text),
  colours: process.stdout.isTTY === true && !process.env['NO_COLOR'],
};

export class Report {
  readonly #paper: Paper;
  #failures = 0;

  constructor(paper: Paper = terminal) {
    this.#paper = paper;
  }

  /** Things that were not as they should be. */
  get failures(): number {
    return this.#failures;
  }

  title(text: string): void {
    this.line(this.#paint(BOLD, text));
  }

  line(text = ''): void {
    this.#paper.write(`${text}\n`);
  }

  /** One fact that was looked at: a tick or a cross, what it is, and the figure on the right. */
  fact(holds: boolean, text: string, figure = ''): boolean {
    if (!holds) this.#failures += 1;
    const mark = holds ? this.#paint(GREEN, '✓') : this.#paint(RED, '✗');
    const room = WIDTH - 4 - text.length;
    const right = figure === '' ? '' : ` ${figure.padStart(room - 1)}`;
    this.line(`  ${mark} ${text}${right}`);
    return holds;
  }

  note(text: string): void {
    this.line(this.#paint(FAINT, `    ${text}`));
  }

  /** The first row is the head; the first column is flush left, the others flush right. */
  table(rows: readonly (readonly string[])[]): void {
    for (const [at, line] of formatTable(rows).entries()) {
      this.line(at === 0 ? this.#paint(BOLD, line) : line);
      if (at === 0) this.line('─'.repeat(line.length));
    }
  }

  #paint(code: string, text: string): string {
    return this.#paper.colours ? `\u001b[${code}m${text}\u001b[0m` : text;
  }
}

function formatTable(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows.map((row) =>
    widths
      .map((width, column) => {
        const cell = row[column] ?? '';
        return column === 0 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  '),
  );
}

/** 1234567 → `1,234,567`; without Intl, which a router's Node may lack. */
export const thousands = (n: number): string => `${n}`.replace(/\B(?=(\d{3})+$)/g, ',');
export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
export const megabits = (bytes: number, seconds: number): string =>
  `${((bytes * 8) / seconds / 1e6).toFixed(0)} Mb/s`;

const WIDTH = 80;
const BOLD = '1';
const FAINT = '2';
const GREEN = '32';
const RED = '31';
