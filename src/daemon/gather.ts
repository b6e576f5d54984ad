// The configuration file and the files that it names (certificates, keys), read and judged together.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Configuration } from '../config/configuration.ts';
import { loadConfiguration } from '../config/load.ts';
import { readPpkFile } from '../config/ppks.ts';
import { readRevokedFile } from '../pki/files.ts';
import { byReference, issuerIn } from '../pki/revoked.ts';
import { pinnedKey } from '../pki/spki.ts';
import { loadStore, type Store } from '../pki/store.ts';
import type { Connection, Policy, Ppk } from '../policy/policy.ts';
import type { Problem } from '../policy/problem.ts';
import type { CheckedConfiguration } from '../rpc/api.ts';
import { homeSection } from './desk/home-ca.ts';
import { codeOf } from './trouble.ts';

/** All that a start or a reload works with. */
export interface Gathered {
  readonly configuration: Configuration;
  readonly store: Store;
  readonly policy: Policy;
}
export interface Gathering {
  readonly problems: readonly Problem[];
  /** Undefined when any problem is an error. */
  readonly gathered: Gathered | undefined;
}

/** @param read gives a file's bytes, or throws as `readFileSync` does */
export function gather(configFile: string, read = readWhole): Gathering {
  const text = readText(configFile, read);
  if (typeof text !== 'string') return { problems: [text], gathered: undefined };
  const { problems: inText, configuration: written } = loadConfiguration(text);
  if (!written) return { problems: inText, gathered: undefined };
  const { configuration, problems } = withPpks(written, inText, read);
  const { store, problems: inFiles } = readFiles(configuration, read);
  const { connections, problems: inKeys } = pinKeys(configuration);
  const all = [...problems, ...inFiles, ...inKeys];
  if (all.some(isError)) {
    forget(configuration);
    return { problems: all, gathered: undefined };
  }
  const policy = { ...configuration.policy, connections, ...fromStore(store) };
  return {
    problems: all,
    gathered: { configuration: withIssuer(configuration, store), store, policy },
  };
}

/** What is in use, with what the files that it names hold by now. */
export function gatherFiles(inUse: Gathered, read = readWhole): Gathering {
  const { store, problems } = readFiles(inUse.configuration, read);
  if (problems.some(isError)) return { problems, gathered: undefined };
  return {
    problems,
    gathered: {
      configuration: withIssuer(inUse.configuration, store),
      store,
      policy: { ...inUse.policy, ...fromStore(store) },
    },
  };
}

/** What is in use, with the list of revoked certificates as it is by now, if it can be read. */
export function gatherRevoked(inUse: Gathered, read = readWhole): Gathered {
  const list = readRevokedFile(revokedFile(inUse.configuration.service.folder), read);
  return list.ok
    ? { ...inUse, store: { ...inUse.store, revoked: byReference(list.value) } }
    : inUse;
}

/** Where the list of revoked certificates is. */
export const revokedFile = (folder: string): string => join(folder, 'revoked');

function readFiles(configuration: Configuration, read: typeof readWhole) {
  const { certificates, authorities, ownKeys, service } = configuration;
  const files = { certificates, authorities, ownKeys, revoked: revokedFile(service.folder) };
  const store = loadStore(files, read);
  return { store, problems: store.problems.map((problem) => placed(problem, configuration)) };
}

/** The configuration with the PPKs that stand in files of their own. */
function withPpks(written: Configuration, before: readonly Problem[], read: typeof readWhole) {
  const problems = [...before];
  const ppks = written.ppkFiles.flatMap((one): Ppk | readonly never[] => {
    const bytes = contentOf(one.file, read);
    const { ppk, problems: found } = readPpkFile(one, bytes ?? new Uint8Array(0));
    problems.push(...found);
    return ppk ?? [];
  });
  const policy = { ...written.policy, ppks: [...written.policy.ppks, ...ppks] };
  return { configuration: { ...written, policy }, problems };
}

/** The connections with the keys of their peers, as far as these can be used. */
function pinKeys({ policy, remoteKeys }: Configuration) {
  const problems: Problem[] = [];
  const connections = policy.connections.map((connection): Connection => {
    const { keys, line } = remoteKeys.get(connection.name) ?? { keys: [], line: undefined };
    const pinned = keys.flatMap((spki) => {
      const judged = pinnedKey(spki);
      if (judged.ok) return [judged.key];
      problems.push({
        section: `connection '${connection.name}'`,
        option: 'remote_key',
        line,
        why: `it is ${judged.why}`,
        cure: 'Paste the whole line that «ikectl key show» prints on the other router.',
        severity: 'error',
      });
      return [];
    });
    return pinned.length === 0 ? connection : { ...connection, remoteKeys: pinned };
  });
  return { connections, problems };
}

/** A record of a device has a serial number alone: where there is a home CA, it is one of that CA. */
function withIssuer(configuration: Configuration, { held }: Pick<Store, 'held'>): Configuration {
  const home = homeSection(configuration)?.name;
  const ca = held.find(({ kind, name }) => kind === 'authority' && name === home);
  const issuer = ca && issuerIn(ca.certificate);
  const accounts = configuration.accounts.map((account) => ({ ...account, issuer }));
  return { ...configuration, accounts };
}

const fromStore = (store: Store): Pick<Policy, 'certificates' | 'authorities'> => ({
  certificates: store.own,
  authorities: store.authorityHashes,
});

/** Wipes the secrets of a configuration that is not used, or not any more. */
export function forget({ policy, accounts }: Configuration): void {
  for (const { secret } of [...policy.presharedKeys, ...policy.ppks]) secret.wipe();
  for (const { login } of policy.connections) login?.password.wipe();
  for (const { ntHash, former } of accounts) {
    ntHash?.wipe();
    former?.ntHash.wipe();
  }
}

export function viewGathering({ problems, gathered }: Gathering): CheckedConfiguration {
  return {
    isFine: gathered !== undefined,
    problems,
    summary: gathered ? summaryOf(gathered) : count(problems.filter(isError).length, 'error'),
  };
}

/** `2 connections, 1 pool, 1 certificate` */
function summaryOf({ configuration: { policy, pools, certificates } }: Gathered): string {
  return [
    count(policy.connections.length, 'connection'),
    count(pools.length, 'pool'),
    count(certificates.length, 'certificate'),
    count(policy.presharedKeys.length, 'shared key'),
    ...(policy.ppks.length > 0 ? [count(policy.ppks.length, 'PPK')] : []),
  ].join(', ');
}

/** Whoever reads the files does not know the lines of the sections that name them. */
function placed(problem: Problem, { certificates, authorities, ownKeys }: Configuration): Problem {
  const named = (type: string, { name }: { readonly name: string }): boolean =>
    problem.section === `${type} '${name}'`;
  const section =
    certificates.find((one) => named('certificate', one)) ??
    authorities.find((one) => named('authority', one)) ??
    ownKeys.find(({ connection: name }) => named('connection', { name }));
  return section ? { ...problem, line: section.line } : problem;
}

function readText(file: string, read: typeof readWhole): string | Problem {
  try {
    return Buffer.from(read(file)).toString('utf8');
  } catch (error) {
    return {
      section: file,
      option: undefined,
      line: undefined,
      why: `the configuration cannot be read (${codeOf(error) ?? error})`,
      cure:
        codeOf(error) === 'ENOENT'
          ? 'Write it, or name another file with --config.'
          : 'Start ikev2d as the user that may read it.',
      severity: 'error',
    };
  }
}

/** Undefined: it cannot be read. */
function contentOf(file: string, read: typeof readWhole): Uint8Array | undefined {
  try {
    return read(file);
  } catch {
    return undefined;
  }
}

const readWhole = (path: string): Uint8Array => readFileSync(path);
const isError = ({ severity }: Problem): boolean => severity === 'error';
const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;
