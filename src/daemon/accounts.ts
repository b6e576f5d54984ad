// Who a user name, a certificate or a tunnel stands for, and whether that user or device may be here at this moment.
import { equal } from '../base/bytes.ts';
import type { Ip } from '../base/ip.ts';
import type { Account, Configuration } from '../config/configuration.ts';
import type { AccountAnswer, Questions, SaSnapshot } from '../ike/core.ts';

type Accounts = readonly Account[];

/**
 * Names are compared without regard to case, as phones like to begin them with a capital. `DOMAIN\user` is how
 * Windows writes a user, whatever its domain is.
 * @param now wall clock, in milliseconds since 1970
 * @param isTime whether that clock can be believed
 */
export function findAccount(
  accounts: Accounts,
  name: string,
  now: number,
  isTime = true,
): AccountAnswer {
  const account =
    accountNamed(accounts, name) ?? accountNamed(accounts, name.slice(name.lastIndexOf('\\') + 1));
  if (!account) {
    const advice = 'Correct the name on the device, or add the user with «ikectl user add».';
    return { ok: false, cause: 'unknown-user', why: `there is no user «${name}»`, advice };
  }
  const bar = whyBarred(account, accounts, now);
  if (bar) return { ok: false, cause: 'account-barred', ...bar };
  // Whose time may be over waits until that can be told. A tunnel that stands is not judged by such a clock.
  const last = isTime ? undefined : endOf(account, accounts);
  if (last !== undefined)
    return { ok: false, cause: 'clock-wrong', ...inDoubt(account, last, now) };
  const { ntHash, maxDevices: most } = account;
  const former = formerOf(account, now)?.ntHash;
  if (!ntHash) return { ok: false, cause: 'no-password', ...withoutPassword(account) };
  const connection = connectionOf(account, accounts);
  const connections = connection === undefined ? undefined : [connection];
  return { ok: true, name: account.name, ntHash, former, connections, most };
}

export interface Bar {
  readonly why: string;
  readonly advice: string;
}

/** Why an account lets nobody in at this moment; undefined: it does. */
export function whyBarred(account: Account, accounts: Accounts, now: number): Bar | undefined {
  const { kind, name, revoked, enabled, expires, owner: ownersName } = account;
  const who = `the ${kind} «${name}»`;
  if (revoked !== undefined) {
    const why = `${who} was revoked on ${dayOf(revoked)}`;
    return { why, advice: 'If it is back in good hands, add it again: «ikectl device add».' };
  }
  if (!enabled) {
    const advice = 'If he may come in again, say «ikectl user enable».';
    return { why: `${who} is disabled`, advice };
  }
  if (expires !== undefined && now > expires) {
    const advice =
      kind === 'user'
        ? 'Give him a later day with «ikectl user set --expires».'
        : 'Set option expires of the device to a later day.';
    return { why: `the account of ${kind} «${name}» has expired`, advice };
  }
  const owner = ownersName === undefined ? undefined : accountNamed(accounts, ownersName);
  return owner && owner.kind === 'user' ? whyBarred(owner, accounts, now) : undefined;
}

/**
 * Why a certificate lets nobody in at this moment, though its chain is good. The serial number is enough for that:
 * who writes it down means to bar it, whichever authority gave it.
 * @param certificate as the verdict on its chain names it
 */
export function whyCertificateBarred(
  certificate: string | undefined,
  accounts: Accounts,
  now: number,
): Bar | undefined {
  const device = accounts.find((account) => hasSerial(account, certificate));
  return device && whyBarred(device, accounts, now);
}

/**
 * Why an IKE SA has to end because of whoever it is of, in words that follow its name.
 * @param old as it was when the SA began, or later
 */
export function whyOut(
  { user: name, certificate, connection }: Pick<SaSnapshot, 'user' | 'certificate' | 'connection'>,
  old: Accounts,
  next: Accounts,
  now: number,
): string | undefined {
  const barred = whyCertificateBarred(certificate, next, now);
  if (barred) return barred.why;
  if (name === undefined) return undefined;
  const account = accountNamed(next, name);
  if (!account) return `«${name}» is not among the users any more`;
  const bar = whyBarred(account, next, now);
  if (bar) return bar.why;
  if (!isStillLetIn(accountNamed(old, name), account, now)) return 'its password changed';
  const allowed = connectionOf(account, next);
  if (allowed === undefined || connection === undefined || allowed === connection) return undefined;
  return 'its user is for another connection';
}

/** The last moment of an account or of its owner's, whichever is earlier; undefined: neither has one. */
function endOf({ expires, owner }: Account, accounts: Accounts): number | undefined {
  const ownersEnd = owner === undefined ? undefined : accountNamed(accounts, owner)?.expires;
  const ends = [expires, ownersEnd].filter((end) => end !== undefined);
  return ends.length === 0 ? undefined : Math.min(...ends);
}

function inDoubt({ kind, name }: Account, last: number, now: number): Bar {
  return {
    why: `the ${kind} «${name}» may come in until ${dayOf(last)}, and the router's clock says ${dayOf(now)}, which cannot be: whether that is over is not known`,
    advice:
      'Wait until the router has the time: it fetches it (NTP) as soon as it reaches the Internet. Who has no last day comes in meanwhile.',
  };
}

/** Addresses to give, and those among them that are somebody's. */
export const addressesOf = ({ pools, accounts }: Pick<Configuration, 'pools' | 'accounts'>) => ({
  pools,
  fixed: accounts.flatMap(({ addresses }) => addresses),
});

/** Whoever came in by this account or certificate. */
export function accountOf(
  accounts: Accounts,
  { user, certificate }: Pick<Questions['lease']['ask'], 'user' | 'certificate'>,
): Account | undefined {
  if (user !== undefined) return accountNamed(accounts, user);
  return accounts.find((one) => hasSerial(one, certificate) && hasIssuer(one, certificate));
}

/** The addresses of its own that whoever asks has. */
export const fixedFor = (
  accounts: Accounts,
  request: Pick<Questions['lease']['ask'], 'user' | 'certificate'>,
): readonly Ip[] => accountOf(accounts, request)?.addresses ?? [];

/** The next moment after `now` at which an account ends. */
export function nextExpiry(accounts: Accounts, now: number): number | undefined {
  const coming = accounts.flatMap(({ expires }) =>
    expires !== undefined && expires >= now ? expires : [],
  );
  return coming.length === 0 ? undefined : Math.min(...coming);
}

export const accountNamed = (accounts: Accounts, name: string): Account | undefined =>
  accounts.find((account) => account.name.toLowerCase() === name.toLowerCase());

const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);

const hasSerial = ({ certificate: serial }: Account, certificate = ''): boolean =>
  serial !== undefined && certificate.slice(certificate.lastIndexOf(':') + 1) === serial;
/** Another authority may have given the same number to somebody else. */
const hasIssuer = ({ issuer }: Account, certificate = ''): boolean =>
  issuer === undefined || certificate.startsWith(`${issuer}:`);

/** A device comes in where its owner does. */
function connectionOf({ connection, owner }: Account, accounts: Accounts): string | undefined {
  if (connection !== undefined || owner === undefined) return connection;
  return accountNamed(accounts, owner)?.connection;
}

/** By the password that it has, or by the one before. */
function isStillLetIn(old: Account | undefined, next: Account, now: number): boolean {
  if (hasSameHash(old, next)) return true;
  const former = formerOf(next, now);
  return (
    old?.ntHash !== undefined &&
    former !== undefined &&
    equal(old.ntHash.bytes, former.ntHash.bytes)
  );
}

const formerOf = ({ former }: Account, now: number): Account['former'] =>
  former && now < former.until ? former : undefined;

function hasSameHash(old: Account | undefined, next: Account): boolean {
  if (!old?.ntHash || !next.ntHash) return old?.ntHash === next.ntHash;
  return equal(old.ntHash.bytes, next.ntHash.bytes);
}

const withoutPassword = ({ kind, name }: Account): Bar => ({
  why: `the ${kind} «${name}» has no password`,
  advice:
    kind === 'device'
      ? 'It proves itself by its certificate: choose that on the device.'
      : 'Its devices have their own names and passwords: «ikectl device list».',
});
