// The ways to authenticate: one line each.
import type { KeyAuth } from '../../policy/policy.ts';
import type { Authenticator } from './authenticator.ts';
import { psk } from './psk.ts';
import { signature } from './signature.ts';

export const authenticators: { readonly [A in KeyAuth]: Authenticator<A> } = {
  psk,
  pubkey: signature,
};

/** Which way an Authentication Method belongs to. */
export function authOfMethod(method: number): KeyAuth | undefined {
  const names = Object.keys(authenticators) as KeyAuth[];
  return names.find((name) => authenticators[name].methods.includes(method));
}
