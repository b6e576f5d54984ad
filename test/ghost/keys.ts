// Keys as a client derives them, written from RFC 7296 alone: a second opinion on those of the gateway.
import { concat } from '../../src/base/bytes.ts';
import type { Mac } from '../../src/crypto/primitives.ts';
import { insist } from './displeased.ts';
import type { Suite } from './suite.ts';

/** SK_* of an IKE SA; `e` with the salt behind the key. */
export interface IkeKeys {
  readonly d: Uint8Array;
  readonly mine: DirectionKeys;
  readonly theirs: DirectionKeys;
}
export interface DirectionKeys {
  readonly e: Uint8Array;
  readonly a: Uint8Array;
  readonly p: Uint8Array;
}
export interface Nonces {
  readonly ni: Uint8Array;
  readonly nr: Uint8Array;
}

/** T1 | T2 | …, Tn = prf(K, Tn-1 | S | n) (RFC 7296 §2.13). */
function* stream(prf: Mac, key: Uint8Array, seed: Uint8Array): Generator<number> {
  let block: Uint8Array = new Uint8Array(0);
  for (let n = 1; n < 256; n++) {
    block = prf.compute(key, concat(block, seed, Uint8Array.of(n)));
    yield* block;
  }
}

function reader(bytes: Generator<number>): (length: number) => Uint8Array {
  return (length) => Uint8Array.from({ length }, () => Number(bytes.next().value));
}

export const skeyseed = (prf: Mac, { ni, nr }: Nonces, shared: Uint8Array): Uint8Array =>
  prf.compute(concat(ni, nr), shared);

/** Of a rekeyed SA: under SK_d and the PRF of the old one (RFC 7296 §2.18, RFC 9370 §2.2.4). */
export const nextSkeyseed = (
  prf: Mac,
  d: Uint8Array,
  { ni, nr }: Nonces,
  shared: Uint8Array,
  more: readonly Uint8Array[] = [],
): Uint8Array => prf.compute(d, concat(shared, ni, nr, ...more));

export function ikeKeys(
  suite: Suite,
  seed: Uint8Array,
  context: Nonces & { spiI: Uint8Array; spiR: Uint8Array; isInitiator: boolean },
): IkeKeys {
  const { prf, integ } = suite;
  insist(prf, 'an IKE SA without a PRF');
  const { ni, nr, spiI, spiR, isInitiator } = context;
  const take = reader(stream(prf, seed, concat(ni, nr, spiI, spiR)));
  const [d, ai, ar] = [take(prf.outBytes), take(integ?.keyBytes ?? 0), take(integ?.keyBytes ?? 0)];
  const [ei, er] = [take(encrBytes(suite)), take(encrBytes(suite))];
  const [pi, pr] = [take(prf.outBytes), take(prf.outBytes)];
  const initiator = { e: ei, a: ai, p: pi };
  const responder = { e: er, a: ar, p: pr };
  return isInitiator
    ? { d, mine: initiator, theirs: responder }
    : { d, mine: responder, theirs: initiator };
}

export interface ChildKeys {
  readonly encryption: Uint8Array;
  readonly integrity: Uint8Array;
}

/** KEYMAT: first what flows from the side that began the exchange (RFC 7296 §2.17). */
export function childKeys(
  prf: Mac,
  d: Uint8Array,
  suite: Suite,
  {
    ni,
    nr,
    shared,
    more = [],
  }: Nonces & { shared: Uint8Array | undefined; more?: readonly Uint8Array[] },
): readonly [beginner: ChildKeys, other: ChildKeys] {
  const take = reader(stream(prf, d, concat(shared ?? new Uint8Array(0), ni, nr, ...more)));
  const one = (): ChildKeys => ({
    encryption: take(encrBytes(suite)),
    integrity: take(suite.integ?.keyBytes ?? 0),
  });
  return [one(), one()];
}

const encrBytes = ({ encr }: Suite): number => encr.keyBytes + encr.saltBytes;
