// What `admin/translations` answers: the messages of our pages in a language, by their text for the stand-in, and by
// LuCI's hashes, out of the file that we pack, for the real one.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readPo } from '../../../cross/gen-po.mjs';
import { lmoOf } from '../../../cross/package/lmo.ts';
import { root } from '../../lab/checkout.ts';

type Catalogue = Readonly<Record<string, string>>;

export function translations(language: string): Catalogue {
  const file = join(root, 'luci-app/po', language, 'ikev2.po');
  if (!existsSync(file)) return {};
  const text = readFileSync(file, 'utf8');
  return process.env['IKEV2_LUCI'] ? byHash(lmoOf(text)) : byText(readPo(text));
}

const byText = (translated: ReadonlyMap<string, string>): Catalogue =>
  Object.fromEntries([...translated].filter(([id, text]) => id !== '' && text !== ''));

/** An .lmo: values, then an index of (key, plural forms, offset, length), then where that begins. */
function byHash(lmo: Buffer = Buffer.alloc(4)): Catalogue {
  const end = lmo.length - 4;
  const entries: [string, string][] = [];
  for (let at = lmo.readUInt32BE(end); at < end; at += 16) {
    const [key = 0, , offset = 0, length = 0] = [0, 4, 8, 12].map((n) => lmo.readUInt32BE(at + n));
    const text = lmo.toString('utf8', offset, offset + length);
    entries.push([key.toString(16).padStart(8, '0'), text]);
  }
  return Object.fromEntries(entries);
}
