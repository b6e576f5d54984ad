// Another configuration while the service runs: refused as a whole when anything in it is wrong, else used as far
// as a running service can. Tunnels that it does not concern notice nothing.
import { optionOfSetting, optionsForRestart, whyStale } from '../config/diff.ts';
import type { Problem } from '../policy/problem.ts';
import type { CheckedConfiguration } from '../rpc/api.ts';
import type { Log } from '../trace/log.ts';
import { addressesOf, whyOut } from './accounts.ts';
import type { Assembly } from './assemble.ts';
import {
  forget,
  type Gathered,
  type Gathering,
  gatherFiles,
  gatherRevoked,
  viewGathering,
} from './gather.ts';
import type { HostTools } from './host.ts';
import { forProcessor } from './preference.ts';
import { routeWarnings } from './route-warnings.ts';
import { tellProblems } from './tell.ts';

/** Uses a configuration if it is fine, and tells the log. */
export async function reload(
  assembly: Assembly,
  gathering: Gathering,
  { log, tools }: { readonly log: Log; readonly tools: HostTools },
): Promise<CheckedConfiguration> {
  const { gathered } = gathering;
  if (!gathered) return refuse(gathering, log);
  const old = assembly.inUse.gathered;
  const waiting = optionsForRestart(old.configuration.service, gathered.configuration.service);
  const next = forProcessor(withFixed(gathered, old), assembly.plane);
  const problems = [...gathering.problems, ...waiting.map((key) => restart(optionOfSetting[key]))];
  const checked = viewGathering({ gathered: next, problems });
  tellProblems(log, problems);
  log.info(`configuration read again: ${checked.summary}`);
  const stale = staleSas(assembly, old, next);
  use(assembly, next);
  log.setThreshold(next.configuration.service.log);
  hangUp(assembly, stale, log);
  forget(old.configuration);
  await warn(assembly, log, tools);
  return checked;
}

/**
 * Certificates, keys, and the list of revoked ones as they are by now, under the same configuration. Where one is
 * broken, only who was revoked counts: nobody stays because of another file.
 * @returns whether all of them are in use
 */
export function refresh(assembly: Assembly, { log }: { readonly log: Log }): boolean {
  const { inUse, daemon } = assembly;
  const old = inUse.gathered;
  const { problems, gathered } = gatherFiles(old);
  const next = gathered ?? gatherRevoked(old);
  tellProblems(log, problems);
  if (gathered) log.info('certificates were read again and are in use');
  else
    log.error('certificates were read again and cannot be used so: those from before stay in use');
  const stale = staleSas(assembly, old, next);
  inUse.gathered = next;
  daemon.give({ kind: 'command', command: { kind: 'policy', policy: next.policy } });
  hangUp(assembly, stale, log);
  return gathered !== undefined;
}

function hangUp({ daemon }: Assembly, stale: ReturnType<typeof staleSas>, log: Log): void {
  for (const { id, text, why } of stale) {
    log.info(`sa ${id}: ${text} is hung up: ${why}`);
    daemon.give({ kind: 'command', command: { kind: 'terminate', which: id } });
  }
}

/** Dials what shall be up, and nothing that is not in the configuration. */
export function keepUp({ dialler, inUse }: Assembly): void {
  const { started, trapped, policy } = inUse.gathered.configuration;
  dialler.keep(
    { always: started, onDemand: trapped },
    policy.connections.map(({ name }) => name),
  );
}

function refuse(gathering: Gathering, log: Log): CheckedConfiguration {
  const checked = viewGathering(gathering);
  tellProblems(log, gathering.problems);
  log.error(`configuration refused (${checked.summary}): the old one stays in use`);
  return checked;
}

/** New handshakes follow it from here on. */
function use(assembly: Assembly, next: Gathered): void {
  const { inUse, daemon, leases, routing } = assembly;
  inUse.gathered = next;
  daemon.give({ kind: 'command', command: { kind: 'policy', policy: next.policy } });
  leases.adopt(addressesOf(next.configuration));
  routing.use(next.configuration.pools);
  keepUp(assembly);
}

/** The sockets, the device and its threads are as they were opened, whatever the file says. */
function withFixed(next: Gathered, old: Gathered): Gathered {
  const { service } = old.configuration;
  const kept = optionsForRestart(service, next.configuration.service);
  const fixed = Object.fromEntries(kept.map((key) => [key, service[key]]));
  return {
    ...next,
    configuration: {
      ...next.configuration,
      service: { ...next.configuration.service, ...fixed },
    },
    policy: { ...next.policy, nattPort: old.policy.nattPort, keylog: old.policy.keylog },
  };
}

function staleSas({ core }: Assembly, old: Gathered, next: Gathered) {
  return core.snapshot().sas.flatMap((sa) => {
    const why =
      whyStale(sa, old, next) ??
      whyOut(sa, old.configuration.accounts, next.configuration.accounts, Date.now());
    return why === undefined ? [] : [{ id: sa.id, text: `'${sa.peer ?? 'a handshake'}'`, why }];
  });
}

/** Of what the pools may now be in the way of. */
async function warn({ inUse, routing }: Assembly, log: Log, tools: HostTools): Promise<void> {
  await routing.settled();
  const { pools, service } = inUse.gathered.configuration;
  for (const warning of await routeWarnings(service.device, pools, tools)) log.warn(warning);
}

const restart = (option: string | undefined): Problem => ({
  severity: 'warning',
  section: "service 'main'",
  option,
  line: undefined,
  why: 'a running service keeps the value that it has',
  cure: 'The new one is used after «service ikev2 restart».',
});
