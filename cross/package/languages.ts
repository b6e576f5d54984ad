// The page's translations: a package for each language, as LuCI's own have them.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lmoOf } from './lmo.ts';
import { compareBytes, Tree } from './tree.ts';

export interface Language {
  /** As LuCI calls it: `de`, `pt_br`. */
  readonly code: string;
  readonly tree: Tree;
}

/** One for each folder of `luci-app/po` that has something to say. */
export function languages(root: string): readonly Language[] {
  const po = join(root, 'luci-app/po');
  if (!existsSync(po)) return [];
  return readdirSync(po)
    .filter((code) => code !== 'templates')
    .sort(compareBytes)
    .flatMap((code) => {
      const tree = new Tree();
      for (const file of readdirSync(join(po, code)).filter((name) => name.endsWith('.po'))) {
        const lmo = lmoOf(readFileSync(join(po, code, file), 'utf8'));
        const name = file.replace(/\.po$/, `.${code}.lmo`);
        if (lmo) tree.file(`usr/lib/lua/luci/i18n/${name}`, lmo);
      }
      if (tree.entries().length === 0) return [];
      const told = `uci set luci.languages.${code}='${languageNames[code] ?? code}'; uci commit luci\n`;
      tree.file(`etc/uci-defaults/luci-i18n-ikev2-${code}`, told, 0o755);
      return [{ code, tree }];
    });
}

/** As LuCI lists them. */
export const languageNames: Readonly<Record<string, string>> = {
  de: 'Deutsch (German)',
  es: 'Español (Spanish)',
  fr: 'Français (French)',
  it: 'Italiano (Italian)',
  nl: 'Nederlands (Dutch)',
};
