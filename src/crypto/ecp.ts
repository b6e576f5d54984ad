// The ECP groups of RFC 5903: sizes, and how a private key is drawn. On the wire a point is x|y.
import { compare, fromHex, isZero } from '../base/bytes.ts';
import { invariant } from '../base/invariant.ts';
import type { Rng } from './primitives.ts';

/** A NIST curve over a prime field. */
export interface EcpGroup {
  /** Length of one coordinate and of a private key. */
  readonly fieldBytes: number;
  /** Order of the base point. */
  readonly order: Uint8Array;
}

/**
 * A private key: 0 < d < order. Draws again where a draw does not fit, so that every key is equally likely
 * (FIPS 186-5 A.2.2). That happens once in 2³² draws; eight in a row is a broken generator.
 */
export function drawScalar(rng: Rng, { fieldBytes, order }: EcpGroup): Uint8Array {
  for (let tries = 0; tries < 8; tries++) {
    const scalar = rng(fieldBytes);
    if (!isZero(scalar) && compare(scalar, order) < 0) return scalar;
    scalar.fill(0);
  }
  invariant(false, 'the random generator yields no private key');
}

/** RFC 5903 leaves out the leading byte 4 of the uncompressed form that libraries use (SEC 1 §2.3.3). */
export function toUncompressed(value: Uint8Array): Uint8Array {
  const point = new Uint8Array(1 + value.length);
  point[0] = 4;
  point.set(value, 1);
  return point;
}

/** Group 19: RFC 5903 §3.1. */
export const ecp256: EcpGroup = {
  fieldBytes: 32,
  order: fromHex('FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551'),
};

/** Group 20: RFC 5903 §3.2. */
export const ecp384: EcpGroup = {
  fieldBytes: 48,
  order: fromHex(
    `FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF
     C7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973`,
  ),
};
