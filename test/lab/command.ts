// Programs run to their end: bounded in time, output collected, a failure told with the command that failed.
import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';

export interface Outcome {
  /** Undefined when a signal or the time limit ended it. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  /** Milliseconds after which the program is killed; 30 s unless told. */
  readonly limit?: number;
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** The program ended with an error, or not within its limit. */
class CommandFailed extends Error {
  readonly outcome: Outcome;
  constructor(argv: readonly string[], outcome: Outcome) {
    const end = outcome.code === undefined ? 'was killed' : `ended with ${outcome.code}`;
    super(`${argv.join(' ')} ${end}\n${outcome.stderr || outcome.stdout}`.trimEnd());
    this.outcome = outcome;
  }
}

/** Runs a short program and waits for it. @throws CommandFailed */
export function runNow(argv: readonly string[], options: CommandOptions = {}): string {
  const { limit = DEFAULT_LIMIT, input = '', env = {} } = options;
  const done: SpawnSyncReturns<string> = spawnSync(argv[0] ?? '', argv.slice(1), {
    encoding: 'utf8',
    env: { ...process.env, ...env },
    input,
    killSignal: 'SIGKILL',
    maxBuffer: MAX_OUTPUT,
    timeout: limit,
  });
  if (done.error && done.status === null && !done.signal) throw done.error;
  const { stdout, stderr } = done;
  if (done.status !== 0)
    throw new CommandFailed(argv, { code: done.status ?? undefined, stdout, stderr });
  return stdout;
}

/** Runs a program beside the event loop; whatever its exit status, the outcome is returned. */
export function attempt(argv: readonly string[], options: CommandOptions = {}): Promise<Outcome> {
  const { limit = DEFAULT_LIMIT, input = '', env = {} } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(argv[0] ?? '', argv.slice(1), { env: { ...process.env, ...env } });
    const timer = setTimeout(() => child.kill('SIGKILL'), limit);
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      const stdout = Buffer.concat(out).toString();
      resolve({ code: code ?? undefined, stdout, stderr: Buffer.concat(err).toString() });
    });
    child.stdin.on('error', () => {}); // a program that reads no input closes it early
    child.stdin.end(input);
  });
}

/** As `attempt`, but the program has to succeed. @throws CommandFailed */
export async function run(argv: readonly string[], options: CommandOptions = {}): Promise<string> {
  const outcome = await attempt(argv, options);
  if (outcome.code !== 0) throw new CommandFailed(argv, outcome);
  return outcome.stdout;
}

const DEFAULT_LIMIT = 30_000;
const MAX_OUTPUT = 64 * 1024 * 1024;
