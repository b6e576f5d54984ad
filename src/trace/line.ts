// One event as one line for the owner: bounded, escaped, with the fields in a fixed order.
import { formatSocket } from '../base/ip.ts';
import { printable } from '../base/printable.ts';
import type { ChildSnapshot, Path } from '../ike/core.ts';
import type { EventKind, MessageWords, TraceEvent } from '../ike/events.ts';

/** No line is longer, in characters. */
export const longestLine = 300;

/** @returns the event in words; never more than one line, never more than `longestLine` characters */
export function formatEvent(event: TraceEvent): string {
  const place = event.sa === undefined ? '' : `sa ${event.sa}: `;
  return printable(place + wordsOf(event), longestLine);
}

function wordsOf<K extends EventKind>(event: TraceEvent & { readonly kind: K }): string {
  return words[event.kind](event);
}

/** What a stranger sent, in quotes, so that it cannot pass for one of our own fields. */
function quoted(text: string): string {
  return `'${printable(text, 80).replaceAll("'", "\\'")}'`;
}
const reason = (text: string): string => printable(text, 160);
const from = ({ remote }: Path): string => formatSocket(remote);
const known = (label: string, text: string | undefined): string =>
  text === undefined ? '' : `${label} ${quoted(text)} `;

const words: { readonly [K in EventKind]: (event: TraceEvent & { readonly kind: K }) => string } = {
  message: ({ direction, path, bytes, message }) =>
    `${direction === 'in' ? 'from' : 'to'} ${from(path)}, ${bytes} bytes: ${printable(summaryOf(message), 200)}`,
  dropped: ({ path, reason: cause, why }) =>
    `dropped a datagram from ${from(path)}: ${cause}: ${reason(why)}`,
  'sa.established': ({ connection, peer, path, suite, addresses, nat, ppk }) =>
    `up: ${quoted(peer)} on connection ${quoted(connection)} from ${from(path)}` +
    `${nat ? ' behind NAT' : ''}${addresses.length > 0 ? `, has ${addresses.join(' ')}` : ''}, ${suite}` +
    `${ppk === undefined ? '' : ` with PPK ${quoted(ppk)}`}`,
  'sa.closed': ({ connection, peer, path, cause, why }) =>
    `down: ${known('peer', peer)}${known('on connection', connection)}` +
    `from ${from(path)}: ${why === '' ? closing[cause] : reason(why)}`,
  'sa.rekeyed': () => 'new keys for the connection',
  'sa.moved': ({ path }) => `moved: now from ${from(path)}`,
  'child.established': ({ child }) => `tunnel ${child.ref} up: ${tunnel(child)}`,
  'child.closed': ({ child, why }) => `tunnel ${child} down: ${reason(why)}`,
  'attempt.failed': ({ path, peer, connection, notify, why, advice }) =>
    `attempt failed: ${known('peer', peer)}${known('on connection', connection)}` +
    `from ${from(path)}: ${notify}: ${reason(why)}${advice === '' ? '' : `. ${reason(advice)}`}`,
  retransmit: ({ path, messageId, attempt }) =>
    `no answer from ${from(path)} to message ${messageId}: sent again, attempt ${attempt}`,
  repeated: ({ path, messageId }) =>
    `${from(path)} asked again for the answer to message ${messageId}: sent again`,
  'certificate.expiring': ({ name, subject, days }) =>
    `certificate ${quoted(name)} (${printable(subject, 80)}) ` +
    (days < 0 ? 'has expired' : `expires in ${days} days`) +
    ': renew it',
  note: ({ why }) => why,
  bug: ({ why }) => `bug in ikev2d: ${why}; please report it with the stack that follows`,
};

/** `IKE_AUTH request 1 [IDi AUTH CPRQ SA TSi TSr N(MOBIKE_SUPPORTED)] in 3 fragments` */
export function summaryOf(message: MessageWords): string {
  const { exchange, isRequest, messageId, payloads, fragments } = message;
  const pieces = fragments > 1 ? ` in ${fragments} fragments` : '';
  const direction = isRequest ? 'request' : 'response';
  return `${exchange} ${direction} ${messageId} [${payloads.join(' ')}]${pieces}`;
}

const tunnel = ({ local, remote, suite, encap, spiIn, spiOut }: ChildSnapshot): string =>
  `${some(local)} === ${some(remote)}, ${suite}, ` +
  `${encap === 'udp' ? 'ESP in UDP' : 'ESP'}, SPI ${spiIn} in, ${spiOut} out`;

/** The first few of a list, and how many more there are. */
function some(texts: readonly string[]): string {
  const shown = texts.slice(0, 3).join(' ');
  return texts.length > 3 ? `${shown} and ${texts.length - 3} more` : shown;
}

/** Where the core says no more than the cause. */
const closing = {
  'deleted-by-peer': 'the peer hung up',
  'deleted-by-us': 'hung up by us',
  timeout: 'the peer is silent',
  replaced: 'replaced by a new one of the same peer',
  failed: 'the handshake failed',
  bug: 'closed after a bug in ikev2d',
} as const;
