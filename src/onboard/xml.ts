// Text inside XML 1.0, between tags and in attributes.

/** What XML cannot carry at all (§2.2) is left out; a carriage return would come back as a line feed (§2.11). */
export function xmlText(text: string): string {
  return text
    .replace(unspeakable, '')
    .replace(/[&<>"'\r]/g, (char) => entities[char] ?? `&#${char.charCodeAt(0)};`);
}

/** Control characters, halves of surrogate pairs, and the two that are no characters. */
const unspeakable =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};
