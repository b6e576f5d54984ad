// The desk where users and devices are added, changed and revoked. It works on the configuration as it is at that
// moment, so that it serves a running daemon and, where none runs, `ikectl` alone.
import { fromText, toHex } from '../../base/bytes.ts';
import type { Account } from '../../config/configuration.ts';
import {
  type OptionEdits,
  removeSection,
  type SectionName,
  setOptions,
} from '../../config/edit.ts';
import { parseUci } from '../../config/uci.ts';
import { ntHash } from '../../crypto/nt-hash.ts';
import type {
  AccountDesk,
  AddedDevice,
  ChangedUser,
  DeviceFacts,
  DeviceRequest,
  UserChange,
  UserFacts,
} from '../../rpc/accounts.ts';
import type { CertificateDesk, CertificateFacts } from '../../rpc/certificates.ts';
import { Refused } from '../../rpc/method.ts';
import { accountNamed, whyBarred } from '../accounts.ts';
import { editConfiguration } from '../config-file.ts';
import { makePassphrase } from './passphrase.ts';
import { configurationOf, type DeskPlace, later, now, parse } from './place.ts';

/** Every method throws Refused, with words for the owner, and nothing else unless we have a bug. */
export function accountDesk(place: DeskPlace, certificates: CertificateDesk): AccountDesk {
  const facts = <T>(of: (accounts: Accounts, at: number) => readonly T[]): readonly T[] =>
    now(() => of(configurationOf(place).accounts, place.now().getTime()));
  return {
    users: () => facts((all, at) => ofKind(all, 'user').map((user) => userFacts(user, all, at))),
    setUser: (change) => later(() => setUser(change, place)),
    deleteUser: (name) => later(() => deleteUser(name, place, certificates)),
    devices: () =>
      facts((all, at) => ofKind(all, 'device').map((device) => deviceFacts(device, all, at))),
    addDevice: (request) => later(() => addDevice(request, place, certificates)),
    revokeDevice: (name) => later(() => revokeDevice(name, place, certificates)),
  };
}

type Accounts = readonly Account[];

async function setUser(change: UserChange, place: DeskPlace): Promise<ChangedUser> {
  const { name } = change;
  const { accounts } = configurationOf(place);
  const old = accountNamed(accounts, name);
  if (old && old.kind !== 'user') throw new Refused(`'${name}' is the name of a device`);
  if (old && change.is === 'new') throw new Refused(`there is a user '${old.name}' already`);
  if (!old && change.is === 'old') throw noUser(name);
  const isMade = change.generate || (!old && change.password === undefined);
  const made = isMade ? makePassphrase(place.random) : undefined;
  const password = made ?? change.password;
  if (password === '') throw new Refused('an empty password is none');
  await edit(place, (text) =>
    setOptions(text, sectionFor('user', name, old, text), {
      ...(old ? {} : { name }),
      ...(password === undefined ? {} : secretOf(password)),
      ...given('enabled', change.isEnabled, (value) => (value ? '1' : '0')),
      ...given('expires', change.expires),
      ...given('connection', change.connection),
      ...given('max_devices', change.maxDevices, String),
      ...(change.addresses === undefined ? {} : { address: change.addresses }),
    }),
  );
  const { accounts: all } = configurationOf(place);
  return { user: userFacts(found(all, name), all, place.now().getTime()), password: made };
}

async function deleteUser(
  name: string,
  place: DeskPlace,
  certificates: CertificateDesk,
): Promise<readonly string[]> {
  const { accounts } = configurationOf(place);
  const user = accountNamed(accounts, name);
  if (user?.kind !== 'user') throw noUser(name);
  const devices = devicesOf(user, accounts);
  for (const device of devices) revokeCertificate(device, certificates);
  // Those that «cert issue» made have no record.
  const others = certificates.list().filter((one) => isLeft(one) && isSame(one.owner, user));
  for (const { serial } of others) certificates.revoke(serial);
  await edit(place, (text) =>
    [user, ...devices].reduce((rest, one) => removeSection(rest, sectionOf(one)), text),
  );
  return [...devices, ...others].map(({ name: one }) => one);
}

async function addDevice(
  { name, owner, platform, auth, form, expires, addresses }: DeviceRequest,
  place: DeskPlace,
  certificates: CertificateDesk,
): Promise<AddedDevice> {
  const { accounts } = configurationOf(place);
  const old = accountNamed(accounts, name);
  if (old && (old.kind === 'user' || old.revoked === undefined)) {
    throw new Refused(`there is a ${old.kind} '${old.name}' already: choose another name`);
  }
  const user = owner === undefined ? undefined : ownerNamed(owner, accounts);
  if (user) checkRoom(user, accounts);
  const password = auth === 'password' ? makePassphrase(place.random) : undefined;
  const ofDevice = (text: string, more: OptionEdits): string =>
    setOptions(
      old ? removeSection(text, sectionOf(old)) : text,
      sectionFor('device', name, old, text),
      {
        name,
        owner: user?.name,
        platform,
        auth,
        ...more,
        address: addresses,
        created: instantText(place.now()),
        expires,
      },
    );
  // A certificate is made only where its record can be written.
  if (password === undefined) tried(place, (text) => ofDevice(text, { certificate: '00' }));
  const issued =
    password === undefined
      ? await certificates.issue({ name, owner: user?.name, form })
      : undefined;
  const secret =
    password === undefined ? { certificate: issued?.device.serial } : secretOf(password);
  await edit(place, (text) => ofDevice(text, secret));
  const { accounts: all } = configurationOf(place);
  const device = deviceFacts(found(all, name), all, place.now().getTime());
  return { device, password, issued };
}

async function revokeDevice(
  name: string,
  place: DeskPlace,
  certificates: CertificateDesk,
): Promise<DeviceFacts> {
  const { accounts } = configurationOf(place);
  const device = accountNamed(accounts, name);
  if (device?.kind !== 'device') throw new Refused(`there is no device '${name}'`);
  if (device.revoked !== undefined) throw new Refused(`${device.name} was revoked already`);
  revokeCertificate(device, certificates);
  const revoked = instantText(place.now());
  await edit(place, (text) =>
    setOptions(text, sectionOf(device), { password: undefined, nthash: undefined, revoked }),
  );
  const { accounts: all } = configurationOf(place);
  return deviceFacts(found(all, name), all, place.now().getTime());
}

/** The list of revoked certificates holds, whatever becomes of the record. */
function revokeCertificate({ certificate, revoked }: Account, desk: CertificateDesk): void {
  if (certificate === undefined || revoked !== undefined) return;
  const facts = desk.list().find((one) => one.serial === certificate && isLeft(one));
  if (facts) desk.revoke(facts.serial);
}

/** Whether it is of a device and would be let in. */
const isLeft = ({ kind, isBelieved, revokedAt }: CertificateFacts): boolean =>
  kind === 'device' && isBelieved && revokedAt === undefined;

function checkRoom(user: Account, accounts: Accounts): void {
  const own = devicesOf(user, accounts).filter(({ revoked }) => revoked === undefined);
  if (user.maxDevices === undefined || own.length < user.maxDevices) return;
  const names = own.map(({ name }) => name).join(', ');
  throw new Refused(
    `${user.name} has ${own.length} of ${user.maxDevices} devices (${names}): revoke one, or allow more`,
  );
}

function ownerNamed(name: string, accounts: Accounts): Account {
  const user = accountNamed(accounts, name);
  if (user?.kind === 'user') return user;
  throw noUser(name);
}

const noUser = (name: string): Refused => new Refused(`there is no user '${name}'`);

/** Whatever else is in the configuration, it is left so that a daemon can use it. */
async function edit(place: DeskPlace, change: (text: string) => string): Promise<void> {
  editConfiguration(place.configFile, (text) => usable(change(text)));
  const checked = await place.configured();
  if (checked?.isFine === false) {
    throw new Refused(`it is written, but the configuration cannot be used: ${checked.summary}`);
  }
}

/** Finds out whether an edit would be taken, and leaves everything as it is. */
function tried(place: DeskPlace, change: (text: string) => string): void {
  editConfiguration(place.configFile, (text) => {
    usable(change(text));
    return text;
  });
}

function usable(text: string): string {
  parse(text);
  return text;
}

const secretOf = (password: string): OptionEdits => ({
  nthash: toHex(ntHash(fromText(password))),
  password: undefined,
});

/** @throws Refused for a section that has no name, by which it could be changed */
function sectionOf({ kind, name, section }: Account): SectionName {
  if (section !== undefined) return { type: kind, name: section };
  throw new Refused(
    `the section of ${kind} '${name}' has no name: write config ${kind} '…' in the configuration`,
  );
}

/** Of a new one the name is made of its own; sections share their names across types. */
function sectionFor(
  type: Account['kind'],
  name: string,
  old: Account | undefined,
  text: string,
): SectionName {
  if (old) return sectionOf(old);
  const taken = new Set(parseUci(text).sections.map((section) => section.name));
  const base = name.replace(/\W/g, '_').slice(0, 40);
  let free = base;
  for (let i = 2; taken.has(free); i++) free = `${base}_${i}`;
  return { type, name: free };
}

function given<T>(
  option: string,
  value: T | 'none' | undefined,
  write: (value: T) => string = String,
): OptionEdits {
  if (value === undefined) return {};
  return { [option]: value === 'none' ? undefined : write(value) };
}

const ofKind = (all: Accounts, kind: Account['kind']): Accounts =>
  all.filter((account) => account.kind === kind);

const devicesOf = (user: Account, all: Accounts): Accounts =>
  all.filter(({ owner }) => isSame(owner, user));

const isSame = (owner: string | undefined, { name }: Account): boolean =>
  owner?.toLowerCase() === name.toLowerCase();

function found(all: Accounts, name: string): Account {
  const account = accountNamed(all, name);
  if (account) return account;
  throw new Refused(`'${name}' is of a connection that dials, and logs in elsewhere`);
}

function userFacts(user: Account, all: Accounts, at: number): UserFacts {
  const { name, enabled, ntHash: hash, expires, connection, addresses, maxDevices } = user;
  const devices = devicesOf(user, all).filter(({ revoked }) => revoked === undefined);
  return {
    name,
    isEnabled: enabled,
    hasPassword: hash !== undefined,
    expires: inSeconds(expires),
    connection,
    addresses,
    maxDevices,
    devices: devices.map((device) => device.name),
    barred: whyBarred(user, all, at)?.why,
  };
}

function deviceFacts(device: Account, all: Accounts, at: number): DeviceFacts {
  const { name, owner, platform, certificate, addresses, created, expires, revoked } = device;
  return {
    ...{ name, owner, platform, certificate, addresses },
    auth: certificate === undefined ? 'password' : 'certificate',
    created: inSeconds(created),
    expires: inSeconds(expires),
    revoked: inSeconds(revoked),
    barred: whyBarred(device, all, at)?.why,
  };
}

const inSeconds = (at: number | undefined): number | undefined =>
  at === undefined ? undefined : Math.floor(at / 1000);
const instantText = (at: Date): string => at.toISOString().replace(/\.\d+/, '');
