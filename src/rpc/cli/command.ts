// What a command of `ikectl` is.
import type { OptionKinds, Words } from './arguments.ts';

/** What a command has at hand. */
export interface Surroundings {
  call(method: string, params: object): Promise<unknown>;
  follow(params: object): AsyncIterable<unknown>;
  /** Writes one or more lines. */
  print(text: string): void;
  /** Seconds since 1970. */
  now(): number;
}

export interface Command {
  readonly summary: string;
  /** What may follow the command, for the help text. */
  readonly usage: string;
  readonly options: OptionKinds;
  /** How many words without dashes it takes. */
  readonly words: number;
  /** @returns the exit code */
  readonly run: (words: Words, around: Surroundings) => Promise<number>;
}
