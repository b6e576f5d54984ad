/** IKEv2 Payload Types. */
export const PayloadType = {
  NONE: 0, // RFC 7296
  SA: 33, // RFC 7296
  KE: 34, // RFC 7296
  IDI: 35, // RFC 7296
  IDR: 36, // RFC 7296
  CERT: 37, // RFC 7296
  CERTREQ: 38, // RFC 7296
  AUTH: 39, // RFC 7296
  NONCE: 40, // RFC 7296: Ni, Nr
  NOTIFY: 41, // RFC 7296
  DELETE: 42, // RFC 7296
  VENDOR: 43, // RFC 7296
  TSI: 44, // RFC 7296
  TSR: 45, // RFC 7296
  SK: 46, // RFC 7296
  CP: 47, // RFC 7296
  EAP: 48, // RFC 7296
  SKF: 53, // RFC 7383
  PS: 54, // RFC 8019
} as const;
