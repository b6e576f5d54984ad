// The service as a whole: its state, its counters, its configuration.
import * as z from 'zod/mini';
import { since } from '../../base/time.ts';
import type { CheckedConfiguration } from '../api.ts';
import { type MethodTable, method } from '../method.ts';
import {
  counts,
  poolShape,
  problemShape,
  saShape,
  viewCounts,
  viewPools,
  viewProblem,
  viewSa,
} from '../shapes.ts';
import { eventsIn, troublesIn } from '../trouble.ts';

const nothing = z.strictObject({});
const eventsShape = z.object({ ike: counts, esp: counts });
export const countersShape = z.object({
  /** What was refused, dropped and repeated. */
  troubles: z.array(z.object({ count: z.number(), what: z.string(), name: z.string() })),
  /** What happens every day. */
  events: eventsShape,
});
export const checkedShape = z.object({
  ok: z.boolean(),
  summary: z.string(),
  problems: z.array(problemShape),
});

export const capabilitiesShape = z.object({
  version: z.string(),
  transforms: z.record(z.string(), z.array(z.string())),
  engine: z.record(z.string(), z.string()),
  aead: z.string(),
  cpu: z.array(z.string()),
  extensions: z.array(z.object({ name: z.string(), rfc: z.string() })),
});

export const selfTestShape = z.object({
  checks: z.array(
    z.object({
      name: z.string(),
      state: z.enum(['fine', 'doubtful', 'broken', 'unknown']),
      says: z.string(),
      cure: z.optional(z.string()),
    }),
  ),
});

export const statusShape = z.object({
  state: z.enum(['running']),
  version: z.string(),
  started: z.number(),
  uptime: z.number(),
  device: z.string(),
  listen: z.array(z.string()),
  aead: z.string(),
  keylog: z.optional(z.string()),
  websocket: z.optional(z.string()),
  /** What devices dial. */
  identity: z.optional(z.string()),
  connections: z.array(z.string()),
  certificates: z.array(
    z.object({
      kind: z.enum(['certificate', 'authority']),
      name: z.string(),
      /** Seconds since 1970. */
      notAfter: z.number(),
    }),
  ),
  sas: z.array(saShape),
  pools: z.array(poolShape),
  counters: eventsShape,
});

export const serviceMethods: MethodTable = {
  status: method({
    summary: 'The service, its tunnels, its pools and its counters',
    access: 'read',
    params: nothing,
    result: statusShape,
    run(daemon) {
      const { version, startedAt, device, listen, aead, keylog, websocket } = daemon.service;
      const identity = daemon.identity();
      const { sas, counters } = daemon.snapshot();
      return {
        state: 'running' as const,
        version,
        started: daemon.wallSeconds(startedAt),
        uptime: Math.floor(since(startedAt, daemon.now()) / 1000),
        device,
        listen: [...listen],
        aead,
        ...(keylog === undefined ? {} : { keylog }),
        ...(websocket === undefined ? {} : { websocket }),
        ...(identity === undefined ? {} : { identity }),
        connections: [...daemon.connections()],
        certificates: [...daemon.held()],
        sas: sas.map((sa) => viewSa(daemon, sa)),
        pools: viewPools(daemon),
        counters: { ike: viewCounts(counters), esp: viewCounts(daemon.espCounters()) },
      };
    },
  }),
  counters: method({
    summary: 'What was dropped, refused and repeated, by reason',
    access: 'read',
    params: nothing,
    result: countersShape,
    run(daemon) {
      const ike = viewCounts(daemon.snapshot().counters);
      const esp = viewCounts(daemon.espCounters());
      const troubles = troublesIn({ refusals: daemon.refusals(), ike, esp });
      return { troubles: [...troubles], events: eventsIn({ ike, esp }) };
    },
  }),
  capabilities: method({
    summary: 'Algorithms, the engines that serve them, and the RFCs spoken',
    access: 'read',
    params: nothing,
    result: capabilitiesShape,
    run(daemon) {
      const { transforms, engine, cpu, extensions } = daemon.capabilities();
      return {
        version: daemon.service.version,
        transforms: Object.fromEntries(
          Object.entries(transforms).map(([kind, keywords]) => [kind, [...keywords]]),
        ),
        engine: { ...engine },
        aead: daemon.service.aead,
        cpu: [...cpu],
        extensions: [...extensions],
      };
    },
  }),
  selftest: method({
    summary: 'What can be told from inside about whether devices will get in',
    access: 'read',
    params: nothing,
    result: selfTestShape,
    run: async (daemon) => ({ checks: [...(await daemon.selfTest())] }),
  }),
  reload: method({
    summary: 'Read the configuration again; with an error in it, the old one stays',
    access: 'write',
    params: nothing,
    result: checkedShape,
    run: async (daemon) => viewChecked(await daemon.reload()),
  }),
  config_check: method({
    summary: 'Say what is wrong with the configuration, without using it',
    access: 'read',
    params: nothing,
    result: checkedShape,
    run: async (daemon) => viewChecked(await daemon.checkConfiguration()),
  }),
};

function viewChecked({ isFine, summary, problems }: CheckedConfiguration) {
  return { ok: isFine, summary, problems: problems.map(viewProblem) };
}
