// docs/configuration.md, written from the table of options; `node cross/gen-docs.mjs` puts it there.
import type * as z from 'zod/mini';
import { type Description, describe } from '../schema/describe.ts';
import { laterSectionTypes, sectionTypes } from './options.ts';
import type { SectionType } from './section-type.ts';

/** The manual page of the configuration, in Markdown. */
export function configurationPage(): string {
  const sections = Object.entries(sectionTypes).map(([name, type]) => sectionPage(name, type));
  return `${[introduction, ...sections, later].join('\n\n')}\n`;
}

const introduction = `# /etc/config/ikev2

<!-- Written by \`node cross/gen-docs.mjs\` from src/config/options.ts: change it there. -->

The file is UCI, as everything in \`/etc/config\`: sections begin with \`config TYPE 'NAME'\`, and below stand lines
\`option NAME 'VALUE'\`, or \`list NAME 'VALUE'\` as many times as there are values. Names of sections consist of
letters, digits and \`_\`, and no two sections have the same, even if they are of different types. Values with spaces
stand in quotes; \`#\` begins a comment.

Every option has a default that works. \`ikev2d --check\` says what is wrong, on which line, and what to write
instead. The file holds secrets: its mode is 0600.`;

function sectionPage(name: string, { head, help, options }: SectionType): string {
  const entries = Object.entries(options.shape).flatMap(([option, schema]) => {
    const description = describe(schema as z.ZodMiniType);
    return description ? [optionEntry(option, description)] : [];
  });
  return [`## ${name}`, `\`${head}\``, help, ...entries].join('\n\n');
}

function optionEntry(option: string, description: Description): string {
  const { help, takes, unit, isList } = description;
  const value = unit === undefined ? takes : `${takes}, in ${unit}`;
  return [
    `**\`${isList ? 'list' : 'option'} ${option}\`** – ${help}`,
    `  Value: ${unstarred(value)}. ${fallbackOf(description)}`,
  ].join('  \n');
}

function fallbackOf({ fallback, isRequired, isLiteral }: Description): string {
  if (isRequired) return 'Must be set.';
  if (fallback === undefined) return 'Has no default.';
  return isLiteral ? `Default: \`${fallback}\`.` : `Default: ${unstarred(fallback)}.`;
}

/** An asterisk would begin emphasis. */
const unstarred = (text: string): string => text.replaceAll('*', '\\*');

const later = `## Later

This version knows the following names, ignores them, and says so in a warning. Sections: ${code(laterSectionTypes)}.
${Object.entries(sectionTypes)
  .filter(([, type]) => type.later.length > 0)
  .map(([name, type]) => `In \`${name}\`: ${code(type.later)}.`)
  .join('\n')}`;

function code(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ');
}
