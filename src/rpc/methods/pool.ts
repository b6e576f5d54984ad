// Address pools and who holds what.
import * as z from 'zod/mini';
import { type MethodTable, method } from '../method.ts';
import { poolShape, viewPools } from '../shapes.ts';

const name = z.optional(z.string().check(z.maxLength(64)));

export const poolsShape = z.object({ pools: z.array(poolShape) });
export const leasesShape = z.object({
  leases: z.array(
    z.object({
      pool: z.string(),
      identity: z.string(),
      address: z.string(),
      held: z.boolean(),
    }),
  ),
});

export const poolMethods: MethodTable = {
  pools: method({
    summary: 'Address pools and how full they are',
    access: 'read',
    params: z.strictObject({}),
    result: poolsShape,
    run: (daemon) => ({ pools: viewPools(daemon) }),
  }),
  leases: method({
    summary: 'Addresses given and remembered, by identity',
    access: 'read',
    params: z.strictObject({ pool: name }),
    result: leasesShape,
    run: (daemon, { pool }) => ({
      leases: daemon
        .leases()
        .filter((lease) => pool === undefined || lease.pool === pool)
        .map(({ isHeld, ...lease }) => ({ ...lease, held: isHeld })),
    }),
  }),
};
