// CHILD_SAs that the peer could not make right now (RFC 7296 §2.25), or that it deleted: they are asked for again.
import type { Selector } from '../../policy/selectors.ts';
import type { IkeSa } from './ike-sa.ts';
import { backOff } from './lifetimes.ts';
import type { Slot } from './slots.ts';

export interface Wanted {
  readonly selectors: { readonly local: readonly Selector[]; readonly remote: readonly Selector[] };
  /** How often it was asked for in vain. */
  readonly attempts: number;
}

/** Notes it for later. @returns false when it was asked for often enough */
export function wantLater(sa: IkeSa, { selectors, attempts }: Wanted): boolean {
  if (attempts >= mostAttempts) return false;
  sa.slot(state).wanted.push({ selectors, attempts: attempts + 1 });
  sa.timers.start('new-child', sa.host.now, backOff(sa, attempts));
  return true;
}

/** What is to be asked for again; the caller does. */
export const takeWanted = (sa: IkeSa): readonly Wanted[] => sa.slot(state).wanted.splice(0);

/** An SA that took another's place asks in its stead. */
export function resumeWanting(sa: IkeSa): void {
  if (sa.slot(state).wanted.length > 0) sa.timers.start('new-child', sa.host.now, backOff(sa, 0));
}

const mostAttempts = 10;
const state: Slot<{ readonly wanted: Wanted[] }> = {
  name: 'wanted',
  init: () => ({ wanted: [] }),
  inherit: ({ wanted }) => ({ wanted: [...wanted] }),
};
