// Translations as LuCI reads them: a catalogue of gettext (.po) becomes an .lmo, values one behind the other and an
// index of hashes behind them. All numbers are big-endian; every value begins at a multiple of four.

/** One message of a catalogue. */
interface Message {
  context: string | undefined;
  id: string;
  isPlural: boolean;
  /** By plural form. */
  readonly forms: string[];
}

/** @param po the catalogue's text. @returns undefined where nothing is translated */
export function lmoOf(po: string): Buffer | undefined {
  const entries: Entry[] = [];
  const values: Buffer[] = [];
  let offset = 0;
  const add = (key: number, plurals: number, text: string): void => {
    const value = Buffer.from(text);
    entries.push({ key, plurals, offset, length: value.length });
    values.push(value, Buffer.alloc(-value.length & 3));
    offset += (value.length + 3) & ~3;
  };
  for (const message of messagesOf(po)) {
    const rule = message.id === '' ? pluralRule(message) : undefined;
    if (rule !== undefined) add(0, 0, rule);
    if (message.id === '' || !message.forms[0]) continue;
    for (const [form, text] of message.forms.entries()) {
      const key = hash(keyOf(message, form));
      // A text that stays as it is needs no entry.
      if (text && key !== hash(text)) add(key, message.forms.length, text);
    }
  }
  if (offset === 0) return undefined;
  const index = entries
    .sort((a, b) => a.key - b.key)
    .flatMap(({ key, plurals, offset: at, length }) => [key, plurals, at, length]);
  return Buffer.concat([...values, ...[...index, offset].map(uint32)]);
}

interface Entry {
  readonly key: number;
  readonly plurals: number;
  readonly offset: number;
  readonly length: number;
}

/** What LuCI looks a text up by: its context and its plural form belong to it. */
function keyOf({ context, id, isPlural }: Message, form: number): string {
  const begin = context === undefined ? '' : `${context}\x01`;
  return `${begin}${id}${isPlural ? `\x02${form}` : ''}`;
}

/** How many forms there are, and which number has which: a line of the header, which is the message without a text. */
const pluralRule = ({ forms: [header = ''] }: Message): string | undefined =>
  /(?:^|\\n)Plural-Forms: (.*?)\\n/i.exec(header)?.[1];

function messagesOf(po: string): readonly Message[] {
  const messages: Message[] = [];
  let append: (text: string) => void = () => {};
  let context: string | undefined;
  for (const line of po.split('\n')) {
    const match = /^(msgctxt|msgid_plural|msgid|msgstr(?:\[(\d)\])?)?\s*"(.*)"\s*$/.exec(line);
    if (!match) continue;
    const [, keyword, form = '0', text = ''] = match;
    const last = messages.at(-1);
    if (keyword === 'msgctxt') {
      context = '';
      append = (more) => {
        context += more;
      };
    } else if (keyword === 'msgid') {
      const message: Message = { context, id: '', isPlural: false, forms: [] };
      messages.push(message);
      context = undefined;
      append = (more) => {
        message.id += more;
      };
    } else if (keyword === 'msgid_plural') {
      if (last) last.isPlural = true;
      append = () => {};
    } else if (keyword !== undefined) {
      append = (more) => {
        if (last) last.forms[Number(form)] = (last.forms[Number(form)] ?? '') + more;
      };
    }
    append(unescaped(text));
  }
  return messages;
}

/** Quotation marks and backslashes; a line break stays the two characters that it is written as. */
const unescaped = (text: string): string => text.replaceAll(/\\(["\\])/g, '$1');

/** Paul Hsieh's SuperFastHash, begun with the length. */
function hash(text: string): number {
  const data = Buffer.from(text);
  const whole = data.length & ~3;
  let sum = data.length;
  for (let at = 0; at < whole; at += 4) {
    sum = (sum + data.readUInt16LE(at)) >>> 0;
    sum = ((sum << 16) ^ (data.readUInt16LE(at + 2) << 11) ^ sum) >>> 0;
    sum = (sum + (sum >>> 11)) >>> 0;
  }
  return finish(tail(sum, data.subarray(whole)));
}

function tail(sum: number, rest: Buffer): number {
  switch (rest.length) {
    case 3: {
      const mixed = (sum + rest.readUInt16LE(0)) >>> 0;
      const next = (mixed ^ (mixed << 16) ^ (rest.readInt8(2) << 18)) >>> 0;
      return (next + (next >>> 11)) >>> 0;
    }
    case 2: {
      const mixed = (sum + rest.readUInt16LE(0)) >>> 0;
      const next = (mixed ^ (mixed << 11)) >>> 0;
      return (next + (next >>> 17)) >>> 0;
    }
    case 1: {
      const mixed = (sum + rest.readInt8(0)) >>> 0;
      const next = (mixed ^ (mixed << 10)) >>> 0;
      return (next + (next >>> 1)) >>> 0;
    }
    default:
      return sum;
  }
}

function finish(sum: number): number {
  let last = sum;
  for (const [left, right] of [
    [3, 5],
    [4, 17],
    [25, 6],
  ] as const) {
    last = (last ^ (last << left)) >>> 0;
    last = (last + (last >>> right)) >>> 0;
  }
  return last;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
