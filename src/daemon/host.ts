// The host that we run on, as far as routing asks it: its programs, its files, its addresses.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Ip, parseIp } from '../base/ip.ts';

/** Runs a program, which may read `input`, and returns what it printed. Rejects with what it complained about. */
export type RunProgram = (
  program: string,
  args: readonly string[],
  input?: string,
) => Promise<string>;
/** @returns a file's text, or undefined when it cannot be read */
export type ReadFile = (path: string) => string | undefined;

export interface HostTools {
  readonly run: RunProgram;
  readonly read: ReadFile;
  /** Addresses of the host's interfaces, the loopback and that device left out. */
  readonly addresses: (except?: string) => readonly Ip[];
}
export interface Patience {
  readonly pause: (ms: number) => Promise<void>;
}

export const hostTools: HostTools & Patience = {
  async run(program, args, input = '') {
    try {
      const running = execute(program, [...args], { timeout: 5000 });
      running.child.stdin?.on('error', () => {}).end(input); // who has ended reads nothing more
      return (await running).stdout;
    } catch (error) {
      throw complaintOf(error);
    }
  },
  read(path) {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      return undefined;
    }
  },
  addresses(except) {
    const devices = Object.entries(networkInterfaces()).filter(([name]) => name !== except);
    const all = devices.flatMap(([, each]) => each ?? []);
    return all.flatMap(({ address, internal }) => (internal ? [] : (parseIp(address) ?? [])));
  },
  pause: (ms) => setTimeout(ms),
};

const execute = promisify(execFile);

/** What the program printed says more than how it ended. */
function complaintOf(error: unknown): unknown {
  const said = error instanceof Error && 'stderr' in error ? `${error.stderr}`.trim() : '';
  return said === '' ? error : new Error(said.replaceAll(/\s+/g, ' ').replace(/\.+$/, ''));
}
