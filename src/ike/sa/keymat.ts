// Key derivation: SKEYSEED, SK_* and the keys of a CHILD_SA (RFC 7296 §2.13–2.18).
import { concat } from '../../base/bytes.ts';
import { invariant } from '../../base/invariant.ts';
import { Secret } from '../../base/secret.ts';
import type { Mac } from '../../crypto/primitives.ts';
import type { Encr, Integ, Prf } from '../../transforms/table.ts';

/** prf+ (RFC 7296 §2.13). The counter is one octet: at most 255 blocks. */
export function prfPlus(prf: Mac, key: Uint8Array, seed: Uint8Array, length: number): Uint8Array {
  const blocks = Math.ceil(length / prf.outBytes);
  invariant(blocks <= 255, `prf+ cannot give ${length} bytes`);
  const out = new Uint8Array(blocks * prf.outBytes);
  let previous = new Uint8Array(0);
  for (let i = 1; i <= blocks; i++) {
    previous = Uint8Array.from(prf.compute(key, previous, seed, Uint8Array.of(i)));
    out.set(previous, (i - 1) * prf.outBytes);
  }
  previous.fill(0);
  const wanted = out.slice(0, length);
  out.fill(0);
  return wanted;
}

export interface IkeKeys {
  readonly skD: Secret;
  readonly skAi: Secret;
  readonly skAr: Secret;
  readonly skEi: Secret;
  readonly skEr: Secret;
  readonly skPi: Secret;
  readonly skPr: Secret;
}

/** SKEYSEED of a new IKE SA (RFC 7296 §2.14). */
export function skeyseed(prf: Mac, ni: Uint8Array, nr: Uint8Array, shared: Uint8Array): Secret {
  return new Secret(prf.compute(concat(ni, nr), shared));
}

/**
 * SKEYSEED of a rekeyed IKE SA; `skD` and `prf` are the old SA's, `more` what additional key exchanges gave. With the
 * nonces of the handshake it is SKEYSEED(n) as well.
 * @see RFC 7296 §2.18, RFC 9370 §2.2.2, §2.2.4
 */
export function rekeySkeyseed(
  prf: Mac,
  skD: Secret,
  {
    shared,
    ni,
    nr,
    more = [],
  }: { shared: Uint8Array; ni: Uint8Array; nr: Uint8Array; more?: readonly Secret[] },
): Secret {
  return new Secret(prf.compute(skD.bytes, shared, ni, nr, ...more.map(({ bytes }) => bytes)));
}

/**
 * Cuts SK_d | SK_ai | SK_ar | SK_ei | SK_er | SK_pi | SK_pr out of prf+ (RFC 7296 §2.14).
 * SK_e* carry the salt behind the key; SK_a* are empty for an AEAD (RFC 5282 §7).
 */
export function deriveIkeKeys(
  prf: Mac,
  suite: { readonly encr: Encr; readonly prf: Prf; readonly integ?: Integ | undefined },
  seed: Secret,
  context: { ni: Uint8Array; nr: Uint8Array; spiI: Uint8Array; spiR: Uint8Array },
): IkeKeys {
  const encrBytes = keyBytes(suite.encr);
  const integBytes = suite.integ?.keyBytes ?? 0;
  const prfBytes = suite.prf.keyBytes;
  const stream = prfPlus(
    prf,
    seed.bytes,
    concat(context.ni, context.nr, context.spiI, context.spiR),
    3 * prfBytes + 2 * integBytes + 2 * encrBytes,
  );
  const cut = cutter(stream);
  const keys = {
    skD: cut(prfBytes),
    skAi: cut(integBytes),
    skAr: cut(integBytes),
    skEi: cut(encrBytes),
    skEr: cut(encrBytes),
    skPi: cut(prfBytes),
    skPr: cut(prfBytes),
  };
  stream.fill(0);
  return keys;
}

/** Those that a PPK changes. */
export type PpkKeys = Pick<IkeKeys, 'skD' | 'skPi' | 'skPr'>;

/** SK_d, SK_pi and SK_pr = prf+(PPK, what they were), each as long as before (RFC 8784 §3). */
export function mixPpk(prf: Mac, { skD, skPi, skPr }: PpkKeys, ppk: Secret): PpkKeys {
  const mixed = ({ bytes }: Secret): Secret =>
    new Secret(prfPlus(prf, ppk.bytes, bytes, bytes.length));
  return { skD: mixed(skD), skPi: mixed(skPi), skPr: mixed(skPr) };
}

/** SKEYSEED' = prf+(PPK, SK_d), of which all keys are made anew (RFC 9867). */
export function ppkSkeyseed(prf: Mac, skD: Secret, ppk: Secret): Secret {
  return new Secret(prfPlus(prf, ppk.bytes, skD.bytes, prf.outBytes));
}

export function wipeKeys(keys: IkeKeys | PpkKeys): void {
  for (const key of Object.values(keys) as Secret[]) key.wipe();
}

export interface DirectionKeys {
  readonly encryption: Secret;
  readonly integrity: Secret | undefined;
}

/**
 * KEYMAT of a CHILD_SA. The initiator is the one who began this exchange, whoever began the IKE SA.
 * @param shared of the KE payloads; absent without PFS
 * @param more of additional key exchanges, in their order
 * @see RFC 7296 §2.17, RFC 9370 §2.2.4
 */
export function deriveChildKeys(
  prf: Mac,
  skD: Secret,
  suite: { readonly encr: Encr; readonly integ?: Integ | undefined },
  {
    ni,
    nr,
    shared,
    more = [],
  }: {
    ni: Uint8Array;
    nr: Uint8Array;
    shared?: Secret | undefined;
    more?: readonly Secret[] | undefined;
  },
): { readonly initiator: DirectionKeys; readonly responder: DirectionKeys } {
  const encrBytes = keyBytes(suite.encr);
  const integBytes = suite.integ?.keyBytes ?? 0;
  const first = shared?.bytes ?? new Uint8Array(0);
  const seed = concat(first, ni, nr, ...more.map(({ bytes }) => bytes));
  const stream = prfPlus(prf, skD.bytes, seed, 2 * (encrBytes + integBytes));
  const cut = cutter(stream);
  const direction = (): DirectionKeys => ({
    encryption: cut(encrBytes),
    integrity: integBytes > 0 ? cut(integBytes) : undefined,
  });
  const keys = { initiator: direction(), responder: direction() };
  stream.fill(0);
  seed.fill(0);
  return keys;
}

const keyBytes = (encr: Encr): number => encr.keyBits / 8 + encr.saltBytes;

function cutter(stream: Uint8Array): (bytes: number) => Secret {
  let at = 0;
  return (bytes) => {
    at += bytes;
    return new Secret(stream.slice(at - bytes, at));
  };
}
