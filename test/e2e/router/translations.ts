// What `admin/translations` answers: the messages of our pages in a language, by their text.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readPo } from '../../../cross/gen-po.mjs';
import { root } from '../../lab/checkout.ts';

export function translations(language: string): Readonly<Record<string, string>> {
  const file = join(root, 'luci-app/po', language, 'ikev2.po');
  const translated = existsSync(file) ? readPo(readFileSync(file, 'utf8')) : new Map();
  return Object.fromEntries([...translated].filter(([id, text]) => id !== '' && text !== ''));
}
