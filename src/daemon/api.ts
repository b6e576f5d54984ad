// The daemon as rpc sees it: questions about its state, and the few commands it takes.

import { since } from '../base/time.ts';
import type { EngineName } from '../crypto/engine.ts';
import type { DataPlane } from '../dataplane/dataplane.ts';
import type { Command, Core } from '../ike/core.ts';
import { extensions } from '../ike/extensions/index.ts';
import { formatIdentity } from '../policy/identity.ts';
import type { AccountDesk } from '../rpc/accounts.ts';
import type {
  Capabilities,
  CheckedConfiguration,
  DaemonApi,
  HeldFacts,
  ServiceFacts,
  Termination,
} from '../rpc/api.ts';
import type { CaptureDesk } from '../rpc/captures.ts';
import type { CertificateDesk } from '../rpc/certificates.ts';
import type { ImportDesk } from '../rpc/importing.ts';
import type { LinkDesk } from '../rpc/links.ts';
import type { Ring } from '../trace/ring.ts';
import type { Tracer } from '../trace/tracer.ts';
import { transforms } from '../transforms/table.ts';
import { cpuFeatures } from './cpu.ts';
import type { Clock, Daemon } from './daemon.ts';
import type { Dialler } from './dialler.ts';
import { forget, type Gathered, type Gathering, viewGathering } from './gather.ts';
import type { HostTools } from './host.ts';
import type { LeaseKeeper } from './lease-keeper.ts';
import type { PastCounters } from './past-counters.ts';
import type { PastTraffic } from './past-traffic.ts';
import { selfTest } from './selftest.ts';
import { planeOptions } from './settings.ts';

/** What the daemon is made of, as far as its state can be asked for. */
export interface Parts {
  readonly facts: ServiceFacts;
  readonly clock: Clock;
  readonly core: Core;
  readonly daemon: Daemon;
  readonly dialler: Dialler;
  readonly tools: HostTools;
  readonly plane: DataPlane;
  readonly past: PastTraffic;
  readonly counted: PastCounters;
  readonly leases: LeaseKeeper;
  readonly ring: Ring;
  readonly tracer: Tracer;
  readonly engine: Readonly<Record<string, EngineName>>;
  /** The configuration in use. */
  readonly current: () => Gathered;
  /** Reads the configuration without using it. */
  readonly gather: () => Gathering;
  readonly certificates: CertificateDesk;
  readonly accounts: AccountDesk;
  readonly imports: ImportDesk;
  readonly links: LinkDesk;
  readonly captures: CaptureDesk;
  /** Uses a configuration if it is fine, and tells the log. */
  readonly adopt: (gathering: Gathering) => Promise<CheckedConfiguration>;
}

export function daemonApi(parts: Parts): DaemonApi {
  const { facts, clock, core, daemon, dialler, plane, leases, ring, tracer } = parts;
  const held = (): readonly HeldFacts[] =>
    parts.current().store.held.map(({ kind, name, certificate }) => {
      return { kind, name, notAfter: Math.floor(certificate.notAfter.getTime() / 1000) };
    });
  const command = (one: Command): void => daemon.give({ kind: 'command', command: one });
  return {
    service: facts,
    now: () => clock.now(),
    wallSeconds: (at) => Math.round((Date.now() - since(at, clock.now())) / 1000),
    snapshot() {
      const snapshot = core.snapshot();
      return { ...snapshot, counters: parts.counted.ike(snapshot.counters) };
    },
    identity() {
      const { identity } = parts.current().configuration.service;
      return identity && formatIdentity(identity);
    },
    connections: () => parts.current().policy.connections.map(({ name }) => name),
    childFigures: (child) => plane.stats(child),
    carriedBefore: (sa) => parts.past.of(sa),
    espCounters: () => parts.counted.esp(plane.counters()),
    refusals: () => parts.counted.refusals(tracer.tally.refusals),
    pools: () => leases.usage(),
    leases: () => leases.leases(),
    events: {
      all: (after, limit) => ring.events(after, limit),
      ofSa: (sa, after, limit) => ring.ofSa(sa, after, limit),
      gapOf: (sa) => ring.gapOf(sa),
      attempts: (after, limit) => ring.attempts(after, limit),
      follow: (follower) => tracer.follow(follower),
    },
    terminate(which) {
      const names = connectionsOf(which, parts);
      const stopped = names.filter((name) => dialler.isKept(name));
      dialler.down(names);
      command({ kind: 'terminate', which });
      return stopped;
    },
    rekey: (sa, child) => command({ kind: 'rekey', sa, child }),
    initiate: (name) => dialler.up(name),
    reload: async () => parts.adopt(parts.gather()),
    async checkConfiguration() {
      const gathering = parts.gather();
      if (gathering.gathered) forget(gathering.gathered.configuration);
      return viewGathering(gathering);
    },
    capabilities: () => capabilitiesOf(parts),
    async selfTest() {
      const gathering = parts.gather();
      if (gathering.gathered) forget(gathering.gathered.configuration);
      const { service, pools } = parts.current().configuration;
      return selfTest({
        ...{ tools: parts.tools, service: facts, held: held(), wall: Date.now() / 1000 },
        mtu: planeOptions(service).mtu,
        pools,
        configuration: viewGathering(gathering),
        callers: core
          .snapshot()
          .sas.filter(({ dialled, establishedAt }) => !dialled && establishedAt !== undefined)
          .map(({ path }) => path.remote.ip),
      });
    },
    certificates: parts.certificates,
    accounts: parts.accounts,
    imports: parts.imports,
    links: parts.links,
    captures: parts.captures,
    held,
  };
}

/** The connections that a hanging up concerns. */
function connectionsOf(which: Termination, { core, current }: Parts): readonly string[] {
  if (which === 'all') return current().policy.connections.map(({ name }) => name);
  if (typeof which === 'object') return [which.connection];
  const sa = core.snapshot().sas.find(({ id }) => id === which);
  return sa?.connection === undefined ? [] : [sa.connection];
}

function capabilitiesOf({ engine, tools }: Parts): Capabilities {
  const kinds = [...new Set(transforms.map(({ type }) => type))];
  const keywords = (kind: string): string[] =>
    transforms.filter(({ type }) => type === kind).map(({ keyword }) => keyword);
  return {
    transforms: Object.fromEntries(kinds.map((kind) => [kind, keywords(kind)])),
    engine,
    cpu: cpuFeatures(tools.read),
    extensions: extensions.map(({ name, rfc }) => ({ name, rfc })),
  };
}
