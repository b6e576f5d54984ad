// The sections `user` and `device`: who may log in here, and as whom an initiator logs in elsewhere.
import { type Ip, isIpv4 } from '../base/ip.ts';
import { Secret } from '../base/secret.ts';
import { ntHash } from '../crypto/nt-hash.ts';
import { type Connection, type EapAuth, eapOf } from '../policy/policy.ts';
import { routerAddress } from '../policy/pool.ts';
import { quote } from '../schema/kinds.ts';
import type { Account } from './configuration.ts';
import type { Findings } from './findings.ts';
import { cureOfReference } from './proofs.ts';
import type { Section, Sections } from './read.ts';

/** Those who may log in here. A user of a connection that we dial is somebody elsewhere. */
export function loadAccounts(
  { user, device: devices, connection: all, pool: pools }: Sections,
  connections: readonly Connection[],
  findings: Findings,
): readonly Account[] {
  const names = all.map((each) => each.section.name);
  const dialled = new Set(
    all.flatMap(({ section, options }) => (options.role === 'initiator' ? section.name : [])),
  );
  for (const { section, options } of user) {
    const { connection } = options;
    if (connection === undefined || names.includes(connection)) continue;
    const why = `there is no section connection ${quote(connection)}`;
    const cure = cureOfReference('connection', names);
    findings.error({ section, option: 'connection' }, why, cure);
  }
  const users = user.filter(({ options }) => !dialled.has(options.connection ?? ''));
  for (const each of user) if (!isOwner(each, devices)) checkPassword(each, findings);
  for (const each of devices) checkDevice(each, users, findings);
  checkClaims([...users, ...devices], findings);
  for (const each of users) checkNumber(each, devices, findings);
  const accounts = [...users.map(accountOfUser), ...devices.map(accountOfDevice)];
  checkAddresses([...users, ...devices], pools, findings);
  if (accounts.length === 0) reportNobody(connections, all, findings);
  return accounts;
}

/** As whom a connection that we dial logs in. */
export function loadLogin(
  { section, options }: Section<'connection'>,
  { user: users }: Pick<Sections, 'user'>,
  findings: Findings,
): Connection['login'] {
  const { local_auth: auth, role, eap_id: wanted } = options;
  const method = eapOf(auth);
  if (role !== 'initiator' || !method) return undefined;
  const own = users.filter(({ options: user }) => user.connection === section.name);
  const user = own.find(({ options: { name } }) => !wanted || name === wanted.text);
  const password = user?.options.password;
  if (user && password) {
    return { name: user.options.name, password: new Secret(password.bytes.slice()) };
  }
  if (!needsPassword(method)) return undefined;
  findings.error(
    { section, option: wanted ? 'eap_id' : 'local_auth' },
    'there is no user name and password to log in with',
    `Add a section user with name, password, and option connection '${section.name ?? ''}'.`,
  );
  return undefined;
}

const needsPassword = (auth: EapAuth): boolean => auth !== 'eap-tls';

function accountOfUser({ section, options }: Section<'user'>): Account {
  const { name, enabled, expires, connection, address, max_devices: maxDevices } = options;
  return {
    ...nothingMore,
    ...{ kind: 'user', name, section: section.name, ntHash: hashOf(options) },
    ...{ enabled, expires, connection, addresses: address, maxDevices },
  };
}

function accountOfDevice({ section, options }: Section<'device'>): Account {
  const { name, auth, owner, platform, certificate, created, expires, revoked } = options;
  const { address, routing, profile } = options;
  const isByPassword = auth === 'password';
  return {
    ...nothingMore,
    ...{ kind: 'device', name, section: section.name, owner, platform, created, expires, revoked },
    ntHash: isByPassword ? hashOf(options) : undefined,
    former: isByPassword ? formerOf(options) : undefined,
    certificate: isByPassword ? undefined : certificate,
    ...{ addresses: address, routing, profile, isOnDemand: options.on_demand },
  };
}

const nothingMore = {
  certificate: undefined,
  issuer: undefined,
  owner: undefined,
  platform: undefined,
  routing: 'all',
  isOnDemand: false,
  profile: undefined,
  enabled: true,
  created: undefined,
  revoked: undefined,
  connection: undefined,
  maxDevices: undefined,
} as const;

/** The password itself is needed no more. */
function hashOf({ password, nthash }: Section<'user' | 'device'>['options']): Secret | undefined {
  return password ? new Secret(ntHash(password.bytes)) : nthash;
}

function formerOf({
  former_nthash: ntHash,
  former_until: until,
}: Section<'device'>['options']): Account['former'] {
  return ntHash && until !== undefined ? { ntHash, until } : undefined;
}

const sameName = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

const isOwner = ({ options }: Section<'user'>, devices: readonly Section<'device'>[]): boolean =>
  devices.some(({ options: { owner } }) => owner !== undefined && sameName(owner, options.name));

function checkPassword({ section, options }: Section<'user' | 'device'>, findings: Findings): void {
  const { password, nthash } = options;
  if (password && nthash) {
    findings.warning(
      { section, option: 'nthash' },
      'it has no effect: option password says it already',
      'Remove one of them.',
    );
  }
  if (password || nthash) return;
  findings.error(
    { section, option: 'password' },
    `the ${section.type} ${quote(options.name)} has no password`,
    "Add a line: option password '…', or option nthash.",
  );
}

function checkDevice(
  entry: Section<'device'>,
  users: readonly Section<'user'>[],
  findings: Findings,
): void {
  const { section, options } = entry;
  const { owner, auth, certificate, revoked } = options;
  if (auth === 'password' && revoked === undefined) checkPassword(entry, findings);
  if (auth === 'certificate' && certificate === undefined) {
    findings.error(
      { section, option: 'certificate' },
      `the device ${quote(options.name)} has no certificate`,
      'Write its serial number, as «ikectl cert list» shows it.',
    );
  }
  if (owner === undefined || users.some(({ options: { name } }) => sameName(name, owner))) return;
  findings.error(
    { section, option: 'owner' },
    `there is no user ${quote(owner)}`,
    'Write the name of a user that has a section, or add one.',
  );
}

interface Claim {
  /** The option that says it. */
  readonly option: 'name' | 'certificate';
  readonly what: string;
  readonly cure: string;
  /** The same for two sections that claim the same thing; undefined: it claims none. */
  readonly key: (options: Section<'user' | 'device'>['options']) => string | undefined;
}

/** What only one section may say. */
const claims: readonly Claim[] = [
  {
    ...{ option: 'name', what: 'name', key: ({ name }) => name.toLowerCase() },
    cure: 'Remove one of them; upper and lower case make no difference.',
  },
  {
    // Of two records that are for one certificate only one could bar it.
    ...{ option: 'certificate', what: 'certificate' },
    key: (options) => ('certificate' in options ? options.certificate : undefined),
    cure: 'Remove one of them, or correct the serial number.',
  },
];

function checkClaims(all: readonly Section<'user' | 'device'>[], findings: Findings): void {
  for (const { option, what, key, cure } of claims) {
    const taken = new Map<string, string>();
    for (const { section, options } of all) {
      const claimed = key(options);
      if (claimed === undefined) continue;
      const other = taken.get(claimed);
      if (other !== undefined) {
        const why = `another section is for the same ${what}: ${other}`;
        findings.error({ section, option }, why, cure);
      }
      taken.set(claimed, section.label);
    }
  }
}

function checkNumber(
  { section, options: { name, max_devices: most } }: Section<'user'>,
  devices: readonly Section<'device'>[],
  findings: Findings,
): void {
  const own = devices.filter(
    ({ options: { owner, revoked } }) =>
      revoked === undefined && owner !== undefined && sameName(owner, name),
  );
  if (most === undefined || own.length <= most) return;
  findings.warning(
    { section, option: 'max_devices' },
    `${name} has ${own.length} devices: all of them may connect`,
    'Revoke some, or set a larger number.',
  );
}

/** A client gets one of each family (RFC 7296 §3.15.1). */
function checkAddresses(
  all: readonly Section<'user' | 'device'>[],
  pools: readonly Section<'pool'>[],
  findings: Findings,
): void {
  const own = pools.flatMap(({ options: { range } }) => range.map(routerAddress));
  const taken = new Map<Ip, string>(own.map(({ ip }) => [ip, 'the router']));
  for (const { section, options } of all) {
    for (const [index, address] of options.address.entries()) {
      const place = { section, option: 'address', index };
      const other = taken.get(address);
      if (other !== undefined) {
        const why = `${address} is the address of ${other} already`;
        findings.error(place, why, 'Give each an address of its own.');
      }
      if (options.address.findIndex((one) => isIpv4(one) === isIpv4(address)) < index) {
        const why = 'there is an address of this family already';
        findings.error(place, why, 'Keep one IPv4 and one IPv6 address.');
      }
      taken.set(address, section.label);
    }
  }
}

function reportNobody(
  connections: readonly Connection[],
  entries: Sections['connection'],
  findings: Findings,
): void {
  const lonely = connections.find(
    ({ role, remoteAuth }) =>
      role === 'responder' &&
      remoteAuth.map(eapOf).some((method) => method && needsPassword(method)),
  );
  const entry = entries.find(({ section }) => section.name === lonely?.name);
  if (!lonely || !entry) return;
  findings.warning(
    { section: entry.section, option: 'remote_auth' },
    'there is no user, so nobody can log in by EAP',
    'Add one with «ikectl user add anna».',
  );
}
