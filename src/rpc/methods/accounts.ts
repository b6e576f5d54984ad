// Users and devices. Where no daemon runs, `ikectl` performs the same methods on the configuration itself.
import * as z from 'zod/mini';
import type { DeviceFacts, ProfileFacts, UserFacts } from '../accounts.ts';
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
  routing: z.enum(['all', 'home']),
  onDemand: z.boolean(),
  /** Of the profile that was made last, and what changed since. */
  format: z.optional(z.string()),
  stale: z.array(z.string()),
});
export type DeviceView = z.infer<typeof deviceShape>;

export const usersShape = z.object({ users: z.array(userShape) });
export const userSetShape = z.object({ user: userShape, password: z.optional(z.string()) });
export const userDeletedShape = z.object({ deleted: z.string(), devices: z.array(z.string()) });
export const devicesShape = z.object({ devices: z.array(deviceShape) });
const fileShape = z.object({
  filename: z.string(),
  type: z.string(),
  encoding: z.enum(['text', 'base64']),
  content: z.string(),
});
export const profileShape = z.object({
  format: z.string(),
  ...fileShape.shape,
  /** Files that go with it. */
  extras: z.array(fileShape),
  /** Whether the files let in whoever has them; `asked`: the device asks for the password. */
  secret: z.enum(['inside', 'asked']),
  steps: z.array(z.string()),
  password: z.optional(z.string()),
  passphrase: z.optional(z.string()),
});
export type ProfileView = z.infer<typeof profileShape>;
export const formatsShape = z.object({
  formats: z.array(
    z.object({
      format: z.string(),
      title: z.string(),
      platforms: z.array(z.string()),
      auth: z.array(z.enum(['password', 'certificate'])),
    }),
  ),
});
export const joinedShape = z.object({
  connection: z.string(),
  gateway: z.string(),
  networks: z.array(z.string()),
  steps: z.array(z.string()),
});
export const deviceShownShape = z.object({ device: deviceShape });
export const deviceAddedShape = z.object({
  device: deviceShape,
  password: z.optional(z.string()),
  issued: z.optional(issuedShape),
  file: z.optional(profileShape),
});

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
      routing: z._default(z.enum(['all', 'home']), 'all'),
      on_demand: z._default(z.boolean(), false),
      /** Makes its profile at once; `formats` lists them. */
      format: z.optional(word),
      /** In that profile, as device_export has it. */
      post_quantum: z._default(z.boolean(), false),
    }),
    result: deviceAddedShape,
    async run({ accounts }: AccountsOwner, { on_demand, post_quantum, ...request }) {
      const nothing = { owner: undefined, platform: undefined, expires: undefined };
      const wish = {
        ...{ ...nothing, format: undefined, ...request },
        ...{ isOnDemand: on_demand, isPostQuantum: post_quantum },
      };
      const { device, password, issued, file } = await accounts.addDevice(wish);
      return {
        device: viewDevice(device),
        password,
        issued: issued && viewIssued(issued),
        file: file && viewProfile(file),
      };
    },
  }),
  device_set: method({
    summary: 'Change the record of a device; a profile that says otherwise is stale then',
    access: 'write',
    params: z.strictObject({
      name,
      rename: z.optional(name),
      /** `none` takes it out, here and below. */
      owner: z.optional(name),
      expires: z.optional(word),
      addresses: z.optional(addresses),
      routing: z.optional(z.enum(['all', 'home'])),
      on_demand: z.optional(z.boolean()),
    }),
    result: deviceShownShape,
    async run({ accounts }: AccountsOwner, { on_demand: isOnDemand, ...change }) {
      const device = await accounts.setDevice({
        ...{ rename: undefined, owner: undefined, expires: undefined, addresses: undefined },
        ...{ routing: undefined, ...change, isOnDemand },
      });
      return { device: viewDevice(device) };
    },
  }),
  formats: method({
    summary: 'Ways to give a device its connection, the best for a platform first',
    access: 'read',
    params: z.strictObject({ platform: z.optional(word) }),
    result: formatsShape,
    run: ({ accounts }: AccountsOwner, { platform }) => ({
      formats: accounts.formats(platform).map(({ platforms, auth, ...facts }) => ({
        ...{ ...facts, platforms: [...platforms], auth: [...auth] },
      })),
    }),
  }),
  device_export: method({
    summary: 'Make the profile of a device; its password or key is in it for a quarter of an hour',
    access: 'write',
    params: z.strictObject({
      ...{ name, format: word },
      renew: z._default(z.boolean(), false),
      /** Without the signature that Apple's systems look for. */
      unsigned: z._default(z.boolean(), false),
      /** Asks for ML-KEM: iOS and macOS 26. */
      post_quantum: z._default(z.boolean(), false),
    }),
    result: profileShape,
    async run({ accounts }: AccountsOwner, { unsigned, post_quantum, ...request }) {
      const wish = { ...request, isUnsigned: unsigned, isPostQuantum: post_quantum };
      return viewProfile(await accounts.exportDevice(wish));
    },
  }),
  join: method({
    summary: 'Take in the join text of another router, and dial there from now on',
    access: 'write',
    params: z.strictObject({ text: z.string().check(z.minLength(1), z.maxLength(16_384)) }),
    result: joinedShape,
    async run({ accounts }: AccountsOwner, { text }) {
      const { networks, steps, ...joined } = await accounts.join(text);
      return { ...joined, networks: [...networks], steps: [...steps] };
    },
  }),
  device_revoke: method({
    summary: 'Revoke a device: its tunnel ends at once, and it cannot come back',
    access: 'write',
    params: z.strictObject({ device: name }),
    result: deviceShownShape,
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

const viewDevice = ({
  addresses: own,
  isOnDemand: onDemand,
  stale,
  ...facts
}: DeviceFacts): DeviceView => ({ ...facts, addresses: [...own], onDemand, stale: [...stale] });

const viewProfile = ({ file, extras, steps, ...facts }: ProfileFacts): ProfileView => ({
  ...{ ...facts, ...file, extras: [...extras], steps: [...steps] },
});
