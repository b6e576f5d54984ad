// The log: lines with a level in front, on stderr, where procd hands them to logd.
import { printable } from '../base/printable.ts';
import type { TraceEvent } from '../ike/events.ts';
import { formatEvent } from './line.ts';
import type { Level } from './ring.ts';

/** Writes lines of at least a certain level. What it is given may come from strangers. */
export class Log {
  readonly #write: (line: string) => void;
  #threshold: number;

  /** @param write takes one line with its newline */
  constructor(write: (line: string) => void, threshold: Level) {
    this.#write = write;
    this.#threshold = severity[threshold];
  }

  /** From here on, lines below `threshold` are left out. */
  setThreshold(threshold: Level): void {
    this.#threshold = severity[threshold];
  }

  error(text: string): void {
    this.#line('error', text);
  }
  warn(text: string): void {
    this.#line('warn', text);
  }
  info(text: string): void {
    this.#line('info', text);
  }
  debug(text: string): void {
    this.#line('debug', text);
  }

  /** A bug is followed by its stack, one line per frame. */
  event(level: Level, event: TraceEvent): void {
    this.#line(level, formatEvent(event));
    if (event.kind === 'bug') this.stack(event.stack);
  }

  /** Tells how many events like `sample` were held back. */
  more(level: Level, sample: TraceEvent, count: number): void {
    this.#line(level, `… ${count} more like this: ${formatEvent(sample)}`);
  }

  stack(stack: string): void {
    for (const frame of stack.split('\n').slice(0, 20)) this.#line('error', `  ${frame.trim()}`);
  }

  #line(level: Level, text: string): void {
    if (severity[level] > this.#threshold) return;
    this.#write(`${level}: ${printable(text, longestText)}\n`);
  }
}

const severity: Readonly<Record<Level, number>> = { error: 0, warn: 1, info: 2, debug: 3 };
/** Room for an event's line and the words in front of it; a problem with its cure may be as long. */
const longestText = 500;
