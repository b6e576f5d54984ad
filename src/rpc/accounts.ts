// What the methods may ask about users and devices; the daemon answers, and so does `ikectl` itself where none runs.
import type { IssuedDevice, NewDevice } from './certificates.ts';

export interface AccountDesk {
  users(): readonly UserFacts[];
  /** Adds a user, or changes one; tunnels of one who may not be there any more end at once. */
  setUser(request: UserChange): Promise<ChangedUser>;
  /** Takes a user and the devices of that user out; their tunnels end at once. @returns the names of the devices */
  deleteUser(name: string): Promise<readonly string[]>;
  devices(): readonly DeviceFacts[];
  /** Adds a device with a password or certificate that nobody else has. */
  addDevice(request: DeviceRequest): Promise<AddedDevice>;
  setDevice(change: DeviceChange): Promise<DeviceFacts>;
  /** Ways to give a device its connection, the best for the platform first. */
  formats(platform: string | undefined): readonly FormatFacts[];
  /** Makes the profile of a device, with the credential in it while it is at hand. */
  exportDevice(request: ExportRequest): Promise<ProfileFacts>;
  /** Takes in a text that another router gave this one; from then on this one dials there. */
  join(text: string): Promise<JoinedFacts>;
  /** Its tunnel ends at once, and it cannot come back. */
  revokeDevice(name: string): Promise<DeviceFacts>;
}

export interface UserFacts {
  readonly name: string;
  readonly isEnabled: boolean;
  readonly hasPassword: boolean;
  /** Times are seconds since 1970. */
  readonly expires: number | undefined;
  readonly connection: string | undefined;
  readonly addresses: readonly string[];
  readonly maxDevices: number | undefined;
  /** Names of those that are not revoked. */
  readonly devices: readonly string[];
  /** Why the user may not log in at this moment. */
  readonly barred: string | undefined;
}

/** What is undefined stays as it is; `none` takes an option out. */
export interface UserChange {
  readonly name: string;
  /** `new`: there must be none of the name yet; `old`: there must be one. */
  readonly is: 'new' | 'old' | 'either';
  readonly password: string | undefined;
  /** Makes a password; so does a new user that comes without. */
  readonly generate: boolean;
  readonly isEnabled: boolean | undefined;
  /** As it stands in the configuration. */
  readonly expires: string | 'none' | undefined;
  readonly connection: string | 'none' | undefined;
  readonly addresses: readonly string[] | undefined;
  readonly maxDevices: number | 'none' | undefined;
}
export interface ChangedUser {
  readonly user: UserFacts;
  /** One that was made: told this once. */
  readonly password: string | undefined;
}

export interface DeviceFacts {
  readonly name: string;
  readonly owner: string | undefined;
  readonly platform: string | undefined;
  readonly auth: 'password' | 'certificate';
  /** Serial number. */
  readonly certificate: string | undefined;
  readonly addresses: readonly string[];
  readonly created: number | undefined;
  readonly expires: number | undefined;
  readonly revoked: number | undefined;
  readonly barred: string | undefined;
  /** What goes through its tunnel: everything, or what is for the networks at home. */
  readonly routing: 'all' | 'home';
  /** Its profile connects by itself. */
  readonly isOnDemand: boolean;
  /** Of the profile that was made last. */
  readonly format: string | undefined;
  /** What is not as that profile says any more; empty: nothing. */
  readonly stale: readonly string[];
}

export interface DeviceRequest {
  readonly name: string;
  readonly owner: string | undefined;
  readonly platform: string | undefined;
  readonly auth: DeviceFacts['auth'];
  /** Of the PKCS#12 file, where it gets a certificate. */
  readonly form: NewDevice['form'];
  readonly expires: string | undefined;
  readonly addresses: readonly string[];
  readonly routing: DeviceFacts['routing'];
  readonly isOnDemand: boolean;
  /** Of a profile that is made at once. */
  readonly format: string | undefined;
  /** Of that profile, see ExportRequest. */
  readonly isPostQuantum?: boolean;
}
export interface AddedDevice {
  readonly device: DeviceFacts;
  /** Told this once, like the certificate with its key. */
  readonly password: string | undefined;
  readonly issued: IssuedDevice | undefined;
  readonly file: ProfileFacts | undefined;
}

/** What is undefined stays as it is; `none` takes an option out. */
export interface DeviceChange {
  readonly name: string;
  readonly rename: string | undefined;
  readonly owner: string | 'none' | undefined;
  readonly expires: string | 'none' | undefined;
  readonly addresses: readonly string[] | undefined;
  readonly routing: DeviceFacts['routing'] | undefined;
  readonly isOnDemand: boolean | undefined;
}

export interface JoinedFacts {
  readonly connection: string;
  readonly gateway: string;
  /** What is reached there. */
  readonly networks: readonly string[];
  /** What is left to do, a sentence each. */
  readonly steps: readonly string[];
}

export interface FormatFacts {
  readonly format: string;
  readonly title: string;
  readonly platforms: readonly string[];
  readonly auth: readonly DeviceFacts['auth'][];
}

export interface ExportRequest {
  readonly name: string;
  readonly format: string;
  /** Makes another password or certificate first; the one before stops working at once. */
  readonly renew: boolean;
  /** Leaves out the signature of the gateway, where the format has one: to read the file, or to change it. */
  readonly isUnsigned?: boolean;
  /** Asks for ML-KEM, which systems from 2025 on have. */
  readonly isPostQuantum?: boolean;
}

/** Files for a device, and what to do with them. */
export interface ProfileFacts {
  readonly format: string;
  readonly file: FileFacts;
  /** Files that go with it. */
  readonly extras: readonly FileFacts[];
  /** Whether the files let in whoever has them; `asked`: the device asks for the password. */
  readonly secret: 'inside' | 'asked';
  readonly steps: readonly string[];
  /** While they are at hand: the password, or what opens the PKCS#12 file. */
  readonly password: string | undefined;
  readonly passphrase: string | undefined;
}
export interface FileFacts {
  readonly filename: string;
  /** MIME type. */
  readonly type: string;
  readonly encoding: 'text' | 'base64';
  readonly content: string;
}
