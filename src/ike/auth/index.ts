// The ways to authenticate: one line each.
import type { RemoteAuth } from '../../policy/policy.ts';
import type { Authenticator } from './authenticator.ts';
import { psk } from './psk.ts';
import { signature } from './signature.ts';

export const authenticators: { readonly [A in RemoteAuth]: Authenticator<A> } = {
  psk,
  pubkey: signature,
};

/** Which way an Authentication Method belongs to. */
export function authOfMethod(method: number): RemoteAuth | undefined {
  const names = Object.keys(authenticators) as RemoteAuth[];
  return names.find((name) => authenticators[name].methods.includes(method));
}
