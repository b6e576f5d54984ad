// What happened lately: events and failed attempts, as data and as the line that the log has.
import * as z from 'zod/mini';
import type { SaRef } from '../../ike/core.ts';
import { explain } from '../../trace/explain.ts';
import type { Entry } from '../../trace/ring.ts';
import type { DaemonApi } from '../api.ts';
import { entryShape, isAtLeast, levels, viewEntry } from '../entry.ts';
import { type MethodTable, method } from '../method.ts';

/** As many as are remembered. */
const most = 1000;
const window = {
  since: z._default(z.int().check(z.minimum(0)), 0),
  limit: z._default(z.int().check(z.minimum(1), z.maximum(most)), 100),
};

/** An entry of the log, and what is made of it. */
const attemptShape = z.object({
  ...entryShape.shape,
  /** A word for machines: what the evidence says. */
  cause: z.string(),
  /** A sentence each. */
  says: z.string(),
  advice: z.string(),
  /** What was seen on the wire, in its order. */
  evidence: z.array(z.string()),
  /** What the device may have shown its owner. */
  codes: z.array(z.object({ client: z.string(), code: z.string() })),
});
export type AttemptView = z.infer<typeof attemptShape>;
export const attemptsShape = z.object({ attempts: z.array(attemptShape) });
export const eventsShape = z.object({
  events: z.array(entryShape),
  /** Of one IKE SA that lived long: so many events behind this one are forgotten. */
  gap: z.optional(z.object({ after: z.number(), forgotten: z.number() })),
});

export const traceMethods: MethodTable = {
  events: method({
    summary: 'The last events, of all or of one IKE SA, oldest first',
    access: 'read',
    params: z.strictObject({
      sa: z.optional(z.int().check(z.minimum(0))),
      level: z._default(z.enum(levels), 'debug'),
      ...window,
    }),
    result: eventsShape,
    run(daemon, { sa, level, since, limit }) {
      const { all, ofSa, gapOf } = daemon.events;
      const entries = sa === undefined ? all(since, most) : ofSa(sa as SaRef, since, most);
      const gap = sa === undefined ? undefined : gapOf(sa as SaRef);
      const wanted = entries.filter((entry) => isAtLeast(entry, level));
      const events = wanted.slice(-limit).map(viewEntry);
      return gap ? { events, gap: { ...gap } } : { events };
    },
  }),
  attempts: method({
    summary: 'The last attempts that failed: from where, why, and what helps',
    access: 'read',
    params: z.strictObject(window),
    result: attemptsShape,
    run: (daemon, { since, limit }) => ({
      attempts: daemon.events.attempts(since, limit).flatMap((entry) => viewAttempt(entry, daemon)),
    }),
  }),
};

function viewAttempt(entry: Entry, { events }: DaemonApi): AttemptView[] {
  const { event } = entry;
  if (event.kind !== 'attempt.failed') return [];
  const history = event.sa === undefined ? [] : events.ofSa(event.sa, 0, most);
  const { symptoms: codes, evidence, ...words } = explain(event, entry, history);
  return [{ ...viewEntry(entry), ...words, evidence: [...evidence], codes: [...codes] }];
}
