// The desk where users and devices are added, changed and revoked. It works on the configuration as it is at that
// moment, so that it serves a running daemon and, where none runs, `ikectl` alone.
import type { Account } from '../../config/configuration.ts';
import { removeSection, setOptions } from '../../config/edit.ts';
import type { AccountDesk, ChangedUser, UserChange, UserFacts } from '../../rpc/accounts.ts';
import type { CertificateDesk } from '../../rpc/certificates.ts';
import { Refused } from '../../rpc/method.ts';
import { accountNamed, whyBarred } from '../accounts.ts';
import {
  type Accounts,
  devicesOf,
  edit,
  found,
  given,
  inSeconds,
  isSame,
  ofKind,
  secretOf,
  sectionFor,
  sectionOf,
  userNamed,
} from './account-sections.ts';
import { DeviceDesk, isLeft, revokeCertificate } from './device-desk.ts';
import { joinGateway } from './join.ts';
import { makePassphrase } from './passphrase.ts';
import { configurationOf, type DeskPlace, later, now } from './place.ts';

/** Every method throws Refused, with words for the owner, and nothing else unless we have a bug. */
export function accountDesk(place: DeskPlace, certificates: CertificateDesk): AccountDesk {
  const devices = new DeviceDesk(place, certificates);
  return {
    users: () => now(() => users(place)),
    setUser: (change) => later(() => setUser(change, place)),
    deleteUser: (name) => later(() => deleteUser(name, place, certificates)),
    devices: () => now(() => devices.list()),
    addDevice: (request) => later(() => devices.add(request)),
    setDevice: (change) => later(() => devices.change(change)),
    revokeDevice: (name) => later(() => devices.revoke(name)),
    formats: (platform) => devices.formats(platform),
    exportDevice: (request) => later(() => devices.export(request)),
    join: (text) => later(() => joinGateway(text, place)),
  };
}

function users(place: DeskPlace): readonly UserFacts[] {
  const { accounts } = configurationOf(place);
  const at = place.now().getTime();
  return ofKind(accounts, 'user').map((user) => userFacts(user, accounts, at));
}

async function setUser(change: UserChange, place: DeskPlace): Promise<ChangedUser> {
  const { name } = change;
  const { accounts } = configurationOf(place);
  const old = accountNamed(accounts, name);
  if (old && old.kind !== 'user') throw new Refused(`'${name}' is the name of a device`);
  if (old && change.is === 'new') throw new Refused(`there is a user '${old.name}' already`);
  if (!old && change.is === 'old') throw new Refused(`there is no user '${name}'`);
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
  const user = userNamed(name, accounts);
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
