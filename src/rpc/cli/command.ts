// What a command of `ikectl` is.
import { type OptionKinds, Usage, type Words } from './arguments.ts';

/** What a command has at hand. */
export interface Surroundings {
  call(method: string, params: object): Promise<unknown>;
  follow(params: object): AsyncIterable<unknown>;
  /** Has the person at the terminal type something that the screen does not show. @throws Usage without a terminal */
  askSecret(question: string): Promise<string>;
  /** Writes one or more lines. */
  print(text: string): void;
  /** Seconds since 1970. */
  now(): number;
  wait(seconds: number): Promise<void>;
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

/** What one word behind a command does: `cert issue`. */
export type Verb = (words: Words, around: Surroundings) => Promise<void>;

/** Runs the verb that comes first; without one, the list. @throws Usage */
export async function perform(
  command: string,
  verbs: Readonly<Record<string, Verb>>,
  words: Words,
  around: Surroundings,
): Promise<number> {
  const [verb = 'list'] = words.positionals;
  const wanted = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
  if (!wanted) {
    throw new Usage(`there is no «${command} ${verb}»: ${Object.keys(verbs).join(', ')}`);
  }
  await wanted(words, around);
  return 0;
}
