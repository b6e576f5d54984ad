// The configuration as the rest of the daemon gets it: typed, checked, with defaults; no text is left to interpret.
import type { Ip, Prefix, SocketAddress } from '../base/ip.ts';
import type { Secret } from '../base/secret.ts';
import type { Identity } from '../policy/identity.ts';
import type { Policy, Ppk } from '../policy/policy.ts';
import type { PoolSettings } from '../policy/pool.ts';
import type { Platform } from './user-values.ts';

export interface Configuration {
  readonly service: ServiceSettings;
  readonly pools: readonly PoolSettings[];
  readonly certificates: readonly CertificateFile[];
  readonly authorities: readonly AuthorityFile[];
  /** Host names that an initiator dials, by connection; to be resolved before `Connection.remote` is complete. */
  readonly remotes: ReadonlyMap<string, readonly string[]>;
  /** Public keys of peers, by connection. */
  readonly remoteKeys: ReadonlyMap<string, PastedKeys>;
  /** Private keys that are used without a certificate. */
  readonly ownKeys: readonly KeyFile[];
  /** Post-quantum pre-shared keys that stand in files of their own. */
  readonly ppkFiles: readonly PpkFile[];
  /** Connections that are dialled at once, and again whenever they end. */
  readonly started: readonly string[];
  /** Connections that are dialled when a packet wants them. */
  readonly trapped: readonly string[];
  /** Users and devices. */
  readonly accounts: readonly Account[];
  /** Without what only the files hold: PPKs among it are those of the configuration itself. */
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
  readonly copyDscp: DscpCopy;
  readonly zone: string;
  /** Where the gateway keeps what it makes itself. */
  readonly folder: string;
  readonly log: LogLevel;
  readonly engine: 'auto' | 'node' | 'noble';
  /** Folder for Wireshark's key files; undefined: keys stay where they are. */
  readonly keylog: string | undefined;
  /** Where one-time links are served. */
  readonly links: SocketAddress | 'auto' | 'none';
  /** What profiles say of this home. */
  readonly home: { readonly networks: readonly Prefix[]; readonly wifi: readonly string[] };
  /** Where the web page asks; undefined: nowhere. */
  readonly websocket: SocketAddress | undefined;
}
/** Where the DSCP of one header becomes that of the other (RFC 2983). */
export type DscpCopy = (typeof dscpCopies)[number];
export const dscpCopies = ['none', 'out', 'in', 'both'] as const;
export type LogLevel = (typeof logLevels)[number];
export const logLevels = ['error', 'warn', 'info', 'debug'] as const;

/** A section `user` or `device`: who may log in here. */
export interface Account {
  readonly kind: 'user' | 'device';
  /** What it logs in as. */
  readonly name: string;
  /** Name of the section; undefined: it has none. */
  readonly section: string | undefined;
  /** Undefined: no password lets it in. */
  readonly ntHash: Secret | undefined;
  /** Device: the one before, which lets in until then. */
  readonly former?: { readonly ntHash: Secret; readonly until: number } | undefined;
  /** Device: the serial number of its certificate. */
  readonly certificate: string | undefined;
  /** Device: the authority that issued it, as references to certificates begin; undefined: any of ours. */
  readonly issuer: string | undefined;
  /** Device: name of the user whose it is. */
  readonly owner: string | undefined;
  readonly platform: Platform | undefined;
  /** Device: what goes through its tunnel. */
  readonly routing: 'all' | 'home';
  readonly isOnDemand: boolean;
  /** Device: what its last profile was made of (`onboard/fingerprint.ts`). */
  readonly profile: string | undefined;
  readonly enabled: boolean;
  /** All times are milliseconds since 1970; this one is when it ends. */
  readonly expires: number | undefined;
  readonly created: number | undefined;
  readonly revoked: number | undefined;
  /** The one connection that the user may come in by; undefined: all. */
  readonly connection: string | undefined;
  /** Addresses inside the tunnel that nobody else gets. */
  readonly addresses: readonly Ip[];
  readonly maxDevices: number | undefined;
}

export interface PastedKeys {
  /** SubjectPublicKeyInfo each, DER. */
  readonly keys: readonly Uint8Array[];
  /** Of the connection. */
  readonly line: number;
}
export interface KeyFile {
  /** How a connection names it. */
  readonly name: string;
  readonly file: string;
  /** Of the first connection that uses it. */
  readonly connection: string;
  readonly line: number;
}
export interface PpkFile extends Omit<Ppk, 'secret'> {
  readonly file: string;
  /** As problems name it. */
  readonly section: string;
  readonly line: number;
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
  /** Whose certificates it makes believable: of peers that dial us, of those that we dial, or of any. */
  readonly vouchesFor: 'any' | 'clients' | 'servers';
  /** How the network is asked what it revoked. */
  readonly revocation: 'none' | 'soft' | 'hard';
  /** Lists of revoked certificates: absolute paths and http addresses. */
  readonly crls: readonly string[];
  /** OCSP responder; undefined: the one in the certificate. */
  readonly ocsp: string | undefined;
  readonly line: number;
}
