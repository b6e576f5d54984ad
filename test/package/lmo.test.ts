// Translations: the same bytes as LuCI's own converter makes of the same catalogue, and found by the texts of the page.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { languages } from '../../cross/package/languages.ts';
import { lmoOf } from '../../cross/package/lmo.ts';

const catalogue = String.raw`
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\n"

#: view/ikev2/overview.js:10
msgid "Connected"
msgstr "Verbunden"

#: a comment with msgid "no"
msgid "OK"
msgstr "OK"

msgctxt "button"
msgid "Revoke"
msgstr "Sperren"

msgid "Revoke"
msgstr "Widerrufen"

msgid "%d device"
msgid_plural "%d devices"
msgstr[0] "%d Gerät"
msgstr[1] "%d Geräte"

msgid ""
"A text over several "
"lines with \"marks\" and a \\ and\na break"
msgstr ""
"Ein Text über mehrere "
"Zeilen mit „Zeichen“, \"q\" und \\ und\nUmbruch"

msgid "not translated"
msgstr ""

#~ msgid "obsolete"
#~ msgstr "veraltet"

msgid "äöü"
msgstr "x"

msgid "é"
msgstr "yz"

msgid "aé"
msgstr "abc"
`;

/** What LuCI's po2lmo wrote. */
const known = Buffer.from(
  '6e706c7572616c733d323b20706c7572616c3d286e20213d2031293b56657262756e64656e0000005370657272656e005769646572727566656e0000256420476572c3a474000000256420476572c3a47465000045696e205465787420c3bc626572206d656872657265205a65696c656e206d697420e2809e5a65696368656ee2809c2c2022712220756e64205c20756e645c6e556d62727563680078000000797a0000616263000000000000000000000000000000001c0740778c00000002000000480000000a1d4e44c0000000010000001c0000000923ca9e1b000000020000003c0000000934d04b8300000001000000280000000746333ef000000001000000300000000a77a6907e000000010000009c00000001c4fba55400000001000000a000000002ceb6e162000000010000005400000047e3d9c55b00000001000000a400000003000000a8',
  'hex',
);

test('contexts, plural forms, marks, several lines and letters beyond ASCII come out as LuCI has them', () => {
  expect(lmoOf(catalogue)).toEqual(known);
});

test('the index is sorted, and ends with the place where it begins', () => {
  const lmo = lmoOf(catalogue) ?? Buffer.alloc(4);
  const begin = lmo.readUInt32BE(lmo.length - 4);
  const keys: number[] = [];
  for (let at = begin; at < lmo.length - 4; at += 16) keys.push(lmo.readUInt32BE(at));

  expect(keys.length).toBe(10);
  expect(keys).toEqual([...keys].sort((a, b) => a - b));
});

test('a catalogue in which nothing is translated makes no file', () => {
  expect(lmoOf('msgid "Connected"\nmsgstr ""\n')).toBeUndefined();
  expect(lmoOf('')).toBeUndefined();
});

test('each language is a package of its own, which LuCI then offers', () => {
  const root = mkdtempSync(join(tmpdir(), 'ikev2-po-'));
  for (const code of ['templates', 'de', 'xx']) {
    mkdirSync(join(root, 'luci-app/po', code), { recursive: true });
    const translated = code === 'de' ? 'Verbunden' : '';
    const text = `msgid "Connected"\nmsgstr "${translated}"\n`;
    writeFileSync(join(root, 'luci-app/po', code, 'ikev2.po'), text);
  }

  const [german, ...others] = languages(root);
  rmSync(root, { recursive: true });

  expect(others).toEqual([]);
  expect(german?.code).toBe('de');
  expect(german?.tree.files().map(({ path, mode }) => [path, mode])).toEqual([
    ['etc/uci-defaults/luci-i18n-ikev2-de', 0o755],
    ['usr/lib/lua/luci/i18n/ikev2.de.lmo', 0o644],
  ]);
  expect(`${german?.tree.files()[0]?.data}`).toBe(
    "uci set luci.languages.de='Deutsch (German)'; uci commit luci\n",
  );
});
