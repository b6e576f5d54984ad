// What an option of the configuration is: a zod schema from text to value, and what people are told about it.
// One description serves the reader, the manual page and the web form; nothing here knows any option by name.
import * as z from 'zod/mini';

/** What a text means, or why it means nothing and what to write instead. */
export type Read<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly why: string; readonly cure: string };

/** A way to read one value out of text. */
export interface Kind<T> {
  readonly schema: z.ZodMiniType<T, string>;
  /** What it takes, as it stands in the manual: `a whole number`. */
  readonly takes: string;
  readonly unit: string | undefined;
  /** The value must never be shown. */
  readonly isSecret: boolean;
}

/** What people are told about an option. */
export interface Description {
  readonly takes: string;
  readonly unit: string | undefined;
  readonly isSecret: boolean;
  /** `list NAME 'VALUE'`, any number of times, instead of `option NAME 'VALUE'`. */
  readonly isList: boolean;
  readonly isRequired: boolean;
  /** One sentence. */
  readonly help: string;
  /** What holds when it is not set; undefined: nothing. */
  readonly fallback: string | undefined;
  /** `fallback` is a value as one would write it, else it is said in words. */
  readonly isLiteral: boolean;
}

export function kind<T>(
  takes: string,
  read: (text: string) => Read<T>,
  more: { readonly unit?: string; readonly isSecret?: boolean } = {},
): Kind<T> {
  const schema = z.pipe(
    z.string(),
    z.transform((text: string, context): T => {
      const result = read(text);
      if (result.ok) return result.value;
      const { why, cure } = result;
      context.issues.push({ code: 'custom', message: why, params: { cure }, input: undefined });
      return z.NEVER;
    }),
  );
  return { schema, takes, unit: more.unit, isSecret: more.isSecret ?? false };
}

/** An option that must be set. */
export function required<T>(of: Kind<T>, help: string): z.ZodMiniType<T, string> {
  // A schema of its own: the kind is shared by other options, and a description belongs to one.
  return describeAs(of.schema.clone(), of, { help, isList: false, isRequired: true });
}

/** An option that must have at least one value. */
export function requiredList<T>(of: Kind<T>, help: string) {
  return describeAs(z.array(of.schema), of, { help, isList: true, isRequired: true });
}

/** An option with a default, written as in the file. */
export function defaulted<T>(of: Kind<T>, fallback: string, help: string) {
  const schema = z.prefault(of.schema, fallback);
  return describeAs(schema, of, { help, isList: false, fallback, isLiteral: true });
}

/** An option that may be absent; `fallback` says in words what happens then. */
export function optional<T>(of: Kind<T>, help: string, fallback?: string) {
  return describeAs(z.optional(of.schema), of, { help, isList: false, fallback });
}

/** An option of any number of values; without it there are none, and `fallback` says in words what happens then. */
export function list<T>(of: Kind<T>, help: string, fallback?: string) {
  const schema = z.prefault(z.array(of.schema), []);
  return describeAs(schema, of, { help, isList: true, fallback });
}

/** @returns undefined for a schema that none of the functions above made */
export function describe(option: z.core.$ZodType): Description | undefined {
  return descriptions.get(option);
}

const descriptions = z.registry<Description>();

function describeAs<S extends z.ZodMiniType>(
  schema: S,
  { takes, unit, isSecret }: Kind<unknown>,
  rest: Pick<Description, 'help' | 'isList'> & {
    readonly isRequired?: boolean;
    readonly fallback?: string | undefined;
    readonly isLiteral?: boolean;
  },
): S {
  const unsaid = { isRequired: false, fallback: undefined, isLiteral: false };
  descriptions.add(schema, { takes, unit, isSecret, ...unsaid, ...rest });
  return schema;
}
