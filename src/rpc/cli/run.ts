// `ikectl`: finds the command, asks the daemon, and says clearly what is wrong if it cannot.
import { join } from 'node:path';
import { printable } from '../../base/printable.ts';
import { callDaemon, followDaemon, NotRunning, RpcFailure } from '../client.ts';
import { BadParams, type Callable, type MethodTable, Refused } from '../method.ts';
import { type AccountsOwner, accountMethods } from '../methods/accounts.ts';
import { certificateMethods, type DeskOwner } from '../methods/certificates.ts';
import { type ImportOwner, importMethods } from '../methods/import.ts';
import { type Invocation, readInvocation, readWords, Usage } from './arguments.ts';
import { askSecret } from './ask-secret.ts';
import { commandNamed, commands } from './commands.ts';

/** What needs no daemon. */
const deskMethods: Readonly<Record<string, Callable<Desks>>> = {
  ...certificateMethods,
  ...accountMethods,
  ...importMethods,
};
type Desks = DeskOwner & AccountsOwner & ImportOwner;

/** Exit codes, for scripts. */
const exitCode = { fine: 0, refused: 1, usage: 2, notRunning: 3 } as const;

export interface Terminal {
  out(line: string): void;
  err(line: string): void;
}

export interface Program {
  readonly version: string;
  readonly methods: MethodTable;
  readonly terminal: Terminal;
  /** What can be done without a daemon, on the files of a configuration. */
  readonly withoutDaemon?: (config: string) => Promise<Desks>;
}

/** Runs one command. @returns the exit code */
export async function runTool(args: readonly string[], program: Program): Promise<number> {
  const { terminal } = program;
  try {
    return await runCommand(readInvocation(args), program);
  } catch (error) {
    if (error instanceof Usage) {
      terminal.err(`ikectl: ${error.message}; «ikectl --help» lists the commands`);
      return exitCode.usage;
    }
    if (error instanceof NotRunning) {
      terminal.err(`ikectl: ${whyNotRunning(error)}`);
      return exitCode.notRunning;
    }
    if (error instanceof RpcFailure) {
      terminal.err(`ikectl: ${printable(error.message, 400)}`);
      return exitCode.refused;
    }
    throw error;
  }
}

async function runCommand(invocation: Invocation, program: Program): Promise<number> {
  const { terminal, methods, version } = program;
  const { command: name, rest, runDir } = invocation;
  if (invocation.wantsVersion) {
    terminal.out(version);
    return exitCode.fine;
  }
  if (name === undefined || invocation.wantsHelp) {
    terminal.out(helpText(methods));
    return invocation.wantsHelp ? exitCode.fine : exitCode.usage;
  }
  const command = commandNamed(name, methods);
  if (!command) throw new Usage(`there is no command '${name}'`);
  const socket = join(runDir, 'control.sock');
  return command.run(readWords(rest, command.options, command.words), {
    async call(method, params) {
      try {
        return await callDaemon(socket, method, params);
      } catch (error) {
        const isDown = error instanceof NotRunning && error.code !== 'EACCES';
        if (!isDown || !Object.hasOwn(deskMethods, method)) throw error;
        return callDesk(method, params, invocation.config, program, error);
      }
    },
    askSecret,
    follow: (params) => followDaemon(socket, params),
    print: terminal.out,
    now: () => Date.now() / 1000,
    wait: (seconds) => new Promise((done) => setTimeout(done, seconds * 1000)),
  });
}

/** @throws RpcFailure, as the daemon would have answered */
async function callDesk(
  method: string,
  params: object,
  config: string,
  { withoutDaemon }: Program,
  notRunning: NotRunning,
): Promise<unknown> {
  const owner = await withoutDaemon?.(config);
  if (!owner) throw notRunning;
  try {
    return await deskMethods[method]?.call(owner, params);
  } catch (error) {
    const isForOwner = error instanceof Refused || error instanceof BadParams;
    throw isForOwner ? new RpcFailure(0, error.message) : error;
  }
}

function whyNotRunning({ message: path, code }: NotRunning): string {
  if (code === 'EACCES') return `${path} may not be opened: run ikectl as root`;
  return `no ikev2d at ${path}: start it with «service ikev2 start», or name its --run-dir`;
}

function helpText(methods: MethodTable): string {
  const names = [...new Set([...Object.keys(commands), ...Object.keys(methods)])];
  const lines = names.flatMap((name) => {
    const { summary = '', usage = '' } = commandNamed(name, methods) ?? {};
    const indent = ' '.repeat(17);
    return [`  ${name.padEnd(14)} ${summary}`, ...(usage === '' ? [] : [`${indent}${usage}`])];
  });
  return [
    'ikectl [--run-dir /var/run/ikev2] COMMAND [OPTIONS]',
    '',
    ...lines,
    '',
    'Exit codes: 0 done, 1 refused, 2 wrong words, 3 ikev2d does not run.',
  ].join('\n');
}
