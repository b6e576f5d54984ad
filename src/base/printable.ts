// Text from strangers, made fit for one line of a log or a terminal.

/**
 * Escapes what could break a line or fool a reader (controls, line separators, text that turns its
 * direction, lone surrogates) and cuts to at most `longest` characters, with `…` where something is gone.
 */
export function printable(text: string, longest: number): string {
  let out = '';
  for (const char of text) {
    const piece = isTreacherous(char.codePointAt(0) as number) ? escaped(char) : char;
    if (out.length + piece.length > longest) return cut(out, longest);
    out += piece;
  }
  return out;
}

function cut(text: string, longest: number): string {
  const kept = text.slice(0, longest - 1);
  return `${endsInHalf(kept) ? kept.slice(0, -1) : kept}…`;
}

const escaped = (char: string): string => {
  const code = char.codePointAt(0) as number;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
};
const endsInHalf = (text: string): boolean => {
  const last = text.charCodeAt(text.length - 1);
  return last >= 0xd800 && last < 0xdc00;
};

function isTreacherous(code: number): boolean {
  if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return true;
  return treacherous.some(([first, last]) => first <= code && code <= last);
}

/** Soft hyphen; zero-width and direction marks; separators; more direction controls; surrogates; BOM; tags. */
const treacherous: readonly (readonly [number, number])[] = [
  [0xad, 0xad],
  [0x61c, 0x61c],
  [0x200b, 0x200f],
  [0x2028, 0x202e],
  [0x2060, 0x206f],
  [0xd800, 0xdfff],
  [0xfeff, 0xfeff],
  [0xfff9, 0xfffb],
  [0xe0000, 0xe007f],
];
