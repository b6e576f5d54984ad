// Address pools and who holds what.
import * as z from 'zod/mini';
import { type MethodTable, method } from '../method.ts';
import { poolShape, viewPools } from '../shapes.ts';

const name = z.optional(z.string().check(z.maxLength(64)));

export const poolMethods: MethodTable = {
  pools: method({
    summary: 'Address pools and how full they are',
    access: 'read',
    params: z.strictObject({}),
    result: z.object({ pools: z.array(poolShape) }),
    run: (daemon) => ({ pools: viewPools(daemon) }),
  }),
  leases: method({
    summary: 'Addresses given and remembered, by identity',
    access: 'read',
    params: z.strictObject({ pool: name }),
    result: z.object({
      leases: z.array(
        z.object({
          pool: z.string(),
          identity: z.string(),
          addresses: z.array(z.string()),
          held: z.boolean(),
        }),
      ),
    }),
    run: (daemon, { pool }) => ({
      leases: daemon
        .leases()
        .filter((lease) => pool === undefined || lease.pool === pool)
        .map(({ pool, identity, addresses, isHeld }) => {
          return { pool, identity, addresses: [...addresses], held: isHeld };
        }),
    }),
  }),
};
