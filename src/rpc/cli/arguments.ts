// The words after `ikectl`, and what a method's parameters look like among them.
import { parseArgs } from 'node:util';
import type * as z from 'zod/mini';
import { kindOf } from '../method.ts';

/** The words make no sense; the message says which and what would. */
export class Usage extends Error {
  override readonly name = 'Usage';
}

export interface Invocation {
  readonly command: string | undefined;
  /** What follows the command. */
  readonly rest: readonly string[];
  readonly runDir: string;
  readonly config: string;
  readonly wantsHelp: boolean;
  readonly wantsVersion: boolean;
}

export type Values = Readonly<Record<string, string | boolean | undefined>>;
export interface Words {
  readonly values: Values;
  readonly positionals: readonly string[];
}
export type OptionKinds = Readonly<Record<string, 'string' | 'boolean'>>;

/**
 * Reads the options that every command has, wherever they stand, and finds the command. `--config` matters only where
 * no daemon runs: scripts may give both programs the same words.
 * @throws Usage
 */
export function readInvocation(args: readonly string[]): Invocation {
  const own = {
    config: 'string',
    'run-dir': 'string',
    help: 'boolean',
    version: 'boolean',
  } as const;
  const taken: Record<string, string | true> = {};
  const rest: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const [name = '', inline] = (args[i] as string).split(/=(.*)/s, 2);
    const option = name.startsWith('--') ? name.slice(2) : name === '-h' ? 'help' : '';
    const kind = Object.hasOwn(own, option) ? own[option as keyof typeof own] : undefined;
    if (kind === undefined) rest.push(args[i] as string);
    else if (kind === 'boolean') taken[option] = true;
    else taken[option] = inline ?? args[++i] ?? missing(option);
  }
  const at = rest.findIndex((word) => !word.startsWith('-'));
  if (at > 0) throw new Usage(`unknown option '${rest[0]}' before the command`);
  return {
    command: rest[0]?.startsWith('-') ? unknown(rest[0]) : rest[0],
    rest: rest.slice(1),
    config: `${taken['config'] ?? '/etc/config/ikev2'}`,
    runDir: `${taken['run-dir'] ?? '/var/run/ikev2'}`,
    wantsHelp: taken['help'] === true,
    wantsVersion: taken['version'] === true,
  };
}

/** Reads a command's own options. @throws Usage */
export function readWords(rest: readonly string[], kinds: OptionKinds, most: number): Words {
  const options = Object.fromEntries(Object.entries(kinds).map(([name, type]) => [name, { type }]));
  try {
    const { values, positionals } = parseArgs({
      args: [...rest],
      options,
      allowPositionals: true,
      strict: true,
    });
    if (positionals.length > most) throw new Usage(`unexpected word '${positionals[most]}'`);
    return { values: values as Values, positionals };
  } catch (error) {
    if (error instanceof TypeError) throw new Usage(error.message);
    throw error;
  }
}

/** The options that a method's parameters become. */
export function optionsOf(params: z.ZodMiniObject): OptionKinds {
  return Object.fromEntries(
    Object.entries(params.shape).map(([name, schema]) => {
      return [name, kindOf(schema) === 'boolean' ? 'boolean' : 'string'];
    }),
  );
}

/** The parameters as the method wants them: numbers where it wants numbers. */
export function paramsOf(params: z.ZodMiniObject, values: Values): Record<string, unknown> {
  const given = Object.entries(params.shape).filter(([name]) => values[name] !== undefined);
  return Object.fromEntries(
    given.map(([name, schema]) => {
      const value = values[name];
      const kind = kindOf(schema);
      if (kind === 'array') return [name, listOf(value)];
      const isNumber = kind === 'number' && value !== '' && Number.isFinite(Number(value));
      return [name, isNumber ? Number(value) : value];
    }),
  );
}

/** Several values in one word: `a,b`. */
export const listOf = (value: string | boolean | undefined): readonly string[] =>
  typeof value === 'string' ? value.split(/[\s,]+/).filter((item) => item !== '') : [];

/** The value of an option that takes one. */
export const text = (values: Values, name: string): string | undefined =>
  typeof values[name] === 'string' ? values[name] : undefined;

/** A whole number; undefined where it was not given. @throws Usage */
export function number(given: string | boolean | undefined): number | undefined {
  if (given === undefined) return undefined;
  if (!/^\d+$/.test(`${given}`)) throw new Usage(`'${given}' is no number`);
  return Number(given);
}

function missing(option: string): never {
  throw new Usage(`--${option} needs a value`);
}

function unknown(word: string): never {
  throw new Usage(`unknown option '${word}'`);
}
