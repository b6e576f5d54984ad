// The sections `user`: who may log in by EAP, and as whom an initiator does.
import { Secret } from '../base/secret.ts';
import { ntHash } from '../crypto/nt-hash.ts';
import { type Connection, type EapAuth, isEap } from '../policy/policy.ts';
import { quote } from '../schema/kinds.ts';
import type { Account } from './configuration.ts';
import type { Findings } from './findings.ts';
import { cureOfReference } from './proofs.ts';
import type { Section, Sections } from './read.ts';

/** Those who may log in here. A user of a connection that we dial is somebody elsewhere. */
export function loadAccounts(
  { user: users, connection: all }: Sections,
  connections: readonly Connection[],
  findings: Findings,
): readonly Account[] {
  const names = all.map((each) => each.section.name);
  const dialled = new Set(
    all.flatMap(({ section, options }) => (options.role === 'initiator' ? section.name : [])),
  );
  const accounts: Account[] = [];
  const taken = new Map<string, string>();
  for (const entry of users) {
    const { section, options } = entry;
    checkPassword(entry, findings);
    const { connection } = options;
    if (connection !== undefined && !names.includes(connection)) {
      const place = { section, option: 'connection' };
      const why = `there is no section connection ${quote(connection)}`;
      findings.error(place, why, cureOfReference('connection', names));
    }
    if (connection !== undefined && dialled.has(connection)) continue;
    const key = options.name.toLowerCase();
    if (taken.has(key)) {
      findings.error(
        { section, option: 'name' },
        `another section is for the same user: ${taken.get(key)}`,
        'Remove one of them; upper and lower case make no difference.',
      );
    }
    taken.set(key, section.label);
    accounts.push(accountOf(entry));
  }
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
  if (role !== 'initiator' || !isEap(auth)) return undefined;
  const own = users.filter(({ options: user }) => user.connection === section.name);
  const user = own.find(({ options: { name } }) => !wanted || name === wanted.text);
  const password = user?.options.password;
  if (user && password) {
    return { name: user.options.name, password: new Secret(password.bytes.slice()) };
  }
  if (!needsPassword(auth)) return undefined;
  findings.error(
    { section, option: wanted ? 'eap_id' : 'local_auth' },
    'there is no user name and password to log in with',
    `Add a section user with name, password, and option connection '${section.name ?? ''}'.`,
  );
  return undefined;
}

const needsPassword = (auth: EapAuth): boolean => auth !== 'eap-tls';

/** The password itself is needed no more. */
function accountOf({ options }: Section<'user'>): Account {
  const { name, enabled, expires, connection, password, nthash } = options;
  const hash = password ? new Secret(ntHash(password.bytes)) : nthash;
  return { name, enabled, expires, connection, ntHash: hash ?? new Secret(new Uint8Array(16)) };
}

function checkPassword({ section, options }: Section<'user'>, findings: Findings): void {
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
    `the user ${quote(options.name)} has no password`,
    "Add a line: option password '…', or option nthash.",
  );
}

function reportNobody(
  connections: readonly Connection[],
  entries: Sections['connection'],
  findings: Findings,
): void {
  const lonely = connections.find(
    ({ role, remoteAuth }) =>
      role === 'responder' && remoteAuth.some((auth) => isEap(auth) && needsPassword(auth)),
  );
  const entry = entries.find(({ section }) => section.name === lonely?.name);
  if (!lonely || !entry) return;
  findings.warning(
    { section: entry.section, option: 'remote_auth' },
    'there is no user, so nobody can log in by EAP',
    "Add a section user with option name and option password: config user 'anna'.",
  );
}
