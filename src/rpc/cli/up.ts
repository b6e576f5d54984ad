// `ikectl up`: dials a connection, waits until it stands, and says what came of it.
import * as z from 'zod/mini';
import { printable } from '../../base/printable.ts';
import { sasShape } from '../methods/sa.ts';
import { type AttemptView, attemptsShape } from '../methods/trace.ts';
import type { SaView } from '../shapes.ts';
import { text, Usage } from './arguments.ts';
import type { Command, Surroundings } from './command.ts';
import { formatAttempts } from './explain.ts';

export const upCommand: Command = {
  summary: 'Dial a connection, and say when it stands or why it does not',
  usage: 'NAME [--timeout SECONDS] (0: do not wait)',
  options: { timeout: 'string' },
  words: 1,
  async run({ positionals, values }, around) {
    const [connection] = positionals;
    if (connection === undefined) throw new Usage('name the connection to dial');
    const seconds = secondsOf(text(values, 'timeout') ?? '30');
    const before = (await attemptsAfter(0, around)).at(-1)?.id ?? 0;
    await around.call('initiate', { connection });
    around.print(`dialling ${connection}`);
    return seconds === 0 ? 0 : watch({ connection, before, seconds }, around);
  },
};

interface Dialled {
  readonly connection: string;
  /** The last failed attempt before this one. */
  readonly before: number;
  readonly seconds: number;
}

/** @returns the exit code */
async function watch({ connection, before, seconds }: Dialled, around: Surroundings) {
  let idle = 0;
  for (let waited = 0; waited < seconds; waited += pause) {
    await around.wait(pause);
    const { sas } = z.parse(sasShape, await around.call('sas', { connection }));
    const up = sas.find(({ since }) => since !== undefined);
    if (up) {
      around.print(standing(connection, up));
      return 0;
    }
    // Another address of the peer may be next.
    idle = sas.length === 0 ? idle + 1 : 0;
    const attempts = idle < 2 ? [] : await attemptsAfter(before, around);
    const failed = attempts.filter(({ fields }) => fields['connection'] === connection);
    if (failed.length > 0) {
      around.print(`${connection} is not up\n\n${formatAttempts(failed, around.now())}`);
      return 1;
    }
  }
  around.print(
    `${connection} is not up after ${seconds} s: nobody has answered, or not to the end. ` +
      '«ikectl log --level debug» shows what goes back and forth',
  );
  return 1;
}

function standing(connection: string, { peer, remote, suite, addresses, children }: SaView) {
  const who = peer === undefined ? remote : `${printable(peer, 60)} at ${remote}`;
  const ours = addresses.length === 0 ? [] : [`  our address: ${addresses.join(' ')}`];
  const tunnels = children.map(
    (child) => `  ${child.local.join(' ')} === ${child.remote.join(' ')}, ${child.suite}`,
  );
  const keys = suite === undefined ? '' : `, ${suite}`;
  return [`${connection} is up: ${who}${keys}`, ...ours, ...tunnels].join('\n');
}

async function attemptsAfter(since: number, around: Surroundings): Promise<AttemptView[]> {
  return z.parse(attemptsShape, await around.call('attempts', { since })).attempts;
}

function secondsOf(given: string): number {
  if (/^\d{1,4}$/.test(given)) return Number(given);
  throw new Usage(`'${given}' is no number of seconds`);
}

/** Seconds between two looks. */
const pause = 0.25;
