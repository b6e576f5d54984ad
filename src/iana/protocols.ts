/** IKEv2 Security Protocol Identifiers. */
export const Protocol = { NONE: 0, IKE: 1, AH: 2, ESP: 3 } as const; // RFC 7296

/** IKEv2 Traffic Selector Types. */
export const TsType = { TS_IPV4_ADDR_RANGE: 7, TS_IPV6_ADDR_RANGE: 8 } as const; // RFC 7296
