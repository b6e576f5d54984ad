/** Code field of an EAP packet (RFC 3748 §4). */
export const EapCode = {
  REQUEST: 1, // RFC 3748
  RESPONSE: 2, // RFC 3748
  SUCCESS: 3, // RFC 3748
  FAILURE: 4, // RFC 3748
} as const;

/** EAP Method Types. */
export const EapType = {
  IDENTITY: 1, // RFC 3748
  NOTIFICATION: 2, // RFC 3748
  NAK: 3, // RFC 3748
  MD5_CHALLENGE: 4, // RFC 3748
  GTC: 6, // RFC 3748
  TLS: 13, // RFC 5216
  TTLS: 21, // RFC 5281
  PEAP: 25, // Microsoft
  MSCHAPV2: 26, // Microsoft
  EXTENSIONS: 33, // Microsoft: the result TLVs inside PEAP
  EXPANDED: 254, // RFC 3748
} as const;
