// Who else used the processor while something was measured. Only the difference of two readings means anything.
import { readdirSync, readFileSync } from 'node:fs';

/** Seconds of processor time since the machine started. */
export interface Reading {
  readonly at: number;
  /** All that was not idle, interrupts included; what the hypervisor took is not in it. */
  readonly busy: number;
  /** What processes used that do not descend from this one, and what the hypervisor took. */
  readonly foreign: number;
}

export interface Weather {
  /** Of the machine, in seconds of processor time, without what was foreign. */
  readonly ours: number;
  /** Cores that others used on average. */
  readonly foreign: number;
}

/** More than this, in cores, and a figure is not of this program alone. */
export const BUSY = 0.1;

export function read(): Reading {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n', 1);
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = line
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return {
    at: performance.now() / 1000,
    busy: (user + nice + system + irq + softirq) / TICKS,
    foreign: (foreignTicks() + steal) / TICKS,
  };
}

export function between(before: Reading, after: Reading): Weather {
  const foreign = Math.max(0, after.foreign - before.foreign);
  return {
    ours: Math.max(0, after.busy - before.busy - foreign),
    // Ticks are coarse: what took no time has no weather.
    foreign: foreign / Math.max(1, after.at - before.at),
  };
}

/** Processor time of some processes and of their children that ended, in seconds. */
export function timeOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + (processOf(pid)?.ticks ?? 0), 0) / TICKS;
}

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly ticks: number;
}

/**
 * A process that ends and is waited for leaves its time to its parent's account of children: the sum over all is
 * therefore whole, however short the lives between two readings. Threads of the kernel work for whoever asks, and are
 * left out.
 */
function foreignTicks(): number {
  const all = new Map<number, Process>();
  for (const name of readdirSync('/proc')) {
    const process = /^\d+$/.test(name) ? processOf(Number(name)) : undefined;
    if (process) all.set(process.pid, process);
  }
  let sum = 0;
  for (const one of all.values()) if (!isOurs(one, all)) sum += one.ticks;
  return sum;
}

function isOurs(one: Process, all: ReadonlyMap<number, Process>): boolean {
  for (let at: Process | undefined = one; at !== undefined; at = all.get(at.parent)) {
    if (at.pid === process.pid || at.pid === KERNEL) return true;
  }
  return false;
}

function processOf(pid: number): Process | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name before it may have spaces and brackets.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    return { pid, parent: Number(fields[1]), ticks };
  } catch {
    return undefined; // it ended meanwhile
  }
}

/** USER_HZ, which is 100 wherever Linux tells of it. */
const TICKS = 100;
/** kthreadd. */
const KERNEL = 2;
