// A message in one line, in the RFC's notation: `IKE_AUTH request 1 [IDi AUTH CPRQ SA TSi TSr N(MOBIKE_SUPPORTED)]`.
import { CfgType } from '../iana/configuration.ts';
import { Exchange } from '../iana/exchanges.ts';
import { nameOf } from '../iana/name.ts';
import { Notification } from '../iana/notifies.ts';
import { PayloadType } from '../iana/payloads.ts';
import type { Payload } from '../wire/payloads/index.ts';

export interface Summarized {
  readonly exchange: number;
  readonly isRequest: boolean;
  readonly messageId: number;
  readonly payloads: readonly Payload[];
}

/** @param datagrams how many it travels in */
export function summarize(message: Summarized, datagrams: number): string {
  const direction = message.isRequest ? 'request' : 'response';
  const names = message.payloads.slice(0, mostNames).map(nameOfPayload);
  if (message.payloads.length > mostNames) names.push('…');
  const pieces = datagrams > 1 ? ` in ${datagrams} fragments` : '';
  const exchange = nameOf(Exchange, message.exchange);
  return `${exchange} ${direction} ${message.messageId} [${names.join(' ')}]${pieces}`;
}

function nameOfPayload(payload: Payload): string {
  if (payload.type === PayloadType.NOTIFY) return `N(${nameOf(Notification, payload.body.type)})`;
  if (payload.type === PayloadType.CP) return cpNames[payload.body.cfgType] ?? 'CP';
  return shortNames[payload.type] ?? `${payload.type}`;
}

const mostNames = 24;
const cpNames: Readonly<Record<number, string>> = {
  [CfgType.CFG_REQUEST]: 'CPRQ',
  [CfgType.CFG_REPLY]: 'CPRP',
};
const shortNames: Readonly<Record<number, string>> = {
  [PayloadType.SA]: 'SA',
  [PayloadType.KE]: 'KE',
  [PayloadType.IDI]: 'IDi',
  [PayloadType.IDR]: 'IDr',
  [PayloadType.CERT]: 'CERT',
  [PayloadType.CERTREQ]: 'CERTREQ',
  [PayloadType.AUTH]: 'AUTH',
  [PayloadType.NONCE]: 'No',
  [PayloadType.DELETE]: 'D',
  [PayloadType.VENDOR]: 'V',
  [PayloadType.TSI]: 'TSi',
  [PayloadType.TSR]: 'TSr',
  [PayloadType.EAP]: 'EAP',
};
