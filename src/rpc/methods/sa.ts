// IKE SAs: listing, dialling, hanging up.
import * as z from 'zod/mini';
import type { SaRef, SaSnapshot } from '../../ike/core.ts';
import type { Termination } from '../api.ts';
import { BadParams, type MethodTable, method, Refused } from '../method.ts';
import { saShape, viewSa } from '../shapes.ts';

const name = z.string().check(z.minLength(1), z.maxLength(64));
const saId = z.int().check(z.minimum(0));

export const sasShape = z.object({ sas: z.array(saShape) });
const connectionsShape = z.object({
  connections: z.array(z.object({ name: z.string(), sas: z.number() })),
});
export const terminatedShape = z.object({
  terminated: z.number(),
  /** Connections that are not dialled by themselves any more, until they are dialled on command. */
  stopped: z.array(z.string()),
});

export const saMethods: MethodTable = {
  sas: method({
    summary: 'IKE SAs with their tunnels',
    access: 'read',
    params: z.strictObject({ sa: z.optional(saId), connection: z.optional(name) }),
    result: sasShape,
    run(daemon, { sa, connection }) {
      const wanted = daemon
        .snapshot()
        .sas.filter(({ id }) => sa === undefined || id === sa)
        .filter((candidate) => connection === undefined || candidate.connection === connection);
      return { sas: wanted.map((found) => viewSa(daemon, found)) };
    },
  }),
  connections: method({
    summary: 'The connections of the configuration, and how many IKE SAs each has',
    access: 'read',
    params: z.strictObject({}),
    result: connectionsShape,
    run(daemon) {
      const { sas } = daemon.snapshot();
      const up = sas.filter(({ establishedAt }) => establishedAt !== undefined);
      const connections = daemon.connections().map((each) => {
        return { name: each, sas: up.filter(({ connection }) => connection === each).length };
      });
      return { connections };
    },
  }),
  terminate: method({
    summary: 'Hang up one IKE SA, those of a connection, or all',
    access: 'write',
    params: z.strictObject({
      sa: z.optional(saId),
      connection: z.optional(name),
      all: z.optional(z.boolean()),
    }),
    result: terminatedShape,
    run(daemon, params) {
      const target = targetOf(params);
      const hit = daemon.snapshot().sas.filter((sa) => isHit(target, sa));
      const stopped = [...daemon.terminate(target)];
      if (hit.length + stopped.length === 0 && target !== 'all') throw new Refused(missing(target));
      return { terminated: hit.length, stopped };
    },
  }),
  rekey: method({
    summary: 'New keys for an IKE SA, or with a child for that tunnel alone',
    access: 'write',
    params: z.strictObject({ sa: saId, child: z.optional(saId) }),
    result: z.object({ rekeying: z.number() }),
    run(daemon, { sa, child }) {
      const found = daemon.snapshot().sas.find(({ id }) => id === sa);
      if (!found) throw new Refused(missing(sa as SaRef));
      const tunnel = found.children.find(({ ref }) => ref === child);
      if (child !== undefined && !tunnel) throw new Refused(`IKE SA ${sa} has no tunnel ${child}`);
      daemon.rekey(found.id, tunnel?.ref);
      return { rekeying: child ?? sa };
    },
  }),
  initiate: method({
    summary: 'Dial a connection',
    access: 'write',
    params: z.strictObject({ connection: name }),
    result: z.object({ dialling: z.string() }),
    async run(daemon, { connection }) {
      await daemon.initiate(connection);
      return { dialling: connection };
    },
  }),
};

interface TargetParams {
  readonly sa?: number | undefined;
  readonly connection?: string | undefined;
  readonly all?: boolean | undefined;
}

function targetOf({ sa, connection, all }: TargetParams): Termination {
  const given = [sa !== undefined, connection !== undefined, all === true].filter(Boolean);
  if (given.length !== 1) throw new BadParams("give exactly one of 'sa', 'connection' and 'all'");
  if (sa !== undefined) return sa as SaRef;
  return connection === undefined ? 'all' : { connection };
}

function isHit(target: Termination, sa: SaSnapshot): boolean {
  if (target === 'all') return true;
  return typeof target === 'number' ? sa.id === target : sa.connection === target.connection;
}

const missing = (target: Exclude<Termination, 'all'>): string =>
  typeof target === 'number'
    ? `there is no IKE SA ${target}`
    : `connection '${target.connection}' has no IKE SA at the moment`;
