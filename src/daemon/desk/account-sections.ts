// How users and devices stand in the configuration: their sections, edits that leave it usable, passwords as hashes.
import { fromText, toHex } from '../../base/bytes.ts';
import type { Account } from '../../config/configuration.ts';
import { type OptionEdits, type SectionName, setOptions } from '../../config/edit.ts';
import { parseUci } from '../../config/uci.ts';
import { ntHash } from '../../crypto/nt-hash.ts';
import { Refused } from '../../rpc/method.ts';
import { accountNamed } from '../accounts.ts';
import { editConfiguration } from '../config-file.ts';
import { type DeskPlace, parse } from './place.ts';

export type Accounts = readonly Account[];

/** Whatever else is in the configuration, it is left so that a daemon can use it. @throws Refused */
export async function edit(place: DeskPlace, change: (text: string) => string): Promise<void> {
  editConfiguration(place.configFile, (text) => usable(change(text)));
  const checked = await place.configured();
  if (checked?.isFine === false) {
    throw new Refused(`it is written, but the configuration cannot be used: ${checked.summary}`);
  }
}

/** Finds out whether an edit would be taken, and leaves everything as it is. @throws Refused */
export function tried(place: DeskPlace, change: (text: string) => string): void {
  editConfiguration(place.configFile, (text) => {
    usable(change(text));
    return text;
  });
}

function usable(text: string): string {
  parse(text);
  return text;
}

/** Notes something that no tunnel depends on: nothing is read again. @throws Refused */
export function note(place: DeskPlace, account: Account, options: OptionEdits): void {
  editConfiguration(place.configFile, (text) => setOptions(text, sectionOf(account), options));
}

export const secretOf = (password: string): OptionEdits => ({
  nthash: toHex(ntHash(fromText(password))),
  password: undefined,
});

/** Keeps the password that stands in the section good until then. */
export function keepFormer(text: string, { name }: SectionName, until: Date): OptionEdits {
  const options = parseUci(text).sections.find((section) => section.name === name)?.options;
  const [hash, plain] = ['nthash', 'password'].map((key) => options?.get(key)?.values[0]?.text);
  const former = hash ?? (plain === undefined ? undefined : secretOf(plain)['nthash']);
  return { former_nthash: former, former_until: instantText(until) };
}

/** @throws Refused for a section that has no name, by which it could be changed */
export function sectionOf({ kind, name, section }: Account): SectionName {
  if (section !== undefined) return { type: kind, name: section };
  throw new Refused(
    `the section of ${kind} '${name}' has no name: write config ${kind} '…' in the configuration`,
  );
}

/** Of a new one the name is made of its own; sections share their names across types. */
export function sectionFor(
  type: Account['kind'],
  name: string,
  old: Account | undefined,
  text: string,
): SectionName {
  if (old) return sectionOf(old);
  const taken = new Set(parseUci(text).sections.map((section) => section.name));
  const base = name.replace(/\W/g, '_').slice(0, 40);
  let free = base;
  for (let i = 2; taken.has(free); i++) free = `${base}_${i}`;
  return { type, name: free };
}

/** `none` takes an option out; undefined leaves it as it is. */
export function given<T>(
  option: string,
  value: T | 'none' | undefined,
  write: (value: T) => string = String,
): OptionEdits {
  if (value === undefined) return {};
  return { [option]: value === 'none' ? undefined : write(value) };
}

export const ofKind = (all: Accounts, kind: Account['kind']): Accounts =>
  all.filter((account) => account.kind === kind);

export const devicesOf = (user: Account, all: Accounts): Accounts =>
  all.filter(({ owner }) => isSame(owner, user));

export const isSame = (owner: string | undefined, { name }: Account): boolean =>
  owner?.toLowerCase() === name.toLowerCase();

/** @throws Refused */
export function found(all: Accounts, name: string): Account {
  const account = accountNamed(all, name);
  if (account) return account;
  throw new Refused(`'${name}' is of a connection that dials, and logs in elsewhere`);
}

/** @throws Refused */
export function userNamed(name: string, accounts: Accounts): Account {
  const user = accountNamed(accounts, name);
  if (user?.kind === 'user') return user;
  throw new Refused(`there is no user '${name}'`);
}

/** @throws Refused */
export function deviceNamed(name: string, accounts: Accounts): Account {
  const device = accountNamed(accounts, name);
  if (device?.kind === 'device') return device;
  throw new Refused(`there is no device '${name}'`);
}

/** Of milliseconds since 1970. */
export const inSeconds = (at: number | undefined): number | undefined =>
  at === undefined ? undefined : Math.floor(at / 1000);
export const instantText = (at: Date): string => at.toISOString().replace(/\.\d+/, '');
