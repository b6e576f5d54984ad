// What happened lately: events and failed attempts, as data and as the line that the log has.
import * as z from 'zod/mini';
import type { SaRef } from '../../ike/core.ts';
import { entryShape, viewEntry } from '../entry.ts';
import { type MethodTable, method } from '../method.ts';

const window = {
  since: z._default(z.int().check(z.minimum(0)), 0),
  limit: z._default(z.int().check(z.minimum(1), z.maximum(1000)), 100),
};

export const traceMethods: MethodTable = {
  events: method({
    summary: 'The last events, of all or of one IKE SA, oldest first',
    access: 'read',
    params: z.strictObject({ sa: z.optional(z.int().check(z.minimum(0))), ...window }),
    result: z.object({ events: z.array(entryShape) }),
    run(daemon, { sa, since, limit }) {
      const entries =
        sa === undefined
          ? daemon.events.all(since, limit)
          : daemon.events.ofSa(sa as SaRef, since, limit);
      return { events: entries.map(viewEntry) };
    },
  }),
  attempts: method({
    summary: 'The last attempts that failed: from where, why, and what helps',
    access: 'read',
    params: z.strictObject(window),
    result: z.object({ attempts: z.array(entryShape) }),
    run: (daemon, { since, limit }) => ({
      attempts: daemon.events.attempts(since, limit).map(viewEntry),
    }),
  }),
};
