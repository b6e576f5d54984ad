// A program that keeps running beside the lab: its output goes to a file, and it is ended by the pid it got.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';

export interface ServiceOptions {
  readonly logFile: string;
  readonly env?: Readonly<Record<string, string>>;
}

export class Service {
  readonly name: string;
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #logFile: string;
  readonly #ended: Promise<void>;

  /** Starts in a process group of its own, so that Ctrl-C reaches the lab and the lab ends it in order. */
  constructor(name: string, argv: readonly string[], { logFile, env = {} }: ServiceOptions) {
    this.name = name;
    this.#logFile = logFile;
    const log = openSync(logFile, 'a');
    this.#child = spawn(argv[0] ?? '', argv.slice(1), {
      detached: true,
      env: { ...process.env, ...env },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    this.#ended = new Promise((resolve) => {
      this.#child.once('exit', () => resolve());
      this.#child.once('error', () => resolve());
    });
    if (this.#child.pid === undefined) throw new Error(`${name}: cannot start ${argv[0]}`);
    this.pid = this.#child.pid;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Undefined while it runs, and when a signal ended it. */
  get exitCode(): number | undefined {
    return this.#child.exitCode ?? undefined;
  }

  /** Everything it wrote so far. */
  get log(): string {
    return readFileSync(this.#logFile, 'utf8');
  }

  /** Ends it: first as asked, after `grace` milliseconds with SIGKILL. */
  async stop(signal: NodeJS.Signals = 'SIGTERM', grace = 5_000): Promise<void> {
    if (!this.isRunning) return;
    this.#child.kill(signal);
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), grace);
    await this.#ended;
    clearTimeout(timer);
  }
}
