// `ikectl join`: what another router gave this one, from a file, for it holds a password.
import * as z from 'zod/mini';
import { printable } from '../../base/printable.ts';
import { joinedShape } from '../methods/accounts.ts';
import { Usage } from './arguments.ts';
import type { Command } from './command.ts';
import { readSecret } from './files.ts';

export const joinCommand: Command = {
  summary: 'Dial another router with the text that its «ikectl device add» gave',
  usage: 'FILE|-',
  options: {},
  words: 1,
  async run({ positionals: [file] }, around) {
    if (file === undefined) throw new Usage('name the file that the other router made');
    const text = readSecret(file);
    const { connection, gateway, networks, steps } = z.parse(
      joinedShape,
      await around.call('join', { text }),
    );
    around.print(
      `${connection} dials ${gateway} from now on; it reaches ${networks.join(', ') || 'everything there'}`,
    );
    for (const step of steps) around.print(printable(step, 2000));
    return 0;
  },
};
