// From the text of /etc/config/ikev2 to settings and policy: parse, don't validate. Pure; the files that it names
// (certificates, keys) are read elsewhere.
import type { Limits } from '../policy/policy.ts';
import type { Problem } from '../policy/problem.ts';
import { loadAuthorities, loadCertificates } from './certificates.ts';
import type { Configuration } from './configuration.ts';
import { type LoadedConnection, loadConnections } from './connections.ts';
import { Findings } from './findings.ts';
import { loadPresharedKeys, wipeSecrets } from './keys.ts';
import { loadPools } from './pools.ts';
import { loadPpks } from './ppks.ts';
import { nameOfKey, ownKeyOf } from './proofs.ts';
import { readSections, type Section, type Sections } from './read.ts';
import { serviceOptions, serviceSettings, timing } from './service.ts';
import { parseUci } from './uci.ts';
import { loadAccounts } from './users.ts';

export interface Loaded {
  /** From the top of the file to its end. */
  readonly problems: readonly Problem[];
  /** Undefined when any problem is an error. */
  readonly configuration: Configuration | undefined;
}

/**
 * Three steps, and each only if those before found no error, so that one mistake is not reported thrice: what UCI
 * says, what each option says, how the sections fit together.
 */
export function loadConfiguration(text: string): Loaded {
  const { sections, problems } = parseUci(text);
  const findings = new Findings(problems);
  const read = findings.hasErrors ? undefined : readSections(sections, findings);
  const configuration = read && !findings.hasErrors ? assemble(read, findings) : undefined;
  if (!findings.hasErrors) return { problems: findings.problems, configuration };
  if (read) wipeSecrets(read);
  return { problems: findings.problems, configuration: undefined };
}

function assemble(sections: Sections, findings: Findings): Configuration {
  const service = serviceOptions(sections.service, findings);
  const connections = loadConnections(sections, service.identity, findings);
  if (service.enabled && connections.length === 0) reportIdle(sections, findings);
  const disabled = sections.connection.filter(({ options }) => !options.enabled);
  const accounts = loadAccounts(
    sections,
    connections.map(({ connection }) => connection),
    findings,
  );
  wipeSecrets({
    connection: disabled,
    psk: [],
    ppk: [],
    user: withPassword(sections.user),
    device: withPassword(sections.device),
  });
  const names = connections.map(({ connection, remoteNames }) => {
    return [connection.name, remoteNames] as const;
  });
  const { ppks, ppkFiles } = loadPpks(sections.ppk, findings);
  return {
    service: serviceSettings(service),
    pools: loadPools(sections.pool, findings),
    certificates: loadCertificates(sections.certificate, findings),
    authorities: loadAuthorities(sections.authority),
    remotes: new Map(names.filter(([, remoteNames]) => remoteNames.length > 0)),
    remoteKeys: pastedKeys(connections),
    ownKeys: ownKeys(connections, sections),
    ppkFiles,
    started: namesOf(connections, 'start'),
    trapped: namesOf(connections, 'trap'),
    accounts,
    policy: {
      connections: connections.map(({ connection }) => connection),
      presharedKeys: loadPresharedKeys(sections.psk, connections, findings),
      ppks,
      timing: timing(service),
      limits,
      nattPort: service.natt_port,
      keylog: service.keylog !== undefined,
    },
  };
}

/** Their NT hashes are made; what is left of the password is not needed. */
const withPassword = <T extends 'user' | 'device'>(all: readonly Section<T>[]) =>
  all.filter(({ options }) => options.password);

const pastedKeys = (connections: readonly LoadedConnection[]): Configuration['remoteKeys'] =>
  new Map(
    connections.map(({ connection, entry: { section, options } }) => {
      return [connection.name, { keys: options.remote_key, line: section.line }] as const;
    }),
  );

/** Each file once. */
function ownKeys(
  connections: readonly LoadedConnection[],
  sections: Sections,
): Configuration['ownKeys'] {
  const all = connections.flatMap(({ connection, entry }) => {
    const file = ownKeyOf(entry, sections);
    if (file === undefined) return [];
    const { line } = entry.section;
    return [{ name: nameOfKey(file), file, connection: connection.name, line }];
  });
  return all.filter(({ name }, i) => all.findIndex((one) => one.name === name) === i);
}

const namesOf = (
  connections: readonly LoadedConnection[],
  wanted: LoadedConnection['start'],
): readonly string[] =>
  connections.filter(({ start }) => start === wanted).map(({ connection }) => connection.name);

function reportIdle({ connection: [disabled] }: Sections, findings: Findings): void {
  const why = 'no connection is enabled, so nobody can connect';
  if (disabled) {
    const place = { section: disabled.section, option: 'enabled' };
    findings.warning(place, why, "Set option enabled '1' here, or in another connection.");
  } else {
    findings.warning(undefined, why, "Add a section: config connection 'phones'.");
  }
}

/**
 * Half-open IKE SAs. Each may keep a message of 64 KiB and, with EAP-TLS, a flight as long: 32 MiB in all. A
 * source address may be a NAT with a whole school behind it, so that 20 are granted before more are refused; and
 * from the fourth on a cookie shows that the address is not forged (RFC 7296 §2.6).
 */
const limits: Limits = {
  cookieThreshold: 30,
  cookieThresholdPerSource: 3,
  halfOpen: 256,
  halfOpenPerSource: 100,
};
