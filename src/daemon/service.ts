// The life of the service: from a configuration that is fine to a gateway that listens, reload, and the end.
import { seconds } from '../base/time.ts';
import type { CheckedConfiguration } from '../rpc/api.ts';
import { methods } from '../rpc/table.ts';
import type { Log } from '../trace/log.ts';
import { daemonApi } from './api.ts';
import { type Assembly, assemble, type OpenPlane } from './assemble.ts';
import { openBus } from './bus.ts';
import { openCertificates } from './certificates.ts';
import { openControl } from './control.ts';
import { systemClock } from './daemon.ts';
import { type Gathered, gather, viewGathering } from './gather.ts';
import type { HostTools, Patience } from './host.ts';
import { PastCounters } from './past-counters.ts';
import { keepUp, reload } from './reload.ts';
import { routeWarnings } from './route-warnings.ts';
import { prepareRunDir } from './run-dir.ts';
import { serviceFacts } from './settings.ts';
import { tellFault } from './tell.ts';

/** Where the service lives. */
export interface Place {
  readonly configFile: string;
  readonly runDir: string;
  readonly log: Log;
  readonly tools: HostTools & Patience;
  readonly openPlane: OpenPlane;
  /** Of ubusd; undefined: where OpenWrt has it. */
  readonly ubusSocket?: string;
  /** The data plane cannot go on. */
  readonly failed: (why: string) => void;
}

export interface Service {
  /** Uses the configuration file as it is now, unless there is an error in it. */
  reload(): Promise<CheckedConfiguration>;
  /** Hangs up on everybody, waits a moment until they have heard it, and closes. */
  stop(): Promise<void>;
}

type Close = () => void | Promise<void>;

/** @throws Trouble, and what the data plane throws; by then everything is closed again */
export async function startService(gathered: Gathered, place: Place): Promise<Service> {
  const opened: Close[] = [];
  try {
    return await open(gathered, place, opened);
  } catch (error) {
    await closeAll(opened);
    throw error;
  }
}

async function open(gathered: Gathered, place: Place, opened: Close[]): Promise<Service> {
  const startedAt = systemClock.now();
  const { log, runDir, tools } = place;
  const { service, pools } = gathered.configuration;
  log.setThreshold(service.log);
  const files = prepareRunDir(runDir);
  const control = await openControl(files.controlSocket);
  opened.push(() => control.close());
  const assembly = assemble(gathered, { ...place, files });
  const { daemon, plane, routing, dialler, traps, leases, inUse, engine, expiries } = assembly;
  opened.push(
    () => plane.close(),
    () => routing.close(),
    () => leases.close(),
    () => daemon.stop(),
    () => traps.close(),
    () => dialler.close(),
    () => assembly.captures.close(),
    () => assembly.silent.close(),
    () => expiries.close(),
  );
  await routing.start(pools);
  for (const warning of await routeWarnings(service.device, pools, tools)) log.warn(warning);
  const certificates = openCertificates(assembly, place, () => api.reload());
  opened.push(() => certificates.close());
  const counted = new PastCounters(files.counters, log);
  const api = daemonApi({
    ...assembly,
    counted,
    engine: engine.served,
    facts: serviceFacts(service, plane, startedAt),
    clock: systemClock,
    tools,
    current: () => inUse.gathered,
    gather: () => gather(place.configFile),
    async adopt(gathering) {
      const checked = await reload(assembly, gathering, place);
      expiries.settle();
      return checked;
    },
    certificates: certificates.desk,
    accounts: certificates.accounts,
    imports: certificates.imports,
    links: certificates.links,
  });
  opened.push(() => counted.keep(api));
  const broken = (error: unknown): void => tellFault(log, error);
  control.serve({ methods, daemon: api, broken });
  const bus = openBus(
    { methods, daemon: api, broken },
    { ...place, websocket: service.websocket },
    assembly.watch,
  );
  opened.push(() => bus.close());
  sayReady(log, assembly, api.service.listen);
  keepUp(assembly);
  assembly.watch.changed(); // the core learns which addresses there are
  return {
    reload: () => api.reload(),
    async stop() {
      dialler.close();
      daemon.give({ kind: 'command', command: { kind: 'terminate', which: 'all' } });
      await daemon.until(() => assembly.core.snapshot().sas.length === 0, farewell);
      await closeAll(opened);
    },
  };
}

function sayReady(log: Log, { inUse, engine, plane }: Assembly, listen: readonly string[]): void {
  const { device } = inUse.gathered.configuration.service;
  for (const { name, why } of engine.refused) {
    log.warn(`${name} of node:crypto failed its self-test (${why}): noble serves it`);
  }
  log.info(`listening on ${listen.join(' ')}, tunnels on ${device}, ESP by ${plane.aead}`);
  log.info(`cryptography of IKE: ${enginesInWords(engine.served)}`);
  log.info(`ready: ${viewGathering({ gathered: inUse.gathered, problems: [] }).summary}`);
}

/** `node, but chacha20Poly1305 by noble` */
function enginesInWords(served: Readonly<Record<string, string>>): string {
  const byNoble = Object.keys(served).filter((name) => served[name] === 'noble');
  if (byNoble.length === 0) return 'node';
  if (byNoble.length === Object.keys(served).length) return 'noble';
  return `node, but ${byNoble.join(', ')} by noble`;
}

/** In the reverse order of opening. */
async function closeAll(opened: Close[]): Promise<void> {
  for (let close = opened.pop(); close; close = opened.pop()) await close();
}

/** How long peers may take to hear that we hang up. */
const farewell = seconds(2);
