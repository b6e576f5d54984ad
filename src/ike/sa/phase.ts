// How far an IKE SA is. What may come in which phase stands beside each exchange.

/** `intermediate`: further key exchanges before IKE_AUTH; `rekeying`: another SA takes or took its place. */
export type Phase =
  | 'init'
  | 'intermediate'
  | 'auth'
  | 'eap'
  | 'established'
  | 'rekeying'
  | 'closing';
