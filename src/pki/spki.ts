// SubjectPublicKeyInfo (RFC 5280 §4.1.2.7): which keys we take from peers, judged before a signature is.
// Tiny, huge and odd RSA keys have crashed or fooled IKE daemons (CVE-2018-17540, CVE-2026-14957).
import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { equal } from '../base/bytes.ts';
import { IdType } from '../iana/identities.ts';
import type { KeyType } from '../ike/core.ts';
import type { Identity } from '../policy/identity.ts';
import type { PinnedKey } from '../policy/policy.ts';

/** The type of a key that we work with, or why we do not. `why` continues «has …». */
export type KeyJudgement =
  | { readonly ok: true; readonly keyType: KeyType }
  | { readonly ok: false; readonly why: string };

export type PublicKeyReading =
  | { readonly ok: true; readonly keyType: KeyType; readonly object: KeyObject }
  | { readonly ok: false; readonly why: string };

/** Judges a public key by its DER: type, size, exponent, form of the point. Never throws. */
export function judgePublicKey(spki: Uint8Array): KeyJudgement {
  const key = readPublicKey(spki);
  return key.ok ? { ok: true, keyType: key.keyType } : key;
}

/** A key that the owner pasted, ready to be believed. Never throws. */
export function pinnedKey(
  spki: Uint8Array,
): { readonly ok: true; readonly key: PinnedKey } | { readonly ok: false; readonly why: string } {
  const judgement = judgePublicKey(spki);
  if (!judgement.ok) return judgement;
  return { ok: true, key: { spki, keyType: judgement.keyType, identity: keyIdentity(spki) } };
}

/** The hash of a public key as an identity. */
export function keyIdentity(spki: Uint8Array): Identity {
  const data = new Uint8Array(createHash('sha256').update(spki).digest().subarray(0, 20));
  return { type: IdType.ID_KEY_ID, data };
}

/** Reads a public key that passes the judgement. Never throws. */
export function readPublicKey(spki: Uint8Array): PublicKeyReading {
  const object = spki.length > maxSpkiBytes ? undefined : load(spki);
  if (!object) return refuse('a key that cannot be read');
  const { asymmetricKeyType: type, asymmetricKeyDetails: { namedCurve } = {} } = object;
  if (type === 'rsa') return judgeRsa(spki, object);
  const form = forms.get(namedCurve ?? type ?? '');
  if (!form) return refuse('a key of a kind that we do not know');
  const { bytes, pointAt } = form;
  const isWellFormed = spki.length === bytes && (pointAt === undefined || spki[pointAt] === 0x04);
  if (!isWellFormed) return refuse('an elliptic-curve key of the wrong form');
  return { ok: true, keyType: form.keyType, object };
}

/** OpenSSL takes no point that is off its curve. */
function load(spki: Uint8Array): KeyObject | undefined {
  try {
    return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  } catch {
    return undefined;
  }
}

function judgeRsa(spki: Uint8Array, object: KeyObject): PublicKeyReading {
  // It reads more than DER: numbers that are negative or padded, bytes behind the key.
  const isDer = equal(object.export({ type: 'spki', format: 'der' }), spki);
  if (!isDer) return refuse('a key that cannot be read');
  const { modulusLength: bits = 0, publicExponent: e = 0n } = object.asymmetricKeyDetails ?? {};
  if (bits < minRsaBits) return refuse(`an RSA key of ${bits} bits, too weak`);
  if (bits > maxRsaBits) return refuse(`an RSA key of ${bits} bits, too large`);
  const modulus = Buffer.from(object.export({ format: 'jwk' }).n ?? '', 'base64url');
  if (!((modulus.at(-1) ?? 0) & 1)) return refuse('an RSA key with an even modulus');
  const isSane = e % 2n === 1n && e >= 3n && e < 2n ** 32n;
  return isSane ? { ok: true, keyType: 'rsa', object } : refuse('an RSA key with a bad exponent');
}

const refuse = (why: string) => ({ ok: false, why }) as const;

/** An RSA key of 16384 bits fits. */
const maxSpkiBytes = 2200;
/** RFC 8247 §3.1.1 wants 2048; above 8192 a signature costs more than it proves. */
const minRsaBits = 2048;
const maxRsaBits = 8192;

/** A SubjectPublicKeyInfo with a named curve and an uncompressed point, as everybody must have (RFC 5480 §2.2). */
interface Form {
  readonly keyType: KeyType;
  readonly bytes: number;
  /** Where a point says that it is neither compressed nor hybrid. */
  readonly pointAt?: number;
}

/** By OpenSSL's name of curve or type. */
const forms: ReadonlyMap<string, Form> = new Map<string, Form>([
  ['prime256v1', { keyType: 'p256', bytes: 91, pointAt: 26 }],
  ['secp384r1', { keyType: 'p384', bytes: 120, pointAt: 23 }],
  ['secp521r1', { keyType: 'p521', bytes: 158, pointAt: 25 }],
  ['ed25519', { keyType: 'ed25519', bytes: 44 }],
]);
