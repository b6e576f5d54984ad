// A laboratory: a folder, some namespaces, some programs; all of it gone when it closes, and the remains of
// labs whose owner died are cleared away before a new one opens. Nothing is ever ended by its name.
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { attempt } from './command.ts';
import { Namespace } from './namespace.ts';
import { Service } from './service.ts';

export class Lab {
  /** Files of this lab: configurations, logs, captures. */
  readonly dir: string;
  readonly #prefix: string;
  readonly #namespaces: Namespace[] = [];
  readonly #services: Service[] = [];
  readonly #inspections: (() => Promise<readonly string[]>)[] = [];
  #closing: Promise<void> | undefined;

  private constructor(dir: string) {
    this.dir = dir;
    this.#prefix = dir.slice(dir.lastIndexOf('/') + 1);
    writeFileSync(join(dir, OWNER), `${identify(process.pid)}\n`);
  }

  static async open(): Promise<Lab> {
    mkdirSync(LABS, { recursive: true });
    await sweep();
    // Six random characters keep labs apart that run side by side.
    return new Lab(mkdtempSync(join(LABS, 'ikl-')));
  }

  namespace(role: string): Namespace {
    const name = `${this.#prefix}-${role}`;
    appendFileSync(join(this.dir, NAMESPACES), `${name}\n`);
    const created = new Namespace(role, name);
    this.#namespaces.push(created);
    return created;
  }

  /** Starts a program in a host; it ends with the lab unless it is stopped before. */
  start(
    host: Namespace,
    name: string,
    argv: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Service {
    const logFile = join(this.dir, `${name}.log`);
    const service = new Service(name, host.inside(argv), { logFile, env });
    appendFileSync(join(this.dir, PIDS), `${identify(service.pid)}\n`);
    this.#services.push(service);
    return service;
  }

  folder(name: string): string {
    const path = join(this.dir, name);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return path;
  }

  /** Looks at something before all ends; what it finds wrong fails the file of tests. */
  inspect(inspection: () => Promise<readonly string[]>): void {
    this.#inspections.push(inspection);
  }

  /** The last lines of every program's output, for a test that failed. */
  explain(lines = 25): string {
    const logs = readdirSync(this.dir).filter((file) => file.endsWith('.log'));
    return logs
      .map((file) => [file, readFileSync(join(this.dir, file), 'utf8')] as const)
      .map(([file, text]) => `── ${file}\n${text.trimEnd().split('\n').slice(-lines).join('\n')}`)
      .join('\n');
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const wrong: string[] = [];
    try {
      for (const inspection of this.#inspections) wrong.push(...(await inspection()));
    } finally {
      await this.#clear();
    }
    if (wrong.length > 0) throw new Error(wrong.join('\n'));
  }

  async #clear(): Promise<void> {
    // The newest first: clients before the services they talk to.
    for (const service of this.#services.reverse()) await service.stop();
    for (const host of this.#namespaces) host.delete();
    if (process.env['KEEP_LOGS']) process.stderr.write(`logs kept in ${this.dir}\n`);
    else rmSync(this.dir, { recursive: true, force: true });
  }
}

/** Clears away what labs left behind whose owner is no longer alive. */
async function sweep(): Promise<void> {
  for (const entry of readdirSync(LABS)) {
    const dir = join(LABS, entry);
    const owner = lines(join(dir, OWNER))[0];
    if (owner === undefined || isAlive(owner)) continue;
    for (const identity of lines(join(dir, PIDS))) {
      if (isAlive(identity)) process.kill(Number(identity.split(' ')[0]), 'SIGKILL');
    }
    for (const name of lines(join(dir, NAMESPACES))) await attempt(['ip', 'netns', 'del', name]);
    rmSync(dir, { recursive: true, force: true });
  }
}

/** A pid with the time it was started at: pids are reused, pairs are not. */
const identify = (pid: number): string => `${pid} ${startTime(pid) ?? ''}`;

const isAlive = (identity: string): boolean => {
  const [pid, started] = identity.split(' ');
  return started !== '' && startTime(Number(pid)) === started;
};

/** Field 22 of /proc/PID/stat, counted after the command name, which may itself contain spaces. */
function startTime(pid: number): string | undefined {
  const file = `/proc/${pid}/stat`;
  if (!existsSync(file)) return undefined;
  const stat = readFileSync(file, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

const lines = (file: string): string[] =>
  existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];

const LABS = join(tmpdir(), 'ikev2-lab');
const OWNER = 'owner';
const PIDS = 'pids';
const NAMESPACES = 'namespaces';
