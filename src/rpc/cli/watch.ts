// `ikectl watch`: the status, drawn anew as long as one looks, with how fast each device sends and receives.
import * as z from 'zod/mini';
import { statusShape } from '../methods/service.ts';
import { text, Usage } from './arguments.ts';
import type { Command } from './command.ts';
import { formatStatus, type Status } from './status.ts';
import { formatBytes } from './text.ts';

export const watchCommand: Command = {
  summary: 'The status, drawn anew until you press Ctrl-C',
  usage: '[--every SECONDS] [--times N]',
  options: { every: 'string', times: 'string' },
  words: 0,
  async run({ values }, around) {
    const every = numberOf(text(values, 'every') ?? '2');
    const times = numberOf(text(values, 'times') ?? '0');
    let last: Look | undefined;
    for (let n = 1; ; n++) {
      const status = z.parse(statusShape, await around.call('status', {}));
      const look = { status, at: around.now() };
      around.print(`${home}${formatStatus(status, look.at)}\n${speedLine(last, look)}`);
      last = look;
      if (n === times) return 0;
      await around.wait(every);
    }
  },
};

interface Look {
  readonly status: Status;
  readonly at: number;
}

/** Of all devices together since the last look. */
function speedLine(last: Look | undefined, { status, at }: Look): string {
  const passed = last && at - last.at;
  if (!last || !passed || passed < 0) return '';
  const speed = (count: 'rxBytes' | 'txBytes'): string => {
    const before = new Map(last.status.sas.map((sa) => [sa.id, sa[count]]));
    const more = status.sas.map((sa) => Math.max(0, sa[count] - (before.get(sa.id) ?? 0)));
    return formatBytes(more.reduce((sum, n) => sum + n, 0) / passed);
  };
  return `\nin ${speed('rxBytes')}/s, out ${speed('txBytes')}/s`;
}

function numberOf(given: string): number {
  if (/^\d{1,5}(\.\d)?$/.test(given)) return Number(given);
  throw new Usage(`'${given}' is no number`);
}

/** Clears the screen and begins at its top. */
const home = '\x1b[H\x1b[J';
