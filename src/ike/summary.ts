// What a message is, in the RFC's words: its exchange, and the names of its payloads such as IDi, CPRQ, N(COOKIE).
import { CfgType } from '../iana/configuration.ts';
import { Exchange } from '../iana/exchanges.ts';
import { nameOf } from '../iana/name.ts';
import { Notification } from '../iana/notifies.ts';
import { PayloadType } from '../iana/payloads.ts';
import type { Payload } from '../wire/payloads/index.ts';
import type { MessageWords } from './events.ts';

export interface Summarized {
  readonly exchange: number;
  readonly isRequest: boolean;
  readonly messageId: number;
  readonly payloads: readonly Payload[];
}

/** @param fragments how many datagrams it travels in */
export function wordsOf(message: Summarized, fragments: number): MessageWords {
  const payloads = message.payloads.slice(0, mostNames).map(nameOfPayload);
  if (message.payloads.length > mostNames) payloads.push('…');
  const { isRequest, messageId } = message;
  return {
    exchange: nameOf(Exchange, message.exchange),
    isRequest,
    messageId,
    payloads,
    fragments,
  };
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
