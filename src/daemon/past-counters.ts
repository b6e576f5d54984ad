// What was counted before the service was started again: written when it stops, read when it starts, added to what is
// counted since. A crash costs the figures since the start, and nothing is written in between.
import { readFileSync } from 'node:fs';
import type { DaemonApi } from '../rpc/api.ts';
import type { Log } from '../trace/log.ts';
import { writeAtomically } from './atomic-file.ts';
import { codeOf } from './trouble.ts';

export type Counts<N extends number | bigint = number> = Readonly<Record<string, N>>;

/** By who counts: the core, the data plane, the trace. */
interface Past {
  readonly ike: Counts;
  readonly esp: Counts;
  readonly refusals: Counts;
}

export class PastCounters {
  readonly #file: string;
  readonly #log: Log;
  readonly #past: Past;

  /** @param file may be missing; one that cannot be read costs the figures, no more */
  constructor(file: string, log: Log) {
    this.#file = file;
    this.#log = log;
    this.#past = this.#read();
  }

  /** With what was counted before. */
  ike(now: Counts): Counts {
    return sum(this.#past.ike, now);
  }

  refusals(now: Counts): Counts {
    return sum(this.#past.refusals, now);
  }

  esp(now: Counts<bigint>): Counts<bigint> {
    const past = Object.entries(this.#past.esp).map(([name, n]) => [name, BigInt(n)] as const);
    const entries = Object.entries(now).map(([name, n]) => [name, n] as const);
    const total = new Map(past);
    for (const [name, n] of entries) total.set(name, (total.get(name) ?? 0n) + n);
    return Object.fromEntries(total);
  }

  /** Writes down what the service says of itself at its end. */
  keep(daemon: Pick<DaemonApi, 'snapshot' | 'espCounters' | 'refusals'>): void {
    const esp = Object.entries(daemon.espCounters()).map(([name, n]) => [name, Number(n)]);
    const past = {
      ike: daemon.snapshot().counters,
      esp: Object.fromEntries(esp),
      refusals: daemon.refusals(),
    };
    try {
      writeAtomically(this.#file, `${JSON.stringify(past)}\n`);
    } catch (error) {
      this.#log.warn(`the counters are not remembered (${codeOf(error) ?? error})`);
    }
  }

  #read(): Past {
    try {
      const past: unknown = JSON.parse(readFileSync(this.#file, 'utf8'));
      const { ike, esp, refusals } = membersOf(past);
      return { ike: countsOf(ike), esp: countsOf(esp), refusals: countsOf(refusals) };
    } catch (error) {
      if (codeOf(error) !== 'ENOENT')
        this.#log.warn(`${this.#file} cannot be used: counters begin anew`);
      return { ike: {}, esp: {}, refusals: {} };
    }
  }
}

function sum(past: Counts, now: Counts): Counts {
  const total = new Map(Object.entries(past));
  for (const [name, n] of Object.entries(now)) total.set(name, (total.get(name) ?? 0) + n);
  return Object.fromEntries(total);
}

/** What is no count is left out: a file may be damaged in any way. */
function countsOf(value: unknown): Counts {
  const entries = Object.entries(membersOf(value)).slice(0, mostCounters);
  return Object.fromEntries(
    entries.flatMap(([name, n]) => (isCount(n) && name.length <= longestName ? [[name, n]] : [])),
  );
}

const membersOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? { ...value } : {};
const isCount = (n: unknown): n is number => Number.isSafeInteger(n) && Number(n) >= 0;
const mostCounters = 500;
const longestName = 64;
