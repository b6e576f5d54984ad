// Whether the wall clock can be believed: a router without a battery starts somewhere in the past.
import type { Held } from '../pki/store.ts';

/** @param held a certificate of ours that is not valid yet proves that the clock was later once */
export function isPlausible(now: Date, held: readonly Held[] = []): boolean {
  const isOwnValid = held.every(({ kind, certificate }) => {
    return kind !== 'certificate' || certificate.notBefore <= now;
  });
  return now.getTime() > earliest && isOwnValid;
}

/** This program did not exist before. */
const earliest = Date.UTC(2026, 0, 1);
