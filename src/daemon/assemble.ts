// The parts of the service, put together: core, loop, data plane, pools, trace, and who answers what.
import { randomFillSync } from 'node:crypto';
import type { Ip } from '../base/ip.ts';
import type { Configuration } from '../config/configuration.ts';
import { createEngine, type EngineMode, type ServedEngine } from '../crypto/engine.ts';
import type { DataPlane, DataPlaneListener, DataPlaneOptions } from '../dataplane/dataplane.ts';
import type { Core, Effect, LeaseAnswer, Questions, SaRef } from '../ike/core.ts';
import { createCore } from '../ike/create-core.ts';
import type { TraceEvent } from '../ike/events.ts';
import { verifySignature } from '../pki/keys.ts';
import type { Fetch } from '../pki/revocation.ts';
import { Refused } from '../rpc/method.ts';
import { TlsSessions } from '../tls/sessions.ts';
import { Keylog } from '../trace/keylog.ts';
import type { Log } from '../trace/log.ts';
import { Ring } from '../trace/ring.ts';
import { Tracer, type TracerClock } from '../trace/tracer.ts';
import { AccountWatch } from './account-watch.ts';
import { accountOf, addressesOf, findAccount, fixedFor } from './accounts.ts';
import { type Answering, asker, carriedBy, shortestIdle } from './answers.ts';
import { Captures } from './capture/captures.ts';
import { keysTo } from './capture/keys.ts';
import { chainJudge } from './chain-judge.ts';
import { isPlausible } from './clock.ts';
import { Daemon, systemClock } from './daemon.ts';
import { sourceFor, standingsOf, waysTo } from './dial.ts';
import { Dialler } from './dialler.ts';
import { fetcher } from './fetch.ts';
import { followRedirect } from './follow-redirect.ts';
import type { Gathered } from './gather.ts';
import type { HostTools, Patience } from './host.ts';
import { KernelTables } from './kernel-tables.ts';
import { LeaseKeeper } from './lease-keeper.ts';
import { NetworkWatch } from './network-watch.ts';
import { PastTraffic } from './past-traffic.ts';
import { type Ports, performer } from './perform.ts';
import { forProcessor } from './preference.ts';
import { reachOf } from './reach.ts';
import { Routing } from './routing.ts';
import type { RunFiles } from './run-dir.ts';
import { type Opened, planeOptions } from './settings.ts';
import { SilentEsp } from './silent-esp.ts';
import { Traps } from './traps.ts';
import { codeOf, Trouble } from './trouble.ts';

export type OpenPlane = (
  options: DataPlaneOptions,
  listener: DataPlaneListener,
) => DataPlane & Opened;

export interface Assembling {
  readonly log: Log;
  readonly files: RunFiles;
  readonly tools: HostTools & Patience;
  readonly openPlane: OpenPlane;
  /** The data plane cannot go on. */
  readonly failed: (why: string) => void;
}

/** The configuration in use: what a reload replaces. */
export interface InUse {
  gathered: Gathered;
}

export type Assembly = ReturnType<typeof assemble>;

/** From here on datagrams are handled. @throws Trouble, and what the data plane throws */
export function assemble(gathered: Gathered, { log, files, tools, openPlane, failed }: Assembling) {
  const { service } = gathered.configuration;
  const inUse: InUse = { gathered };
  const engine = chooseEngine(service.engine);
  const core = createCore(gathered.policy, engine.primitives, drawRandom);
  const daemon = new Daemon(core, systemClock);
  const keylog = openKeylog(service.keylog);
  const ring = new Ring();
  const tracer = new Tracer(log, ring, tracerClock);
  const leases = new LeaseKeeper(
    addressesOf(gathered.configuration),
    files.leases,
    log,
    systemClock.after,
  );
  const give = daemon.give.bind(daemon);
  const complain = tracer.trouble.bind(tracer);
  const plane = openPlane(planeOptions(service), {
    datagram(path, bytes, isProven) {
      captures.see('in', path, bytes);
      give({ kind: isProven ? 'proven' : 'datagram', path, bytes });
    },
    tapped: (packet) => captures.seeTapped(packet),
    event: (event) => give({ kind: 'dataplane', event }),
    trapped(ref, packet) {
      traps.sprung(ref, packet);
      dialler.wanted();
    },
    networkChanged: () => watch.changed(),
    failed,
  });
  const { device } = service;
  const routing = new Routing({
    device,
    tools,
    tables: new KernelTables(device, tools, files.bypasses, log),
    complain,
    source: (peer) => unlessRefused(sourceFor(peer)),
    addressesOf: ({ sa }) => addressesFromPeer(core, inUse, sa),
  });
  const traps = new Traps({
    clock: systemClock,
    plane,
    routing,
    complain,
    connectionOf: (name) => inUse.gathered.policy.connections.find((one) => one.name === name),
  });
  const dialler: Dialler = new Dialler({
    clock: systemClock,
    log,
    chance: Math.random,
    async pathsTo(name) {
      await routing.settled(); // a tunnel that has just ended leads nowhere
      return waysTo(name, inUse);
    },
    standings: () => standingsOf(core.snapshot()),
    dial: (connection, path, packet) =>
      give({ kind: 'command', command: { kind: 'initiate', connection, path, packet } }),
    widen: (connection, packet) =>
      give({ kind: 'command', command: { kind: 'widen', connection, packet } }),
    traps,
  });
  const watch = new NetworkWatch({
    log,
    complain,
    sas: () => core.snapshot().sas,
    give,
    addresses: () => listening(tools.addresses(device), service.listen),
    reroute: () => routing.networkChanged(),
    sourceTo: (peer, from) => routing.sourceTo(peer, from),
    async resolve(name) {
      const ways = await unlessRefused(waysTo(name, inUse));
      return (ways ?? []).map(({ remote }) => remote.ip);
    },
    readdressed: () => dialler.hurry(),
  });
  const captures: Captures = new Captures({
    ...{ folder: files.captures, log, plane, core, device },
    nattPort: plane.ports.nattPort,
    command: (command) => give({ kind: 'command', command }),
    nameOf: (sa) => accountOf(inUse.gathered.configuration.accounts, sa)?.name,
    now: Date.now, // by the clock that stamps what the data plane copies, which NTP may set
    after: looseAfter,
  });
  const silent = new SilentEsp({
    after: looseAfter,
    sas: () => core.snapshot().sas,
    stats: (child) => plane.stats(child),
    report: (event) => tracer.report(event),
  });
  const expiries = new AccountWatch({
    after: looseAfter,
    now: Date.now,
    accounts: () => inUse.gathered.configuration.accounts,
    sas: () => core.snapshot().sas,
    hangUp(sa, why) {
      log.info(`sa ${sa}: is hung up: ${why}`);
      give({ kind: 'command', command: { kind: 'terminate', which: sa } });
    },
  });
  const past = new PastTraffic();
  const tls = new TlsSessions(systemClock.after);
  const ports = {
    plane: counting(plane, past, captures),
    routing,
    keylog: keysTo(keylog ? [keylog, captures.keys] : [captures.keys]),
    report(event: TraceEvent): void {
      tracer.report(event);
      captures.heed(event);
      silent.heed(event);
      dialler.heed(event);
      expiries.heed(event);
      past.heed(event);
    },
    ask: asker(answeringOf(inUse, leases, plane, tls, fetcher({ complain })), complain, give),
    redirect: (effect: Extract<Effect, { kind: 'redirect' }>): void =>
      void followRedirect(effect, inUse.gathered.configuration.service.port, { give, log }),
    untrap: (name: string, isCarried: boolean) => traps.untrap(name, isCarried),
    release: leases.release.bind(leases),
    closeTls: tls.close.bind(tls),
  };
  daemon.performWith(performer(ports, complain, give));
  inUse.gathered = forProcessor(gathered, plane);
  if (inUse.gathered !== gathered) {
    give({ kind: 'command', command: { kind: 'policy', policy: inUse.gathered.policy } });
  }
  return {
    inUse,
    engine,
    core,
    daemon,
    plane,
    past,
    routing,
    watch,
    dialler,
    traps,
    leases,
    captures,
    silent,
    expiries,
    ring,
    tracer,
  };
}

/** @param listen none: all */
const listening = (addresses: readonly Ip[], listen: readonly Ip[]): readonly Ip[] =>
  listen.length === 0 ? addresses : addresses.filter((ip) => listen.includes(ip));

async function unlessRefused<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof Refused) return undefined;
    throw error;
  }
}

/** Keeps what a tunnel carried when it is removed, and has whoever captures see what is sent. */
function counting(plane: DataPlane, past: PastTraffic, captures: Captures): Ports['plane'] {
  return {
    send(path, bytes) {
      captures.see('out', path, bytes);
      plane.send(path, bytes);
    },
    keepalive: (path) => plane.keepalive(path),
    expect: (spi) => plane.expect(spi),
    admit: (spi) => plane.admit(spi),
    install(child) {
      past.install(child);
      plane.install(child);
    },
    move: (child, path, encap) => plane.move(child, path, encap),
    activate: (child) => plane.activate(child),
    remove(child) {
      past.remove(child, plane.stats(child));
      plane.remove(child);
    },
  };
}

/** Who began an IKE SA may change with its rekeying: what counts is who asked for addresses. */
function addressesFromPeer(core: Core, { gathered }: InUse, ref: SaRef): readonly Ip[] {
  const sa = core.snapshot().sas.find(({ id }) => id === ref);
  const connection = gathered.policy.connections.find(({ name }) => name === sa?.connection);
  return sa && connection?.role === 'initiator' ? sa.addresses : [];
}

function answeringOf(
  inUse: InUse,
  leases: LeaseKeeper,
  plane: DataPlane,
  tls: TlsSessions,
  fetch: Fetch,
): Answering {
  return {
    verifyChain: chainJudge(
      () => inUse.gathered.store,
      () => inUse.gathered.configuration.accounts,
      fetch,
    ),
    verify: ({ spki, scheme, octets, signature }) =>
      verifySignature(spki, scheme, octets, signature),
    sign: ({ keyId, scheme, octets }) => inUse.gathered.store.sign(keyId, scheme, octets),
    lease: (request) => leaseFor(request, leases, inUse.gathered.configuration),
    account({ name }) {
      const { configuration, store } = inUse.gathered;
      const now = new Date();
      return findAccount(configuration.accounts, name, now.getTime(), isPlausible(now, store.held));
    },
    openTls: ({ opening }) => tls.open(opening, (keyId) => inUse.gathered.store.exportKey(keyId)),
    tls: ({ tls: ref, records, data }) => tls.step(ref, records, data),
    exportTls: ({ tls: ref, ...wanted }) => tls.export(ref, wanted),
    idle: (children) => shortestIdle(plane, children),
    carried: (child) => carriedBy(plane, child),
  };
}

/** An address, and what may be reached with it. */
function leaseFor(
  request: Questions['lease']['ask'],
  leases: LeaseKeeper,
  configuration: Configuration,
): LeaseAnswer {
  const { accounts } = configuration;
  const answer = leases.lease(request, fixedFor(accounts, request));
  const reach = reachOf(accountOf(accounts, request), configuration, request.pool);
  return answer.ok && reach ? { ...answer, lease: { ...answer.lease, reach } } : answer;
}

function chooseEngine(mode: EngineMode): ServedEngine {
  try {
    return createEngine(mode);
  } catch (error) {
    const why = error instanceof Error ? error.message : `${error}`;
    throw new Trouble(why, "Set option 'engine' of the service to 'auto'.");
  }
}

function openKeylog(folder: string | undefined): Keylog | undefined {
  if (folder === undefined) return undefined;
  try {
    return new Keylog(folder);
  } catch (error) {
    throw new Trouble(
      `the key log cannot be written to ${folder} (${codeOf(error) ?? error})`,
      "Name another folder in option 'keylog' of the service, or take the option out.",
    );
  }
}

const drawRandom = (bytes: number): Uint8Array => randomFillSync(new Uint8Array(bytes));

/** Keeps no process alive. @returns how to cancel */
function looseAfter(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms).unref();
  return () => clearTimeout(timer);
}

/** A summary that waits keeps no process alive. */
const tracerClock: TracerClock = {
  monotonic: systemClock.now,
  wall: Date.now,
  after: (delay, run) => void looseAfter(delay, run),
};
