// `ikectl key`: two routers that know each other by one pasted line.
import * as z from 'zod/mini';
import { keyShape } from '../methods/certificates.ts';
import { type Command, perform, type Verb } from './command.ts';

export const keyCommand: Command = {
  summary: 'The key of this router, for routers that connect without certificates',
  usage: 'show [--json]',
  options: { json: 'boolean' },
  words: 1,
  run: ({ values, positionals: [verb = 'show'] }, around) =>
    perform('key', verbs, { values, positionals: [verb] }, around),
};

const verbs: Readonly<Record<string, Verb>> = {
  /** The line alone goes to scripts: what else there is to say stands behind a #. */
  async show({ values }, around) {
    const result = z.parse(keyShape, await around.call('key', {}));
    if (values['json']) return around.print(JSON.stringify(result));
    if (result.made) around.print(`# made ${result.file}: keep a copy of it`);
    around.print(`# paste this into the connection on the other router:`);
    around.print(`list remote_key '${result.key}'`);
  },
};
