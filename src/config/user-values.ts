// The kinds of values that say who may log in: names, passwords, days.
import { fromHex, fromText } from '../base/bytes.ts';
import { Secret } from '../base/secret.ts';
import { anyIdentity, type IdentityPattern, userIdentity } from '../policy/identity.ts';
import { type Kind, kind, type Read } from '../schema/describe.ts';
import { accept, quote, refuse } from '../schema/kinds.ts';

export const userName: Kind<string> = kind('a user name', (text) => {
  const isPlain = /^[^\p{Cc}\p{Zl}\p{Zp}\\*]+$/u.test(text) && text === text.trim();
  if (isPlain && fromText(text).length <= longestName) return accept(text);
  return refuse(
    `${quote(text)} is not a user name`,
    `Write at most ${longestName} bytes, without backslash, asterisk, or blanks around them.`,
  );
});

/** Whom a connection lets in by EAP, or as whom it logs in. */
export interface EapName {
  readonly text: string;
  readonly pattern: IdentityPattern;
}

export const eapName: Kind<EapName> = kind('a user name, *@domain, or any', (text) => {
  if (text === 'any' || text === '%any' || text === '*') {
    return accept({ text, pattern: anyIdentity });
  }
  if (/^\*[^*]+$/.test(text)) {
    const suffix = text.slice(1).replace(/[A-Z]/g, (letter) => letter.toLowerCase());
    return accept({ text, pattern: { kind: 'suffix', suffix } });
  }
  const name = userName.schema.safeParse(text);
  if (name.success) {
    return accept({ text, pattern: { kind: 'exact', identity: userIdentity(text) } });
  }
  return refuse(`${quote(text)} is not a user name`, 'Write a user name, *@ and a domain, or any.');
});

/** Never quoted, whatever is wrong with it; any text is one. */
export const password: Kind<Secret> = kind(
  'any text',
  (text) => {
    if (text !== '') return accept(new Secret(fromText(text)));
    return refuse('an empty password is none', 'Write the password, or remove the section.');
  },
  { isSecret: true },
);

/** As good as the password itself. */
export const passwordHash: Kind<Secret> = kind(
  '32 hexadecimal digits',
  (text) => {
    if (/^[0-9a-fA-F]{32}$/.test(text)) return accept(new Secret(fromHex(text)));
    return refuse(
      'it is not an NT hash',
      'Write 32 hexadecimal digits: MD4 of the password in UTF-16.',
    );
  },
  { isSecret: true },
);

/** When something ends, in milliseconds since 1970: a time, or the end of a day in UTC. */
export const expiry: Kind<number> = kind(
  'a day, such as 2030-12-31, or a time in UTC, such as 2030-12-31T18:00Z',
  (text) => readMoment(text, 'T23:59:59.999Z'),
);

/** When something happened, in milliseconds since 1970: a time, or the beginning of a day in UTC. */
export const moment: Kind<number> = kind(
  'a day, such as 2030-12-31, or a time in UTC, such as 2030-12-31T18:00Z',
  (text) => readMoment(text, 'T00:00:00.000Z'),
);

function readMoment(text: string, ofDay: string): Read<number> {
  const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?Z$/.test(text);
  const isDay = /^\d{4}-\d\d-\d\d$/.test(text);
  const at = isTime ? Date.parse(text) : isDay ? Date.parse(`${text}${ofDay}`) : Number.NaN;
  // A thirtieth of February would be taken for a day of March.
  const isThere =
    !Number.isNaN(at) && new Date(at).toISOString().startsWith(text.replace(/Z$/, ''));
  if (isThere) return accept(at);
  return refuse(
    `${quote(text)} is neither a day nor a time`,
    'Write year, month and day, such as 2030-12-31, or with a time in UTC: 2030-12-31T18:00Z.',
  );
}

/** As `ikectl cert list` shows it. */
export const serialNumber: Kind<string> = kind('a serial number in hexadecimal', (text) => {
  const serial = text.replaceAll(':', '').toLowerCase();
  if (/^([0-9a-f]{2}){1,20}$/.test(serial)) return accept(serial);
  return refuse(
    `${quote(text)} is not a serial number`,
    'Write it in hexadecimal, as «ikectl cert list» shows it.',
  );
});

export type Platform = (typeof platforms)[number];
export const platforms = [
  'ios',
  'macos',
  'windows',
  'android',
  'linux',
  'router',
  'other',
] as const;

/** RFC 7542 §2.2. */
const longestName = 253;
