// IKEv2 Transform Types and the IDs of each, as far as this project names them.

export const TransformType = {
  ENCR: 1, // RFC 7296
  PRF: 2, // RFC 7296
  INTEG: 3, // RFC 7296
  KE: 4, // RFC 7296, renamed by RFC 9370
  ESN: 5, // RFC 7296, renamed by RFC 9827
  ADDKE1: 6, // RFC 9370
  ADDKE2: 7, // RFC 9370
  ADDKE3: 8, // RFC 9370
  ADDKE4: 9, // RFC 9370
  ADDKE5: 10, // RFC 9370
  ADDKE6: 11, // RFC 9370
  ADDKE7: 12, // RFC 9370
} as const;

/** Transform attribute: the only one there is (RFC 7296 §3.3.5). */
export const keyLengthAttribute = 14;

export const Encryption = {
  ENCR_3DES: 3, // RFC 2451
  ENCR_NULL: 11, // RFC 2410
  ENCR_AES_CBC: 12, // RFC 3602
  ENCR_AES_CTR: 13, // RFC 3686
  ENCR_AES_GCM_8: 18, // RFC 4106, 5282
  ENCR_AES_GCM_12: 19, // RFC 4106, 5282
  ENCR_AES_GCM_16: 20, // RFC 4106, 5282
  ENCR_CHACHA20_POLY1305: 28, // RFC 7634
} as const;

export const PseudoRandom = {
  PRF_HMAC_MD5: 1, // RFC 2104
  PRF_HMAC_SHA1: 2, // RFC 2104
  PRF_AES128_XCBC: 4, // RFC 4434
  PRF_HMAC_SHA2_256: 5, // RFC 4868
  PRF_HMAC_SHA2_384: 6, // RFC 4868
  PRF_HMAC_SHA2_512: 7, // RFC 4868
  PRF_AES128_CMAC: 8, // RFC 4615
} as const;

export const Integrity = {
  NONE: 0, // RFC 7296
  AUTH_HMAC_MD5_96: 1, // RFC 2403
  AUTH_HMAC_SHA1_96: 2, // RFC 2404
  AUTH_AES_XCBC_96: 5, // RFC 3566
  AUTH_AES_CMAC_96: 8, // RFC 4494
  AUTH_HMAC_SHA2_256_128: 12, // RFC 4868
  AUTH_HMAC_SHA2_384_192: 13, // RFC 4868
  AUTH_HMAC_SHA2_512_256: 14, // RFC 4868
} as const;

export const KeyExchangeMethod = {
  NONE: 0, // RFC 7296
  MODP_1024: 2, // RFC 7296
  MODP_2048: 14, // RFC 3526
  MODP_3072: 15, // RFC 3526
  MODP_4096: 16, // RFC 3526
  ECP_256: 19, // RFC 5903
  ECP_384: 20, // RFC 5903
  ECP_521: 21, // RFC 5903
  CURVE25519: 31, // RFC 8031
  CURVE448: 32, // RFC 8031
  ML_KEM_512: 35, // draft-ietf-ipsecme-ikev2-mlkem
  ML_KEM_768: 36, // draft-ietf-ipsecme-ikev2-mlkem
  ML_KEM_1024: 37, // draft-ietf-ipsecme-ikev2-mlkem
} as const;

/** Sequence Numbers: 32 bits in order, or 64 bits of which 32 travel. */
export const SequenceNumbers = { NO_ESN: 0, ESN: 1 } as const; // RFC 7296, 9827
