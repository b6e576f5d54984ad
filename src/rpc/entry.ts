// A remembered event as rpc gives it away: its fields, and the line that the log has.
import * as z from 'zod/mini';
import { formatEvent } from '../trace/line.ts';
import type { Entry, Level } from '../trace/ring.ts';

/** The gravest first. */
export const levels = ['error', 'warn', 'info', 'debug'] as const satisfies readonly Level[];

export const entryShape = z.object({
  id: z.number(),
  /** Seconds since 1970. */
  at: z.number(),
  level: z.enum(levels),
  kind: z.string(),
  sa: z.optional(z.number()),
  line: z.string(),
  fields: z.record(z.string(), z.unknown()),
});
export type EntryView = z.infer<typeof entryShape>;

export function viewEntry({ id, at, level, event }: Entry): EntryView {
  const { kind, sa, ...fields } = event;
  return {
    id,
    at: at / 1000,
    level,
    kind,
    ...(sa === undefined ? {} : { sa }),
    line: formatEvent(event),
    fields,
  };
}

/** Whether an entry is at least as grave as `level`. */
export function isAtLeast(entry: Entry, level: Level): boolean {
  return levels.indexOf(entry.level) <= levels.indexOf(level);
}
