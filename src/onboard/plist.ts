// Property lists in XML, as Apple's profiles are written.
import { xmlText } from './xml.ts';

export type PlistValue =
  | string
  | number
  | boolean
  | Uint8Array
  | readonly PlistValue[]
  | { readonly [key: string]: PlistValue | undefined };

/** A whole document; keys without a value are left out. */
export function plist(value: PlistValue): string {
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">',
    '<plist version="1.0">',
    ...linesOf(value),
    '</plist>',
    '',
  ].join('\n');
}

function linesOf(value: PlistValue): readonly string[] {
  if (typeof value === 'string') return [`<string>${xmlText(value)}</string>`];
  if (typeof value === 'number') return [`<integer>${Math.trunc(value)}</integer>`];
  if (typeof value === 'boolean') return [value ? '<true/>' : '<false/>'];
  if (value instanceof Uint8Array) {
    return [`<data>${Buffer.from(value).toString('base64')}</data>`];
  }
  if (isList(value)) return ['<array>', ...indented(value.flatMap(linesOf)), '</array>'];
  const entries = Object.entries(value).flatMap(([key, each]) =>
    each === undefined ? [] : [`<key>${xmlText(key)}</key>`, ...linesOf(each)],
  );
  return ['<dict>', ...indented(entries), '</dict>'];
}

const isList = (value: object): value is readonly PlistValue[] => Array.isArray(value);
const indented = (lines: readonly string[]): readonly string[] => lines.map((line) => `\t${line}`);
