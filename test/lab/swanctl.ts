// strongSwan's two notations: the settings it reads (`strongswan.conf`, `swanctl.conf`), and the pretty-printed
// messages that `swanctl --pretty` writes.

/** A section of settings; a list becomes one value, separated by commas. */
export interface Settings {
  readonly [key: string]: string | number | boolean | readonly string[] | Settings | undefined;
}

export function formatSettings(settings: Settings, indent = ''): string {
  return Object.entries(settings)
    .map(([key, value]) => formatSetting(key, value, indent))
    .join('');
}

function formatSetting(key: string, value: Settings[string], indent: string): string {
  if (value === undefined) return '';
  if (isSettings(value)) {
    return `${indent}${key} {\n${formatSettings(value, `${indent}  `)}${indent}}\n`;
  }
  return `${indent}${key} = ${formatValue(value)}\n`;
}

function formatValue(value: string | number | boolean | readonly string[]): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number') return `${value}`;
  if (typeof value === 'string') return /[#\s"=]/.test(value) ? JSON.stringify(value) : value;
  return value.join(',');
}

const isSettings = (value: NonNullable<Settings[string]>): value is Settings =>
  typeof value === 'object' && !Array.isArray(value);

/** A message of strongSwan's VICI protocol: values, lists and sections. */
export interface Message {
  readonly [key: string]: string | readonly string[] | Message;
}

/** Reads what `--pretty` printed: one entry a line, `name {` … `}` and `name = [` … `]` around the others. */
export function parsePretty(text: string): Message[] {
  const rows = text.split('\n').map((row) => row.trim());
  const messages: Message[] = [];
  for (let at = 0; at < rows.length; ) {
    if (!rows[at]?.endsWith('{')) {
      at += 1;
      continue;
    }
    const [message, next] = parseSection(rows, at + 1);
    messages.push(message);
    at = next;
  }
  return messages;
}

function parseSection(rows: readonly string[], start: number): [Message, number] {
  const section: Record<string, string | readonly string[] | Message> = {};
  let at = start;
  while (at < rows.length && rows[at] !== '}') {
    const row = rows[at] ?? '';
    if (row.endsWith('{')) {
      const [inner, next] = parseSection(rows, at + 1);
      section[row.slice(0, -1).trim()] = inner;
      at = next;
    } else if (row.endsWith('= [')) {
      const end = rows.indexOf(']', at);
      section[row.slice(0, -3).trim()] = rows.slice(at + 1, end);
      at = end + 1;
    } else {
      const split = row.indexOf(' = ');
      if (split > 0) section[row.slice(0, split)] = row.slice(split + 3);
      at += 1;
    }
  }
  return [section, at + 1];
}

export const sectionOf = (message: Message | undefined, key: string): Message => {
  const value = message?.[key];
  return typeof value === 'object' && !isList(value) ? value : {};
};
export const textOf = (message: Message | undefined, key: string): string => {
  const value = message?.[key];
  return typeof value === 'string' ? value : '';
};
export const listOf = (message: Message | undefined, key: string): readonly string[] => {
  const value = message?.[key];
  return isList(value) ? value : [];
};
const isList = (value: Message[string] | undefined): value is readonly string[] =>
  Array.isArray(value);
