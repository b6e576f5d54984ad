// Configurations as data, printed in UCI's notation, which is what the daemon reads.

export interface UciSection {
  readonly type: string;
  readonly name: string;
  readonly options: Readonly<Record<string, UciValue | undefined>>;
}
/** A list becomes `list` lines; true and false become 1 and 0. */
export type UciValue = string | number | boolean | readonly string[];

export const section = (
  type: string,
  name: string,
  options: UciSection['options'],
): UciSection => ({ type, name, options });

export function formatUci(sections: readonly UciSection[]): string {
  return sections
    .map(({ type, name, options }) => {
      const lines = Object.entries(options).flatMap(([key, value]) => formatOption(key, value));
      return [`config ${type} ${quote(name)}`, ...lines, ''].join('\n');
    })
    .join('\n');
}

function formatOption(key: string, value: UciValue | undefined): string[] {
  if (value === undefined) return [];
  if (typeof value === 'boolean') return [`\toption ${key} '${value ? 1 : 0}'`];
  if (typeof value === 'object') return value.map((item) => `\tlist ${key} ${quote(item)}`);
  return [`\toption ${key} ${quote(`${value}`)}`];
}

/** Nothing is special inside single quotes but the quote itself. */
const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
