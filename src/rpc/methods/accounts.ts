// Users and devices. Where no daemon runs, `ikectl` performs the same methods on the configuration itself.
import * as z from 'zod/mini';
import type { DeviceFacts, UserFacts } from '../accounts.ts';
import type { DaemonApi } from '../api.ts';
import { type Callable, method } from '../method.ts';
import { issuedShape, viewIssued } from './certificates.ts';

const name = z.string().check(z.minLength(1), z.maxLength(253));
const word = z.string().check(z.maxLength(64));
const addresses = z.array(word).check(z.maxLength(8));
const time = z.optional(z.number());

export const userShape = z.object({
  name: z.string(),
  enabled: z.boolean(),
  hasPassword: z.boolean(),
  /** Seconds since 1970. */
  expires: time,
  connection: z.optional(z.string()),
  addresses: z.array(z.string()),
  maxDevices: z.optional(z.number()),
  devices: z.array(z.string()),
  /** Why the user may not log in at this moment. */
  barred: z.optional(z.string()),
});
export type UserView = z.infer<typeof userShape>;
export const deviceShape = z.object({
  name: z.string(),
  owner: z.optional(z.string()),
  platform: z.optional(z.string()),
  auth: z.enum(['password', 'certificate']),
  certificate: z.optional(z.string()),
  addresses: z.array(z.string()),
  created: time,
  expires: time,
  revoked: time,
  barred: z.optional(z.string()),
});
export type DeviceView = z.infer<typeof deviceShape>;

export const usersShape = z.object({ users: z.array(userShape) });
export const userSetShape = z.object({ user: userShape, password: z.optional(z.string()) });
export const userDeletedShape = z.object({ deleted: z.string(), devices: z.array(z.string()) });
export const devicesShape = z.object({ devices: z.array(deviceShape) });
export const deviceAddedShape = z.object({
  device: deviceShape,
  password: z.optional(z.string()),
  issued: z.optional(issuedShape),
});
export const deviceRevokedShape = z.object({ device: deviceShape });

/** As much of a daemon as these methods need. */
export type AccountsOwner = Pick<DaemonApi, 'accounts'>;

export const accountMethods: Readonly<Record<string, Callable<AccountsOwner>>> = {
  users: method({
    summary: 'Users, and whether they may log in',
    access: 'read',
    params: z.strictObject({}),
    result: usersShape,
    run: ({ accounts }: AccountsOwner) => ({ users: accounts.users().map(viewUser) }),
  }),
  user_set: method({
    summary: 'Add or change a user; one who may not be there any more is out at once',
    access: 'write',
    params: z.strictObject({
      name,
      is: z._default(z.enum(['new', 'old', 'either']), 'either'),
      password: z.optional(z.string().check(z.minLength(1), z.maxLength(256))),
      generate: z._default(z.boolean(), false),
      enabled: z.optional(z.boolean()),
      /** As it stands in the configuration; `none` takes it out. */
      expires: z.optional(word),
      connection: z.optional(word),
      addresses: z.optional(addresses),
      /** 0: any number. */
      max_devices: z.optional(z.int().check(z.minimum(0), z.maximum(64))),
    }),
    result: userSetShape,
    async run({ accounts }: AccountsOwner, { enabled, max_devices: most, ...change }) {
      const { user, password } = await accounts.setUser({
        ...{ password: undefined, expires: undefined, connection: undefined, addresses: undefined },
        ...change,
        isEnabled: enabled,
        maxDevices: most === 0 ? 'none' : most,
      });
      return { user: viewUser(user), password };
    },
  }),
  user_delete: method({
    summary: 'Take out a user with all devices; their tunnels end at once',
    access: 'write',
    params: z.strictObject({ name }),
    result: userDeletedShape,
    async run({ accounts }: AccountsOwner, { name: deleted }) {
      return { deleted, devices: [...(await accounts.deleteUser(deleted))] };
    },
  }),
  devices: method({
    summary: 'Devices, whose they are, and whether they may connect',
    access: 'read',
    params: z.strictObject({}),
    result: devicesShape,
    run: ({ accounts }: AccountsOwner) => ({ devices: accounts.devices().map(viewDevice) }),
  }),
  device_add: method({
    summary: 'Add a device with a password or certificate of its own, told this once',
    access: 'write',
    params: z.strictObject({
      name,
      owner: z.optional(name),
      platform: z.optional(word),
      auth: z._default(z.enum(['password', 'certificate']), 'password'),
      form: z._default(z.enum(['legacy', 'modern']), 'legacy'),
      expires: z.optional(word),
      addresses: z._default(addresses, []),
    }),
    result: deviceAddedShape,
    async run({ accounts }: AccountsOwner, request) {
      const wish = { owner: undefined, platform: undefined, expires: undefined, ...request };
      const { device, password, issued } = await accounts.addDevice(wish);
      return {
        device: viewDevice(device),
        password,
        issued: issued && viewIssued(issued),
      };
    },
  }),
  device_revoke: method({
    summary: 'Revoke a device: its tunnel ends at once, and it cannot come back',
    access: 'write',
    params: z.strictObject({ device: name }),
    result: deviceRevokedShape,
    async run({ accounts }: AccountsOwner, { device }) {
      return { device: viewDevice(await accounts.revokeDevice(device)) };
    },
  }),
};

const viewUser = ({
  isEnabled: enabled,
  addresses: own,
  devices,
  ...facts
}: UserFacts): UserView => ({ ...facts, enabled, addresses: [...own], devices: [...devices] });

const viewDevice = ({ addresses: own, ...facts }: DeviceFacts): DeviceView => ({
  ...facts,
  addresses: [...own],
});
