// The folder of run-time state (control socket, leases, counters, routes to clear away): made for the owner alone.
import { chmodSync, lstatSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, Trouble } from './trouble.ts';

/** The files in the run directory. */
export interface RunFiles {
  readonly controlSocket: string;
  readonly leases: string;
  readonly bypasses: string;
  readonly counters: string;
  /** A folder. */
  readonly captures: string;
}

function runFiles(runDir: string): RunFiles {
  return {
    controlSocket: join(runDir, socketName),
    leases: join(runDir, leasesName),
    bypasses: join(runDir, bypassesName),
    counters: join(runDir, countersName),
    captures: join(runDir, capturesName),
  };
}

/** Makes the folder, mode 0700. @throws Trouble when it cannot be made or is shared with other things */
export function prepareRunDir(runDir: string): RunFiles {
  try {
    mkdirSync(runDir, { recursive: true, mode: 0o700 });
    const facts = lstatSync(runDir);
    if ((facts.mode & 0o077) !== 0) narrow(runDir);
  } catch (error) {
    if (error instanceof Trouble) throw error;
    throw new Trouble(
      `the run directory ${runDir} cannot be made (${codeOf(error) ?? error})`,
      'Start ikev2d as root, or give it a folder of its own with --run-dir.',
    );
  }
  return runFiles(runDir);
}

/** Somebody may have given us /tmp: closing that to everybody would break the machine. */
function narrow(runDir: string): void {
  // A file that was being replaced has a longer name.
  const ours = [socketName, leasesName, bypassesName, countersName, capturesName];
  const strange = readdirSync(runDir).find((name) => !ours.some((own) => name.startsWith(own)));
  if (strange !== undefined) {
    throw new Trouble(
      `the run directory ${runDir} is open to other users and holds other things (${strange})`,
      'Give ikev2d a folder of its own with --run-dir.',
    );
  }
  chmodSync(runDir, 0o700);
}

const socketName = 'control.sock';
const leasesName = 'leases.json';
const bypassesName = 'bypasses';
const countersName = 'counters.json';
const capturesName = 'captures';
