// `ikev2d`: reads its words, checks the configuration, runs the service until it is told to end.
import { parseArgs } from 'node:util';
import { formatProblem } from '../policy/problem.ts';
import { Log } from '../trace/log.ts';
import { version } from '../version.ts';
import type { OpenPlane } from './assemble.ts';
import { type Gathering, gather, viewGathering } from './gather.ts';
import { hostTools } from './host.ts';
import { type Service, startService } from './service.ts';
import { tellFault, tellProblems } from './tell.ts';
import { Trouble } from './trouble.ts';

/** What the daemon needs of the process that it is. */
export interface Process {
  out(line: string): void;
  /** Takes one line of the log with its newline. */
  err(line: string): void;
  /** @returns how to stop listening */
  onSignal(signal: 'SIGTERM' | 'SIGINT' | 'SIGHUP', run: () => void): () => void;
  readonly openPlane: OpenPlane;
}

/** Exit codes: 70 is EX_SOFTWARE, whereupon procd starts the daemon again. */
export const exitCode = { fine: 0, trouble: 1, usage: 2, bug: 70 } as const;

/** Runs until the end. @returns the exit code */
export async function runDaemon(args: readonly string[], process: Process): Promise<number> {
  const words = readWords(args);
  if (words instanceof Error) {
    process.err(`ikev2d: ${words.message}\n\n${usage}\n`);
    return exitCode.usage;
  }
  if (words.help) process.out(usage);
  else if (words.version) process.out(version);
  else if (words.check) return check(words.config, process);
  else return serve(words, process);
  return exitCode.fine;
}

interface Words {
  readonly config: string;
  readonly 'run-dir': string;
  readonly check: boolean;
  readonly version: boolean;
  readonly help: boolean;
}

function readWords(args: readonly string[]): Words | Error {
  try {
    return parseArgs({ args: [...args], options, strict: true }).values;
  } catch (error) {
    if (error instanceof TypeError) return error;
    throw error;
  }
}

/** `--check`: everything that is wrong, or what a fine configuration amounts to. */
function check(configFile: string, { out }: Process): number {
  const gathering = gather(configFile);
  for (const problem of gathering.problems) out(formatProblem(problem));
  const { isFine, summary } = viewGathering(gathering);
  out(isFine ? `configuration is fine: ${summary}` : `configuration cannot be used: ${summary}`);
  return isFine ? exitCode.fine : exitCode.trouble;
}

async function serve({ config, 'run-dir': runDir }: Words, process: Process): Promise<number> {
  const log = new Log(process.err, 'info');
  log.info(`ikev2d ${version}, configuration ${config}, run directory ${runDir}`);
  const gathering = gather(config);
  tellProblems(log, gathering.problems);
  if (!gathering.gathered) return refuse(log, gathering);
  if (!gathering.gathered.configuration.service.enabled) {
    log.info("the service is switched off: option 'enabled' of service 'main' is 0");
    return exitCode.fine;
  }
  const end = new End();
  const place = { configFile: config, runDir, log, tools: hostTools, openPlane: process.openPlane };
  try {
    const service = await startService(gathering.gathered, {
      ...place,
      failed: (why) => end.failed(why),
    });
    return await untilTheEnd(service, end, log, process);
  } catch (error) {
    if (!isTrouble(error)) throw error;
    log.error(`${error.message}. ${error.cure}`);
    return exitCode.trouble;
  }
}

function refuse(log: Log, gathering: Gathering): number {
  log.error(`configuration cannot be used: ${viewGathering(gathering).summary}`);
  return exitCode.trouble;
}

async function untilTheEnd(
  service: Service,
  end: End,
  log: Log,
  { onSignal }: Process,
): Promise<number> {
  const reload = (): void => {
    service.reload().catch((error) => tellFault(log, error));
  };
  const unlisten = [
    onSignal('SIGHUP', reload),
    onSignal('SIGTERM', () => end.asked('SIGTERM')),
    onSignal('SIGINT', () => end.asked('SIGINT')),
  ];
  const { isFailure, why } = await end.came;
  if (isFailure) log.error(`the data plane cannot go on: ${why}`);
  else log.info(`${why}: hanging up`);
  await service.stop();
  for (const stop of unlisten) stop();
  log.info('stopped');
  return isFailure ? exitCode.trouble : exitCode.fine;
}

/** Why the service ends; the first reason counts. */
class End {
  readonly came: Promise<{ readonly isFailure: boolean; readonly why: string }>;
  #settle: (reason: { readonly isFailure: boolean; readonly why: string }) => void = () => {};

  constructor() {
    this.came = new Promise((settle) => {
      this.#settle = settle;
    });
  }

  asked(why: string): void {
    this.#settle({ isFailure: false, why });
  }

  failed(why: string): void {
    this.#settle({ isFailure: true, why });
  }
}

/** Ours, and the data plane's, which has a cure as well. */
const isTrouble = (error: unknown): error is Error & { readonly cure: string } =>
  error instanceof Trouble ||
  (error instanceof Error && 'cure' in error && typeof error.cure === 'string');

const options = {
  config: { type: 'string', default: '/etc/config/ikev2' },
  'run-dir': { type: 'string', default: '/var/run/ikev2' },
  check: { type: 'boolean', default: false },
  version: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

const usage = `ikev2d [--config /etc/config/ikev2] [--run-dir /var/run/ikev2] [--check] [--version] [--help]

The IKEv2 gateway. Runs in the foreground and logs to stderr.

  --config FILE   the configuration, in UCI's notation
  --run-dir DIR   where the control socket and the leases are kept
  --check         only say what is wrong with the configuration; ends with 0 if it is fine

Signals: SIGTERM hangs up and ends, SIGHUP reads the configuration again.`;
