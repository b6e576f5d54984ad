// SubjectPublicKeyInfo (RFC 5280 §4.1.2.7): which keys we take from peers, judged before OpenSSL sees them.
// Tiny, huge and odd RSA keys have crashed or fooled IKE daemons (CVE-2018-17540, CVE-2026-14957).
import { toHex } from '../base/bytes.ts';
import type { KeyType } from '../ike/core.ts';
import { Fields, NotDer, readBitBytes, single, Tag, unsignedInteger } from './der.ts';

/** The type of a key that we work with, or why we do not. `why` continues «has …». */
export type KeyJudgement =
  | { readonly ok: true; readonly keyType: KeyType }
  | { readonly ok: false; readonly why: string };

/** Judges a public key by its DER: type, size, exponent, form of the point. Never throws. */
export function judgePublicKey(spki: Uint8Array): KeyJudgement {
  try {
    const fields = new Fields(single(spki, Tag.SEQUENCE, 'public key').body, 'public key');
    const keyType = keyTypes.get(toHex(fields.take(Tag.SEQUENCE).der));
    const key = readBitBytes(fields.take(Tag.BIT_STRING));
    fields.end();
    if (!keyType) return refuse('a key of a kind that we do not know');
    return keyType === 'rsa' ? judgeRsa(key) : judgePoint(keyType, key);
  } catch (error) {
    if (error instanceof NotDer) return refuse('a key that cannot be read');
    throw error;
  }
}

function judgeRsa(key: Uint8Array): KeyJudgement {
  const fields = new Fields(single(key, Tag.SEQUENCE, 'RSA key').body, 'RSA key');
  const modulus = unsignedInteger(fields.take(Tag.INTEGER).body);
  const exponent = unsignedInteger(fields.take(Tag.INTEGER).body);
  fields.end();
  const bits = bitLength(modulus);
  if (bits < minRsaBits) return refuse(`an RSA key of ${bits} bits, too weak`);
  if (bits > maxRsaBits) return refuse(`an RSA key of ${bits} bits, too large`);
  if (!isOdd(modulus)) return refuse('an RSA key with an even modulus');
  const isSane = isOdd(exponent) && bitLength(exponent) >= 2 && exponent.length <= 4;
  return isSane ? { ok: true, keyType: 'rsa' } : refuse('an RSA key with a bad exponent');
}

/** Points come uncompressed, which is the form that everybody must have (RFC 5480 §2.2). */
function judgePoint(keyType: Exclude<KeyType, 'rsa'>, key: Uint8Array): KeyJudgement {
  const isCurve25519 = keyType === 'ed25519';
  const isWellFormed = key.length === pointBytes[keyType] && (isCurve25519 || key[0] === 0x04);
  return isWellFormed ? { ok: true, keyType } : refuse('an elliptic-curve key of the wrong form');
}

const refuse = (why: string): KeyJudgement => ({ ok: false, why });
const isOdd = (number: Uint8Array): boolean => ((number.at(-1) ?? 0) & 1) === 1;
const bitLength = (number: Uint8Array): number =>
  number.length === 0 ? 0 : 8 * number.length - Math.clz32(number[0] ?? 0) + 24;

/** RFC 8247 §3.1.1 wants 2048; above 8192 a signature costs more than it proves. */
const minRsaBits = 2048;
const maxRsaBits = 8192;
const pointBytes = { p256: 65, p384: 97, p521: 133, ed25519: 32 } as const;

/** AlgorithmIdentifier in DER: RFC 3279 §2.3.1, RFC 5480 §2.1.1 (named curves), RFC 8410 §3. */
const keyTypes: ReadonlyMap<string, KeyType> = new Map([
  ['300d06092a864886f70d0101010500', 'rsa'],
  ['301306072a8648ce3d020106082a8648ce3d030107', 'p256'],
  ['301006072a8648ce3d020106052b81040022', 'p384'],
  ['301006072a8648ce3d020106052b81040023', 'p521'],
  ['300506032b6570', 'ed25519'],
]);
