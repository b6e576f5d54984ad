// What a method is: a summary, who may call it, the shape of its parameters and result, and what it does.
import * as z from 'zod/mini';
import type { DaemonApi } from './api.ts';

/** A method as its file writes it, and as the control socket, the command line and the manual read it. */
export interface Method<P extends z.ZodMiniObject, R extends z.ZodMiniType, D = DaemonApi> {
  readonly summary: string;
  readonly access: 'read' | 'write';
  readonly params: P;
  readonly result: R;
  readonly run: (daemon: D, params: z.output<P>) => z.output<R> | Promise<z.output<R>>;
}

/**
 * A method whose types have been checked and forgotten, so that a table can hold many. Some need only a part of the
 * daemon.
 */
export interface Callable<D = DaemonApi> {
  readonly summary: string;
  readonly access: 'read' | 'write';
  readonly params: z.ZodMiniObject;
  readonly result: z.ZodMiniType;
  /** @throws BadParams, Refused */
  readonly call: (daemon: D, params: unknown) => Promise<unknown>;
}
export type MethodTable = Readonly<Record<string, Callable>>;

/** The caller's parameters do not fit the method. */
export class BadParams extends Error {
  override readonly name = 'BadParams';
}

/** The method cannot do what was asked; the message is for the owner. */
export class Refused extends Error {
  override readonly name = 'Refused';
}

export function method<P extends z.ZodMiniObject, R extends z.ZodMiniType, D = DaemonApi>(
  definition: Method<P, R, D>,
): Callable<D> {
  const { summary, access, params, result, run } = definition;
  return {
    summary,
    access,
    params,
    result,
    async call(daemon, given) {
      const parsed = z.safeParse(params, given);
      if (!parsed.success) throw new BadParams(parsed.error.issues.map(explainIssue).join('; '));
      return run(daemon, parsed.data);
    },
  };
}

/** The kind of value inside `optional` and `default`: `string`, `number`, `boolean`, `enum`, `array`, `object`. */
export function kindOf(schema: z.core.$ZodType): string {
  const { def } = schema._zod;
  const inner = 'innerType' in def ? (def.innerType as z.core.$ZodType) : undefined;
  return inner ? kindOf(inner) : def.type;
}

/** What a manual says of a parameter. */
export interface Parameter {
  readonly isRequired: boolean;
  /** What holds when it is not given, as JSON. */
  readonly fallback: string | undefined;
  /** The only values that it takes; none: any of its kind. */
  readonly choices: readonly string[];
}

export function parameterOf(schema: z.core.$ZodType): Parameter {
  const { def } = schema._zod;
  if (def.type === 'enum' && 'entries' in def) {
    const choices = Object.values(Object(def.entries)).map((one) => `${one}`);
    return { isRequired: true, fallback: undefined, choices };
  }
  if (!('innerType' in def)) return { isRequired: true, fallback: undefined, choices: [] };
  const inner = parameterOf(def.innerType as z.core.$ZodType);
  const fallback = 'defaultValue' in def ? JSON.stringify(def.defaultValue) : inner.fallback;
  return { ...inner, isRequired: false, fallback };
}

/** What is wrong with a parameter, in words; zod's own messages would bring its dictionary along. */
export function explainIssue(issue: z.core.$ZodIssue): string {
  const place = issue.path.length === 0 ? 'params' : `'${issue.path.join('.')}'`;
  switch (issue.code) {
    case 'unrecognized_keys':
      return `unknown parameter '${issue.keys.join("', '")}'`;
    case 'invalid_type':
      return `${place} has to be ${article(issue.expected)}`;
    case 'invalid_value':
      return `${place} has to be one of ${issue.values.join(', ')}`;
    case 'too_small':
      return `${place} has to be at least ${issue.minimum}${issue.origin === 'string' ? ' characters' : ''}`;
    case 'too_big':
      return `${place} has to be at most ${issue.maximum}${issue.origin === 'string' ? ' characters' : ''}`;
    default:
      return `${place}: ${issue.message}`;
  }
}

function article(type: string): string {
  if (type === 'int') return 'a whole number';
  return `${/^[aeio]/.test(type) ? 'an' : 'a'} ${type}`;
}
