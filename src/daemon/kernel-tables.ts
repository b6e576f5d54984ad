// What we have put into the kernel's tables of addresses and routes, and how it becomes what is wanted: `ip` is
// run for the difference and for nothing else, once for many entries where it can.
import { formatPrefix, type Ip, isIpv4 } from '../base/ip.ts';
import type { Log } from '../trace/log.ts';
import { readBypasses, writeBypasses } from './bypass-file.ts';
import type { HostTools, Patience } from './host.ts';
import {
  type Bypass,
  type Entry,
  existingRoutes,
  familyOf,
  type TableRoute,
  wordsFor,
} from './ip-words.ts';
import { codeOf, Trouble } from './trouble.ts';

/** Why an entry is not there. */
export interface Failure {
  readonly entry: Entry;
  readonly error: unknown;
}

interface Known {
  readonly entry: Entry;
  readonly isThere: boolean;
}

export class KernelTables {
  readonly #device: string;
  readonly #tools: Pick<HostTools, 'run'> & Patience;
  readonly #bypassFile: string;
  readonly #log: Log;
  /** By the words that put it in; not there: it was refused, and is not tried again. */
  readonly #entries = new Map<string, Known>();
  /** Not so with BusyBox. */
  #takesBatches = true;

  /** @param bypassFile remembers what would outlive the device */
  constructor(
    device: string,
    tools: Pick<HostTools, 'run'> & Patience,
    bypassFile: string,
    log: Log,
  ) {
    this.#device = device;
    this.#tools = tools;
    this.#bypassFile = bypassFile;
    this.#log = log;
  }

  /** Takes away what a killed daemon left; what it names may be gone long since. */
  async clearLeftovers(): Promise<void> {
    for (const bypass of readBypasses(this.#bypassFile)) await this.#runDel(bypass);
    this.#rememberBypasses();
  }

  /** The route that leads to a peer past the tunnels, if we made one. */
  bypassTo(peer: Ip): Bypass | undefined {
    return this.#bypasses().find((bypass) => bypass.peer === peer);
  }

  /**
   * Makes the tables hold exactly these entries of ours.
   * @param wanted in the order in which they can be put in
   * @returns what could not be put in
   */
  async apply(wanted: readonly Entry[]): Promise<readonly Failure[]> {
    const keyed = new Map(wanted.map((entry) => [this.#keyOf(entry), entry]));
    const missing = [...keyed].filter(([key]) => !this.#entries.has(key));
    const obsolete = [...this.#entries].filter(([key]) => !keyed.has(key));
    if (missing.length === 0 && obsolete.length === 0) return [];
    // With an address go the routes that it is the source of: it comes before them and goes after them.
    const [addresses, routes] = partition(obsolete, ([, { entry }]) => entry.kind === 'address');
    await this.#takeOut(routes);
    const failures = await this.#putIn(missing.map(([, entry]) => entry));
    await this.#takeOut(addresses);
    const hasLostIpv4 = addresses.some(([, { entry }]) => isAddressV4(entry)) && !this.#hasIpv4();
    const lost = hasLostIpv4 ? await this.#renewRoutes() : [];
    this.#rememberBypasses();
    return [...failures, ...lost];
  }

  /** The kernel drops a route with its interface or its gateway, and tells nobody: those that we need come back. */
  async renewBypasses(): Promise<void> {
    for (const bypass of this.#bypasses()) await this.#runAdd(bypass);
  }

  #hasIpv4(): boolean {
    return [...this.#entries.values()].some(({ entry, isThere }) => isThere && isAddressV4(entry));
  }

  /** With the last IPv4 address of a device the kernel drops all its IPv4 routes, those of other tunnels too. */
  async #renewRoutes(): Promise<readonly Failure[]> {
    const failures: Failure[] = [];
    for (const { entry, isThere } of this.#entries.values()) {
      if (entry.kind !== 'route' || !isThere || !isIpv4(entry.prefix.ip)) continue;
      const error = await this.#runAdd(entry);
      if (error !== undefined && !/exists/i.test(textOf(error))) failures.push({ entry, error });
    }
    return failures;
  }

  async #putIn(entries: readonly Entry[]): Promise<readonly Failure[]> {
    const failures: Failure[] = [];
    const hasRoutes = entries.some(({ kind }) => kind === 'route');
    const table = hasRoutes ? await existingRoutes(this.#tools.run, '-4', '-6') : [];
    const note = (entry: Entry, error: unknown): void => {
      this.#entries.set(this.#keyOf(entry), { entry, isThere: error === undefined });
      // Somebody else's route past the tunnel is as good as ours, and stays when ours would go.
      const isServed = entry.kind === 'bypass' && /exists/i.test(textOf(error));
      if (error !== undefined && !isServed) failures.push({ entry, error });
    };
    const [rivals, fine] = partition(
      entries,
      (one) => rivalOf(one, table, this.#device) !== undefined,
    );
    for (const entry of rivals) note(entry, rivalOf(entry, table, this.#device));
    for (let at = 0; at < fine.length; at++) {
      const done = await this.#runMany('add', fine.slice(at));
      for (const entry of fine.slice(at, at + done)) note(entry, undefined);
      at += done;
      // It stumbled over this one, which may deserve patience.
      const entry = fine[at];
      if (entry) note(entry, await this.#runAdd(entry));
    }
    return failures;
  }

  async #takeOut(obsolete: readonly (readonly [string, Known])[]): Promise<void> {
    for (const [key] of obsolete) this.#entries.delete(key);
    const there = obsolete.flatMap(([, { entry, isThere }]) => (isThere ? [entry] : []));
    for (let at = 0; at < there.length; at++) {
      at += await this.#runMany('del', there.slice(at));
      const entry = there[at];
      if (entry) await this.#runDel(entry);
    }
  }

  /**
   * All of them in one process: most of the time goes into starting it.
   * @returns how many were done before one that did not work
   */
  async #runMany(action: 'add' | 'del', entries: readonly Entry[]): Promise<number> {
    if (!this.#takesBatches || entries.length < fewestOfBatch) return 0;
    // The family is a matter of the program, not of its lines, which know it by the address.
    const lines = entries.map((entry) => wordsFor(action, entry, this.#device).slice(1).join(' '));
    try {
      await this.#tools.run('ip', ['-batch', '-'], `${lines.join('\n')}\n`);
      this.#log.debug(`ip -batch: ${lines.join('; ')}`);
      return entries.length;
    } catch (error) {
      const [, line] = /Command failed -:(\d+)/.exec(textOf(error)) ?? [];
      this.#takesBatches = line !== undefined;
      return line === undefined ? 0 : Number(line) - 1;
    }
  }

  /** @returns why it did not work */
  async #runAdd(entry: Entry): Promise<unknown> {
    for (let tries = 1; ; tries++) {
      try {
        await this.#run('add', entry);
        return undefined;
      } catch (error) {
        if (tries === mostTries || !isTooEarly(entry, error)) return error;
        await this.#tools.pause(betweenTriesMs);
      }
    }
  }

  /** What is gone already went with its interface or its address. */
  async #runDel(entry: Entry): Promise<void> {
    await this.#run('del', entry).catch((error: unknown) => this.#log.debug(textOf(error)));
  }

  async #run(action: 'add' | 'del', entry: Entry): Promise<void> {
    const words = wordsFor(action, entry, this.#device);
    this.#log.debug(`ip ${words.join(' ')}`);
    await this.#tools.run('ip', words);
  }

  #rememberBypasses(): void {
    try {
      writeBypasses(this.#bypassFile, this.#bypasses());
    } catch (error) {
      this.#log.error(`could not write ${this.#bypassFile}: ${textOf(error)}`);
    }
  }

  #bypasses(): readonly Bypass[] {
    return [...this.#entries.values()].flatMap(({ entry, isThere }) =>
      entry.kind === 'bypass' && isThere ? [entry] : [],
    );
  }

  #keyOf(entry: Entry): string {
    return wordsFor('add', entry, this.#device).join(' ');
  }
}

/**
 * The kernel takes a new IPv6 address as a source only after it has looked at it once more, on a thread of its own: on a
 * busy machine some milliseconds later, though no duplicate is looked for on our device.
 */
const isTooEarly = (entry: Entry, error: unknown): boolean =>
  entry.kind === 'route' &&
  entry.source !== undefined &&
  !isIpv4(entry.source) &&
  /invalid/i.test(textOf(error));
/** For fewer it would save nothing that anybody could notice. */
const fewestOfBatch = 8;
const mostTries = 20;
const betweenTriesMs = 50;

/** What was attempted, for a line that begins with `could not`. */
export function purposeOf({ entry }: Failure, device: string): string {
  switch (entry.kind) {
    case 'address':
      return `give ${device} the address ${formatPrefix(entry.prefix)}`;
    case 'route':
      return `lead ${formatPrefix(entry.prefix)} into the tunnel`;
    case 'bypass':
      return `keep the way to ${entry.peer} past the tunnel`;
  }
}

export const reasonOf = ({ error }: Failure): string => textOf(error);

/** A failure that stops the start. */
export function troubleOf({ entry, error }: Failure, device: string): Trouble {
  const ip = entry.kind === 'bypass' ? entry.peer : entry.prefix.ip;
  const what = purposeOf({ entry, error }, device);
  return new Trouble(`could not ${what}: ${textOf(error)}`, cureFor(error, familyOf(ip)));
}

function cureFor(error: unknown, family: '-4' | '-6'): string {
  if (codeOf(error) === 'ENOENT') return 'Install a program «ip»: BusyBox has one, so has ip-full.';
  if (family === '-6') {
    return 'If IPv6 is switched off here (net.ipv6.conf.all.disable_ipv6), take the IPv6 range out of the pool.';
  }
  return 'Start ikev2d as root, and see with «ip address» who else has this address.';
}

/** IPv6 would take a second route to the same network and never use it. */
function rivalOf(entry: Entry, table: readonly TableRoute[], device: string): Error | undefined {
  if (entry.kind !== 'route') return undefined;
  const text = formatPrefix(entry.prefix);
  const rival = table.find((one) => one.device !== device && formatPrefix(one.prefix) === text);
  return (
    rival &&
    new Error(`${rival.device} leads there already; give one of the two networks other addresses`)
  );
}

function partition<T>(all: readonly T[], isFirst: (one: T) => boolean): readonly [T[], T[]] {
  return [all.filter(isFirst), all.filter((one) => !isFirst(one))];
}

const isAddressV4 = (entry: Entry): boolean => entry.kind === 'address' && isIpv4(entry.prefix.ip);

const textOf = (error: unknown): string => (error instanceof Error ? error.message : `${error}`);
