// Who a user name stands for, and whether he may log in today.
import type { Account } from '../config/configuration.ts';
import type { AccountAnswer } from '../ike/core.ts';

/**
 * Names are compared without regard to case, as phones like to begin them with a capital. `DOMAIN\user` is how
 * Windows writes a user, whatever its domain is.
 * @param now wall clock, in milliseconds since 1970
 */
export function findAccount(
  accounts: readonly Account[],
  name: string,
  now: number,
): AccountAnswer {
  const named = (text: string) =>
    accounts.find((account) => account.name.toLowerCase() === text.toLowerCase());
  const account = named(name) ?? named(name.slice(name.lastIndexOf('\\') + 1));
  if (!account) {
    const advice = 'Add a section user, or correct the name on the device.';
    return { ok: false, why: `there is no user «${name}»`, advice };
  }
  if (!account.enabled) {
    const advice = 'Set option enabled of the user to 1 if he may come in.';
    return { ok: false, why: `the user «${account.name}» is disabled`, advice };
  }
  if (account.expires !== undefined && now > account.expires) {
    const advice = 'Set option expires of the user to a later day.';
    return { ok: false, why: `the account of user «${account.name}» has expired`, advice };
  }
  const connections = account.connection === undefined ? undefined : [account.connection];
  return { ok: true, name: account.name, ntHash: account.ntHash, connections };
}
