// THE table: one row says everything about a transform, from its keyword in a configuration to its engine.
// Numbers come from the IANA registry; what a peer may choose is decided by proposals, not here.
import {
  Encryption as E,
  Integrity as I,
  KeyExchangeMethod as K,
  PseudoRandom as P,
  SequenceNumbers as S,
  TransformType,
} from '../iana/transforms.ts';
import type { AeadRow, AnyRow, CipherRow, EsnRow, IntegRow, KeRow, PrfRow } from './row.ts';

const aesGcm = {
  type: 'ENCR',
  id: E.ENCR_AES_GCM_16,
  hasKeyLength: true,
  aead: true,
  engine: 'aesGcm',
  saltBytes: 4,
  ivBytes: 8,
  icvBytes: 16,
  blockBytes: 1,
  wiresharkEsp: 'AES-GCM with 16 octet ICV [RFC4106]',
  ike: true,
  esp: true,
  rfc: 'RFC 4106, 5282',
} as const;
const aesCbc = {
  type: 'ENCR',
  id: E.ENCR_AES_CBC,
  hasKeyLength: true,
  aead: false,
  engine: 'aesCbc',
  saltBytes: 0,
  ivBytes: 16,
  icvBytes: 0,
  blockBytes: 16,
  wiresharkEsp: 'AES-CBC [RFC3602]',
  ike: true,
  esp: true,
  rfc: 'RFC 3602',
} as const;
const bits128 = { keyBits: 128, strength: 128 } as const;
const bits192 = { keyBits: 192, strength: 192 } as const;
const bits256 = { keyBits: 256, strength: 256 } as const;

const sha1 = { engine: 'hmacSha1', keyBytes: 20, strength: 128 } as const;
const sha256 = { engine: 'hmacSha256', keyBytes: 32, strength: 256, rfc: 'RFC 4868' } as const;
const sha384 = { engine: 'hmacSha384', keyBytes: 48, strength: 256, rfc: 'RFC 4868' } as const;
const sha512 = { engine: 'hmacSha512', keyBytes: 64, strength: 256, rfc: 'RFC 4868' } as const;

const modp = { type: 'KE', postQuantum: false, rfc: 'RFC 3526' } as const;
const ecp = { type: 'KE', postQuantum: false, rfc: 'RFC 5903' } as const;
const mlKem = { type: 'KE', postQuantum: true, rfc: 'draft-ietf-ipsecme-ikev2-mlkem' } as const;

/** Every transform that this program knows. */
export const transforms = [
  {
    ...aesGcm,
    keyword: 'aes128gcm16',
    ...bits128,
    wiresharkIke: 'AES-GCM-128 with 16 octet ICV [RFC5282]',
  },
  {
    ...aesGcm,
    keyword: 'aes192gcm16',
    ...bits192,
    wiresharkIke: 'AES-GCM-192 with 16 octet ICV [RFC5282]',
  },
  {
    ...aesGcm,
    keyword: 'aes256gcm16',
    ...bits256,
    wiresharkIke: 'AES-GCM-256 with 16 octet ICV [RFC5282]',
  },
  {
    ...aesGcm,
    keyword: 'chacha20poly1305',
    id: E.ENCR_CHACHA20_POLY1305,
    ...bits256,
    hasKeyLength: false,
    engine: 'chacha20Poly1305',
    wiresharkIke: undefined,
    wiresharkEsp: undefined,
    rfc: 'RFC 7634',
  },
  { ...aesCbc, keyword: 'aes128', ...bits128, wiresharkIke: 'AES-CBC-128 [RFC3602]' },
  { ...aesCbc, keyword: 'aes192', ...bits192, wiresharkIke: 'AES-CBC-192 [RFC3602]' },
  { ...aesCbc, keyword: 'aes256', ...bits256, wiresharkIke: 'AES-CBC-256 [RFC3602]' },

  {
    type: 'PRF',
    keyword: 'prfsha1',
    id: P.PRF_HMAC_SHA1,
    ...sha1,
    outBytes: 20,
    rfc: 'RFC 2104',
  },
  { type: 'PRF', keyword: 'prfsha256', id: P.PRF_HMAC_SHA2_256, ...sha256, outBytes: 32 },
  { type: 'PRF', keyword: 'prfsha384', id: P.PRF_HMAC_SHA2_384, ...sha384, outBytes: 48 },
  { type: 'PRF', keyword: 'prfsha512', id: P.PRF_HMAC_SHA2_512, ...sha512, outBytes: 64 },

  {
    type: 'INTEG',
    keyword: 'sha1',
    id: I.AUTH_HMAC_SHA1_96,
    ...sha1,
    icvBytes: 12,
    wiresharkIke: 'HMAC_SHA1_96 [RFC2404]',
    wiresharkEsp: 'HMAC-SHA-1-96 [RFC2404]',
    rfc: 'RFC 2404',
  },
  {
    type: 'INTEG',
    keyword: 'sha256',
    id: I.AUTH_HMAC_SHA2_256_128,
    ...sha256,
    icvBytes: 16,
    wiresharkIke: 'HMAC_SHA2_256_128 [RFC4868]',
    wiresharkEsp: 'HMAC-SHA-256-128 [RFC4868]',
  },
  {
    type: 'INTEG',
    keyword: 'sha384',
    id: I.AUTH_HMAC_SHA2_384_192,
    ...sha384,
    icvBytes: 24,
    wiresharkIke: 'HMAC_SHA2_384_192 [RFC4868]',
    wiresharkEsp: 'HMAC-SHA-384-192 [RFC4868]',
  },
  {
    type: 'INTEG',
    keyword: 'sha512',
    id: I.AUTH_HMAC_SHA2_512_256,
    ...sha512,
    icvBytes: 32,
    wiresharkIke: 'HMAC_SHA2_512_256 [RFC4868]',
    wiresharkEsp: 'HMAC-SHA-512-256 [RFC4868]',
  },

  {
    ...modp,
    keyword: 'modp1024',
    id: K.MODP_1024,
    engine: 'modp1024',
    strength: 80,
    rfc: 'RFC 2409',
  },
  { ...modp, keyword: 'modp2048', id: K.MODP_2048, engine: 'modp2048', strength: 112 },
  { ...modp, keyword: 'modp3072', id: K.MODP_3072, engine: 'modp3072', strength: 128 },
  { ...modp, keyword: 'modp4096', id: K.MODP_4096, engine: 'modp4096', strength: 152 },
  { ...ecp, keyword: 'ecp256', id: K.ECP_256, engine: 'p256', strength: 128 },
  { ...ecp, keyword: 'ecp384', id: K.ECP_384, engine: 'p384', strength: 192 },
  {
    type: 'KE',
    keyword: 'x25519',
    id: K.CURVE25519,
    engine: 'x25519',
    strength: 128,
    postQuantum: false,
    rfc: 'RFC 8031',
  },
  { ...mlKem, keyword: 'mlkem512', id: K.ML_KEM_512, engine: 'mlKem512', strength: 128 },
  { ...mlKem, keyword: 'mlkem768', id: K.ML_KEM_768, engine: 'mlKem768', strength: 192 },
  { ...mlKem, keyword: 'mlkem1024', id: K.ML_KEM_1024, engine: 'mlKem1024', strength: 256 },

  { type: 'ESN', keyword: 'noesn', id: S.NO_ESN, strength: 0, rfc: 'RFC 7296' },
  { type: 'ESN', keyword: 'esn', id: S.ESN, strength: 0, rfc: 'RFC 7296' },
] as const satisfies readonly AnyRow[];

/** `ENCR`, `PRF`, `INTEG`, `KE` or `ESN`. */
export type TransformKind = (typeof transforms)[number]['type'];
/** The keywords of one transform type, or of all. */
export type Keyword<T extends TransformKind = TransformKind> = Extract<
  (typeof transforms)[number],
  { readonly type: T }
>['keyword'];

/** An encryption algorithm; `aead` tells which of the two kinds. */
export type Encr = (AeadRow | CipherRow) & { readonly keyword: Keyword<'ENCR'> };
/** A pseudorandom function. */
export type Prf = PrfRow & { readonly keyword: Keyword<'PRF'> };
/** An integrity algorithm. */
export type Integ = IntegRow & { readonly keyword: Keyword<'INTEG'> };
/** A key exchange method. */
export type Ke = KeRow & { readonly keyword: Keyword<'KE'> };
/** Sequence numbers of 32 or 64 bits. */
export type Esn = EsnRow & { readonly keyword: Keyword<'ESN'> };
/** A row of the table. */
export type Transform = Encr | Prf | Integ | Ke | Esn;
/** The rows of one type. */
export type TransformOf<T extends TransformKind> = Extract<Transform, { readonly type: T }>;

/** The row with this keyword; with `type`, only if it is of that type. Aliases are parse.ts's affair. */
export function byKeyword(keyword: string): Transform | undefined;
export function byKeyword<T extends TransformKind>(keyword: Keyword<T>, type: T): TransformOf<T>;
export function byKeyword<T extends TransformKind>(
  keyword: string,
  type: T,
): TransformOf<T> | undefined;
export function byKeyword(keyword: string, type?: TransformKind): Transform | undefined {
  return transforms.find((row) => row.keyword === keyword && (!type || row.type === type));
}

/**
 * What a transform on the wire means to us; undefined: we do not know it, so it is skipped.
 * @param type  IANA Transform Type
 * @param keyBits the Key Length attribute; where it does not belong, the transform is unknown (RFC 7296 §3.3.5)
 */
export function byId(type: number, id: number, keyBits: number | undefined): Transform | undefined {
  return transforms.find(
    (row) => ianaType(row) === type && row.id === id && keyLength(row) === keyBits,
  );
}

/** IANA Transform Type of a row. */
export function ianaType(transform: Transform): number {
  return TransformType[transform.type];
}

/** Value of the Key Length attribute of a transform; undefined: none travels (RFC 7296 §3.3.5). */
export function keyLength(transform: Transform): number | undefined {
  return transform.type === 'ENCR' && transform.hasKeyLength ? transform.keyBits : undefined;
}
