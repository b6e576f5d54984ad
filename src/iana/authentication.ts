/** IKEv2 Authentication Method. */
export const AuthMethod = {
  RSA_SIGNATURE: 1, // RFC 7296
  SHARED_KEY: 2, // RFC 7296
  DSS_SIGNATURE: 3, // RFC 7296
  ECDSA_SHA256_P256: 9, // RFC 4754
  ECDSA_SHA384_P384: 10, // RFC 4754
  ECDSA_SHA512_P521: 11, // RFC 4754
  NULL: 13, // RFC 7619
  DIGITAL_SIGNATURE: 14, // RFC 7427
} as const;

/** IKEv2 Hash Algorithms: the content of SIGNATURE_HASH_ALGORITHMS. */
export const SignatureHash = {
  SHA1: 1, // RFC 7427
  SHA2_256: 2, // RFC 7427
  SHA2_384: 3, // RFC 7427
  SHA2_512: 4, // RFC 7427
  IDENTITY: 5, // RFC 8420
} as const;

/** IKEv2 Certificate Encodings. */
export const CertEncoding = {
  PKCS7: 1, // RFC 7296
  X509_SIGNATURE: 4, // RFC 7296
  CRL: 7, // RFC 7296
  HASH_AND_URL: 12, // RFC 7296
  RAW_PUBLIC_KEY: 15, // RFC 7670
} as const;
