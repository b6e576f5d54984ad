// In which language somebody hears the page of a one-time link: that of the browser, as far as there are words.
import { translations } from './translations.ts';

export interface Language {
  /** For the page's `lang`. */
  readonly tag: string;
  /** @param says a sentence of ours; one that is not known stays as it is, and so does every value in it */
  readonly say: (says: string) => string;
}

/** @param accepted Accept-Language (RFC 9110 section 12.5.4), from a stranger */
export function languageOf(accepted = ''): Language {
  const ranges = accepted
    .slice(0, longest)
    .split(',')
    .map((range) => {
      const [tag = '', ...parameters] = range
        .trim()
        .toLowerCase()
        .split(/\s*;\s*/);
      const quality = parameters.find((one) => one.startsWith('q='))?.slice(2);
      return { tag: tag.split('-')[0] ?? '', weight: quality === undefined ? 1 : Number(quality) };
    })
    .filter(({ tag, weight }) => weight > 0 && (tag === english.tag || known.has(tag)))
    .sort((a, b) => b.weight - a.weight);
  return known.get(ranges[0]?.tag ?? '') ?? english;
}

const literally = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const longest = 200;
const english: Language = { tag: 'en', say: (says) => says };
const known = new Map(
  Object.entries(translations).map(([tag, table]) => [tag, { tag, say: sayer(table) }]),
);

function sayer(table: Readonly<Record<string, string>>): Language['say'] {
  const shapes = Object.entries(table).map(([shape, words]) => ({
    words,
    pattern: new RegExp(`^${shape.split('%s').map(literally).join('(.*?)')}$`, 's'),
    literal: shape.replaceAll('%s', '').length,
  }));
  // The more of a sentence is its own, the surer it is.
  shapes.sort((a, b) => b.literal - a.literal);
  function say(says: string): string {
    for (const { pattern, words } of shapes) {
      const values = pattern.exec(says)?.slice(1);
      if (values) return words.replace(/%s/g, () => values.shift() ?? '');
    }
    return says;
  }
  return say;
}
