// The configuration as the rest of the daemon gets it: typed, checked, with defaults; no text is left to interpret.
import type { Ip } from '../base/ip.ts';
import type { Secret } from '../base/secret.ts';
import type { Identity } from '../policy/identity.ts';
import type { Policy } from '../policy/policy.ts';
import type { PoolSettings } from '../policy/pool.ts';

export interface Configuration {
  readonly service: ServiceSettings;
  readonly pools: readonly PoolSettings[];
  readonly certificates: readonly CertificateFile[];
  readonly authorities: readonly AuthorityFile[];
  /** Host names that an initiator dials, by connection; to be resolved before `Connection.remote` is complete. */
  readonly remotes: ReadonlyMap<string, readonly string[]>;
  /** Connections that are dialled at once, and again whenever they end. */
  readonly started: readonly string[];
  /** Connections that are dialled when a packet wants them. */
  readonly trapped: readonly string[];
  /** Who may log in by EAP. */
  readonly accounts: readonly Account[];
  /** Without what only the files hold. */
  readonly policy: Omit<Policy, 'certificates' | 'authorities'>;
}

export interface ServiceSettings {
  readonly enabled: boolean;
  /** What clients dial. */
  readonly identity: Identity | undefined;
  /** Addresses to listen on; none: all. */
  readonly listen: readonly Ip[];
  readonly port: number;
  readonly nattPort: number;
  readonly device: string;
  readonly mtu: number | 'auto';
  /** Threads of the data plane; `auto`: one per core. */
  readonly workers: number | 'auto';
  readonly zone: string;
  /** Where the gateway keeps what it makes itself. */
  readonly folder: string;
  readonly log: LogLevel;
  readonly engine: 'auto' | 'node' | 'noble';
  /** Folder for Wireshark's key files; undefined: keys stay where they are. */
  readonly keylog: string | undefined;
}
export type LogLevel = (typeof logLevels)[number];
export const logLevels = ['error', 'warn', 'info', 'debug'] as const;

/** A section `user`. */
export interface Account {
  readonly name: string;
  readonly ntHash: Secret;
  readonly enabled: boolean;
  /** The end of the last day, in milliseconds since 1970. */
  readonly expires: number | undefined;
  /** The one connection that the user may come in by; undefined: all. */
  readonly connection: string | undefined;
}

export interface CertificateFile {
  readonly name: string;
  readonly file: string;
  readonly key: string;
  /** Where the section begins. */
  readonly line: number;
}
export interface AuthorityFile {
  readonly name: string;
  readonly file: string;
  /** Private key of an authority that issues here. */
  readonly key: string | undefined;
  /** How the network is asked what it revoked. */
  readonly revocation: 'none' | 'soft' | 'hard';
  /** Lists of revoked certificates: absolute paths and http addresses. */
  readonly crls: readonly string[];
  /** OCSP responder; undefined: the one in the certificate. */
  readonly ocsp: string | undefined;
  readonly line: number;
}
