// `ikectl import`: takes over what strongSwan's package keeps in /etc/config/ipsec.
import * as z from 'zod/mini';
import { printable } from '../../base/printable.ts';
import { importedShape } from '../methods/import.ts';
import type { Command } from './command.ts';
import { read } from './files.ts';
import { wrap } from './text.ts';

export const importCommand: Command = {
  summary: "Take over strongSwan's configuration, and say what could not be",
  usage: '[/etc/config/ipsec] [--dry-run] [--force] [--json]',
  options: { 'dry-run': 'boolean', force: 'boolean', json: 'boolean' },
  words: 1,
  async run({ values, positionals: [file = '/etc/config/ipsec'] }, around) {
    const result = await around.call('config_import', {
      content: read(file).toString('utf8'),
      dry_run: values['dry-run'] === true,
      force: values['force'] === true,
    });
    if (values['json']) {
      around.print(JSON.stringify(result));
      return 0;
    }
    const { written, sections, text, remarks } = z.parse(importedShape, result);
    if (!written) around.print(text);
    for (const { section, option, why } of remarks) {
      const place = option === undefined ? section : `${section}, ${option}`;
      around.print(wrap('  ', `${printable(place, 100)}: ${printable(why, 500)}`, 96));
    }
    around.print(ending(written, sections));
    return 0;
  },
};

function ending(isWritten: boolean, sections: readonly string[]): string {
  if (sections.length === 0) return 'there is nothing to take over';
  const list = sections.join(', ');
  if (!isWritten) return `nothing is written yet; without --dry-run these would be: ${list}`;
  return `written: ${list}\nstrongSwan keeps its own file and the ports: «service swanctl stop; service swanctl disable» before ikev2 starts`;
}
