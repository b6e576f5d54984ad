// What the methods may ask of the daemon: the only thing that rpc knows about it. Plain data throughout.
import type { Ip } from '../base/ip.ts';
import type { Instant } from '../base/time.ts';
import type { ChildRef, CoreSnapshot, SaRef } from '../ike/core.ts';
import type { Problem } from '../policy/problem.ts';
import type { Entry, Gap } from '../trace/ring.ts';
import type { AccountDesk } from './accounts.ts';
import type { CaptureDesk } from './captures.ts';
import type { CertificateDesk } from './certificates.ts';
import type { ImportDesk } from './importing.ts';
import type { LinkDesk } from './links.ts';

export interface DaemonApi {
  /** What was settled at the start. */
  readonly service: ServiceFacts;
  now(): Instant;
  /** A monotonic instant as seconds since 1970, by the wall clock of this moment. */
  wallSeconds(at: Instant): number;
  snapshot(): CoreSnapshot;
  /** What devices dial. */
  identity(): string | undefined;
  /** Names of the policy's connections. */
  connections(): readonly string[];
  childFigures(child: ChildRef): ChildFigures | undefined;
  /** What tunnels of this SA carried that were renewed since. */
  carriedBefore(sa: SaRef): Pick<ChildFigures, 'rxBytes' | 'txBytes'>;
  espCounters(): Readonly<Record<string, bigint>>;
  /** Attempts that failed, by what was refused. */
  refusals(): Readonly<Record<string, number>>;
  pools(): readonly PoolUsage[];
  leases(): readonly LeaseFacts[];
  events: EventStore;
  /** @returns the connections that are not dialled by themselves any more, until `initiate` or a restart */
  terminate(which: Termination): readonly string[];
  /** New keys for an IKE SA, or for one of its children. */
  rekey(sa: SaRef, child: ChildRef | undefined): void;
  /** @throws Refused when the connection cannot be dialled, or is up */
  initiate(connection: string): Promise<void>;
  /** Reads the configuration again; with an error in it, the old policy stays. */
  reload(): Promise<CheckedConfiguration>;
  checkConfiguration(): Promise<CheckedConfiguration>;
  capabilities(): Capabilities;
  /** What can be told from inside about whether devices will get in. */
  selfTest(): Promise<readonly SelfCheck[]>;
  readonly certificates: CertificateDesk;
  readonly accounts: AccountDesk;
  readonly imports: ImportDesk;
  readonly links: LinkDesk;
  readonly captures: CaptureDesk;
  /** Own certificates and authorities that are in use. */
  held(): readonly HeldFacts[];
}

export type Termination = SaRef | { readonly connection: string } | 'all';

/** The remembered events. `since` is the id of an entry, `limit` keeps the newest. */
export interface EventStore {
  all(since: number, limit: number): readonly Entry[];
  ofSa(sa: SaRef, since: number, limit: number): readonly Entry[];
  /** What is not remembered of it any more. */
  gapOf(sa: SaRef): Gap | undefined;
  attempts(since: number, limit: number): readonly Entry[];
  /** @returns how to stop following */
  follow(follower: (entry: Entry) => void): () => void;
}

export interface ServiceFacts {
  readonly version: string;
  readonly startedAt: Instant;
  /** TUN interface. */
  readonly device: string;
  /** `address:port` of each UDP socket. */
  readonly listen: readonly string[];
  /** Which implementation seals ESP packets. */
  readonly aead: string;
  readonly keylog: string | undefined;
  /** `address:port` where the web page may ask us itself. */
  readonly websocket: string | undefined;
}

export interface ChildFigures {
  readonly rxPackets: bigint;
  readonly rxBytes: bigint;
  readonly txPackets: bigint;
  readonly txBytes: bigint;
  readonly idleMs: number;
  readonly pathMtu: number;
  readonly innerMtu: number;
  readonly drops: Readonly<Record<string, bigint>>;
}

export interface HeldFacts {
  readonly kind: 'certificate' | 'authority';
  /** Of the section. */
  readonly name: string;
  /** Seconds since 1970. */
  readonly notAfter: number;
}

export interface PoolUsage {
  readonly name: string;
  readonly ranges: readonly string[];
  /** Clients that have an address at this moment. */
  readonly used: number;
  /** Clients that find room. */
  readonly size: number;
}

export interface LeaseFacts {
  readonly pool: string;
  readonly identity: string;
  readonly address: Ip;
  /** Whether a tunnel has it at this moment; else it is kept for its owner. */
  readonly isHeld: boolean;
}

export interface CheckedConfiguration {
  readonly isFine: boolean;
  readonly problems: readonly Problem[];
  /** What a fine configuration amounts to, in words. */
  readonly summary: string;
}

export interface SelfCheck {
  readonly name: string;
  readonly state: 'fine' | 'doubtful' | 'broken' | 'unknown';
  readonly says: string;
  readonly cure?: string;
}

export interface Capabilities {
  /** Keywords of proposals, by kind of transform. */
  readonly transforms: Readonly<Record<string, readonly string[]>>;
  /** Primitive and the engine that serves it. */
  readonly engine: Readonly<Record<string, string>>;
  /** What the processor can do for cryptography. */
  readonly cpu: readonly string[];
  /** RFCs of the extensions spoken. */
  readonly extensions: readonly { readonly name: string; readonly rfc: string }[];
}
