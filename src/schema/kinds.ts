// The kinds of values that any configuration knows: yes or no, numbers, times, names, addresses.
import { type Ip, type Prefix, parseIp, parsePrefix } from '../base/ip.ts';
import { printable } from '../base/printable.ts';
import { type Duration, seconds } from '../base/time.ts';
import { type Kind, kind, type Read } from './describe.ts';

/** A value for the eye: in quotation marks, on one line, never long. */
export const quote = (text: string): string => `«${printable(text, 60)}»`;

/** A result that says why not. */
export const refuse = (why: string, cure: string): Read<never> => ({ ok: false, why, cure });
/** A result that is there. */
export const accept = <T>(value: T): Read<T> => ({ ok: true, value });

/** Yes or no in all the words that OpenWrt takes for it. */
export const flag: Kind<boolean> = kind('1 or 0', (text) => {
  const value = booleans.get(text.toLowerCase());
  if (value !== undefined) return accept(value);
  return refuse(`${quote(text)} is neither yes nor no`, 'Write 1 for yes or 0 for no.');
});

export function oneOf<const T extends string>(choices: readonly T[]): Kind<T> {
  const takes = choices.join(', ').replace(/, ([^,]*)$/, ' or $1');
  return kind(takes, (text) => {
    const value = choices.find((choice) => choice === text);
    if (value !== undefined) return accept(value);
    return refuse(`${quote(text)} is none of the choices`, `Write ${takes}.`);
  });
}

/** A whole number from `least` to `most`. */
export function wholeNumber(least: number, most: number, unit?: string): Kind<number> {
  const takes = `a whole number from ${least} to ${most}`;
  return kind(
    takes,
    (text) => {
      const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
      if (value >= least && value <= most) return accept(value);
      return refuse(`${quote(text)} is not ${takes}`, `Write ${takes}.`);
    },
    unit === undefined ? {} : { unit },
  );
}

/** A time in seconds, fractions allowed. */
export function time(least: number, most: number): Kind<Duration> {
  const takes = `a number from ${least} to ${most}`;
  return kind(
    takes,
    (text) => {
      const value = /^\d{1,9}(\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN;
      if (value >= least && value <= most) return accept(seconds(value));
      return refuse(`${quote(text)} is not a time in seconds`, `Write ${takes}, without a unit.`);
    },
    { unit: 'seconds' },
  );
}

/** As `time`; 0 stands for never and is read as undefined. */
export function timeOrNever(least: number, most: number): Kind<Duration | undefined> {
  const given = time(least, most);
  return kind(
    `0 for never, or ${given.takes}`,
    (text) => {
      if (/^0+(\.0*)?$/.test(text)) return accept(undefined);
      const parsed = given.schema.safeParse(text);
      if (parsed.success) return accept(parsed.data);
      return refuse(
        `${quote(text)} is not a time in seconds`,
        `Write ${given.takes}, without a unit, or 0 for never.`,
      );
    },
    { unit: 'seconds' },
  );
}

/** 0 stands for never and is read as undefined. */
export function amountOrNever(least: number, unit: string): Kind<number | undefined> {
  const given = wholeNumber(least, 10 ** 15, unit);
  const takes = `0 for never, or ${given.takes}`;
  return kind(
    takes,
    (text) => {
      if (/^0+$/.test(text)) return accept(undefined);
      const parsed = given.schema.safeParse(text);
      if (parsed.success) return accept(parsed.data);
      return refuse(`${quote(text)} is not ${takes}`, `Write ${takes}.`);
    },
    { unit },
  );
}

/** A text that a word alone decides, as `auto`, or else another kind. */
export function wordOr<const W extends string, T>(word: W, other: Kind<T>): Kind<W | T> {
  return kind<W | T>(
    `${word}, or ${other.takes}`,
    (text) => {
      if (text === word) return accept(word);
      const parsed = other.schema.safeParse(text);
      if (parsed.success) return accept(parsed.data);
      return refuse(
        `${quote(text)} is neither ${word} nor ${other.takes}`,
        `Write ${word}, or ${other.takes}.`,
      );
    },
    other.unit === undefined ? {} : { unit: other.unit },
  );
}

/** The name of another section. */
export const sectionName: Kind<string> = kind('the name of a section', accept);

/** Any text without control characters. */
export const line: Kind<string> = kind('a text', (text) => {
  if (!/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text) && text !== '') return accept(text);
  return refuse(
    `${quote(text)} is not a line of text`,
    'Write at least one letter, and no control characters.',
  );
});

export const absolutePath: Kind<string> = kind('an absolute path', (text) => {
  if (text.startsWith('/')) return accept(text);
  return refuse(
    `${quote(text)} is not an absolute path`,
    'Write the whole path, beginning with a slash, such as /etc/ikev2/gateway.pem.',
  );
});

function readHttpUrl(text: string): Read<string> {
  if (/^http:\/\/[^\s/@]+(\/[!-~]*)?$/.test(text)) return accept(text);
  return refuse(
    `${quote(text)} is not an http address`,
    'Write it whole, such as http://ocsp.example.org/: what is fetched is signed, https is not needed.',
  );
}
export const httpUrl: Kind<string> = kind('an http address', readHttpUrl);

/** A file or an address. */
export const crlPlace: Kind<string> = kind('an absolute path or an http address', (text) =>
  text.startsWith('/') ? accept(text) : readHttpUrl(text),
);

export const ipAddress: Kind<Ip> = kind('an IP address', (text) => {
  const ip = parseIp(text);
  if (ip) return accept(ip);
  return refuse(
    `${quote(text)} is not an IP address`,
    'Write an address such as 192.168.1.1 or fd00::1.',
  );
});

/** A prefix with its length; a bare address is not enough. The host bits are kept. */
export const ipPrefix: Kind<Prefix> = kind('an IP prefix', (text) => {
  const prefix = text.includes('/') ? parsePrefix(text) : undefined;
  if (prefix) return accept(prefix);
  return refuse(`${quote(text)} is not an IP prefix`, cureOfPrefix(text));
});

/** What to write instead of a text that should have been a prefix. */
export function cureOfPrefix(text: string): string {
  const [address = '', length] = text.split('/');
  const ip = parseIp(address);
  if (!ip) return 'Write an address, a slash and a length, such as 10.3.0.0/24 or fd00:3::/64.';
  const longest = ip.includes(':') ? 128 : 32;
  const suggestion = ip.includes(':') ? `${ip}/64` : `${ip}/24`;
  if (length === undefined) return `Add the length behind a slash, such as ${suggestion}.`;
  return `The length behind the slash goes from 0 to ${longest}, such as ${suggestion}.`;
}

const booleans: ReadonlyMap<string, boolean> = new Map([
  ...['1', 'on', 'true', 'yes', 'enabled'].map((word) => [word, true] as const),
  ...['0', 'off', 'false', 'no', 'disabled'].map((word) => [word, false] as const),
]);
