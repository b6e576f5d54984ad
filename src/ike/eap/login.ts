// Checking a password, whichever method brought it: one guess, counted, and as much work for a user that nobody knows.
import { toText } from '../../base/bytes.ts';
import { userIdentity } from '../../policy/identity.ts';
import type { AccountAnswer } from '../core.ts';
import type { Setback } from '../refusal.ts';
import { sourceOf } from '../sa/half-open.ts';
import { type IkeSa, secondsTried } from '../sa/ike-sa.ts';
import type { Slot } from '../sa/slots.ts';
import { ask, type Steps } from '../steps.ts';
import type { Login, ServerSetting } from './method.ts';

/** The `login` of a server's setting. */
export function loginFor(sa: IkeSa): ServerSetting['login'] {
  const { host } = sa;
  const source = sourceOf(sa.origin);
  return function* login<T>(
    name: Uint8Array,
    check: (ntHash: Uint8Array) => T | undefined,
  ): Steps<Login<T>> {
    const typed = toText(name.subarray(0, longestName));
    const answer = yield* ask('account', { name: typed });
    const account = answer?.ok ? answer : undefined;
    // By the account's own name, or each spelling of a domain would have guesses of its own.
    const guess = { user: (account?.name ?? typed).toLowerCase(), source };
    const mayTry = host.guesses.mayTry(guess, host.now);
    const [hash, former] = hashesOf(mayTry ? account : undefined, host.random(16));
    const proof = check(hash) ?? check(former);
    if (account && proof !== undefined && mayTry) {
      host.guesses.right(guess);
      const grant = { connections: account.connections, most: account.most };
      return { ok: true, identity: userIdentity(account.name), grant, proof };
    }
    if (mayTry) host.guesses.wrong(guess, host.now);
    host.count(mayTry ? 'login.wrong' : 'login.throttled');
    const known = account ? wrongPassword(typed) : unanswered;
    const refusal = mayTry ? (answer?.ok === false ? answer : known) : tooMany(typed);
    sa.slot(state).refused = refusal;
    return refusal;
  };
}

/** @param nobody random bytes, which nothing fits: whatever there is, it takes as long to find out what does not */
function hashesOf(
  account: Extract<AccountAnswer, { ok: true }> | undefined,
  nobody: Uint8Array,
): readonly [Uint8Array, Uint8Array] {
  return [account?.ntHash.bytes ?? nobody, account?.former?.bytes ?? nobody];
}

/** The peer said something in EAP: it believes our certificate. */
export function noteTalk(sa: IkeSa): void {
  sa.slot(state).hasTalked = true;
}

/** Why a login came to nothing that the peer began and gave up: a device may ask its owner again, or just go. */
export function whyGivenUp(sa: IkeSa): Setback {
  const { refused, hasTalked } = sa.slot(state);
  if (refused) return { fault: 'AUTHENTICATION_FAILED', ...refused };
  if (hasTalked) return givenUpAfter(secondsTried(sa));
  return sa.repeats > 0 ? ownAnswerLost : notBelieved;
}

const state: Slot<{ refused: Omit<Setback, 'fault'> | undefined; hasTalked: boolean }> = {
  name: 'login',
  init: () => ({ refused: undefined, hasTalked: false }),
};
const givenUpAfter = (seconds: number): Setback => ({
  ...{ fault: 'no answer', cause: 'login-given-up' },
  why:
    seconds < 1
      ? 'the peer gave up while it logged in by EAP'
      : `the peer gave up while it logged in by EAP, after ${seconds} s`,
  advice: 'It may lack a password, or nobody typed one: look at the device.',
});
const notBelieved: Setback = {
  ...{ fault: 'no answer', cause: 'we-are-not-believed' },
  why: 'the peer saw our certificate and logged in no further',
  advice:
    'It does not trust the authority, or dials a name that is not in the certificate: give it a new profile.',
};
const ownAnswerLost: Setback = {
  ...{ fault: 'no answer', cause: 'answer-lost' },
  why: 'the peer asks again and again for the answer with our certificate',
  advice: 'Our fragments are lost on the way: lower option fragment_size of the connection to 576.',
};

const wrongPassword = (name: string) =>
  ({
    ok: false,
    cause: 'wrong-password',
    why: `wrong password for user «${name}»`,
    advice: 'Type the password again on the device; mind upper case and spaces.',
  }) as const;
const tooMany = (name: string) =>
  ({
    ok: false,
    cause: 'too-many-guesses',
    why: `too many wrong passwords for user «${name}», or from this address`,
    advice: 'Wait some minutes. If it was not you, somebody tries passwords.',
  }) as const;
const unanswered = {
  ok: false,
  cause: 'overloaded',
  why: 'the list of users did not answer',
  advice: 'The router is overloaded; try again.',
} as const;
/** Names of accounts are shorter; the rest would only fill tables and logs. */
const longestName = 256;
