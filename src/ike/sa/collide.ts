// Two rekeys of the same SA that crossed: which of the two new SAs stays (RFC 7296 §2.8.1, §2.8.2).
import { compare } from '../../base/bytes.ts';

/** The lower of the two nonces of an exchange. */
export function lowestNonce(ni: Uint8Array, nr: Uint8Array): Uint8Array {
  return compare(ni, nr) <= 0 ? ni : nr;
}

/**
 * Of four nonces, the exchange with the lowest made the redundant SA; the side that began that exchange closes
 * it, and the side that began the other closes the old one.
 */
export function isRedundant(ours: Uint8Array, theirs: Uint8Array): boolean {
  return compare(ours, theirs) < 0;
}
