// What a type of section is: its options, each a schema that describes itself.
import type * as z from 'zod/mini';

export interface SectionType<S extends z.ZodMiniObject = z.ZodMiniObject> {
  /** How such a section begins: `config pool 'NAME'`. */
  readonly head: string;
  /** One sentence. */
  readonly help: string;
  readonly options: S;
  /** Options of later versions: known, and ignored with a warning. */
  readonly later: readonly string[];
}

export const sectionType = <S extends z.ZodMiniObject>(
  definition: SectionType<S>,
): SectionType<S> => definition;
