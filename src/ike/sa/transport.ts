// Between a message and the datagrams that carry it: order, protection, fragments (RFC 7296 §3.14, RFC 7383).

import { Reader } from '../../base/bytes.ts';
import { Exchange } from '../../iana/exchanges.ts';
import { PayloadType } from '../../iana/payloads.ts';
import { headerBytes } from '../../wire/header.ts';
import { decodePayloads, encodeMessage, encodePayloads, type Message } from '../../wire/message.ts';
import type { Payload } from '../../wire/payloads/index.ts';
import { inOrder } from '../../wire/rules.ts';
import { coverIntermediate } from '../auth/int-auth.ts';
import type { Path } from '../core.ts';
import { reassemble, splitFor } from '../extensions/fragmentation.ts';
import { type Draft, Received } from '../message.ts';
import type { IkeSa } from './ike-sa.ts';
import type { SealedHeader } from './protect.ts';

/** The header of a message of this SA. */
function headerOf(sa: IkeSa, draft: Draft, messageId: number): SealedHeader {
  return {
    spiI: sa.spiI,
    spiR: sa.spiR,
    majorVersion: 2,
    minorVersion: 0,
    exchange: draft.exchange,
    isInitiator: sa.role === 'initiator',
    isResponse: !draft.isRequest,
    messageId,
  };
}

/** The payloads of a draft as the RFC's figures order them. */
export const ordered = (draft: Draft): Payload[] =>
  inOrder(draft.exchange, !draft.isRequest, draft.payloads);

/** The datagrams of a message: one, or several fragments where the peer can take them. */
export function pack(sa: IkeSa, draft: Draft, messageId: number): readonly Uint8Array[] {
  const header = headerOf(sa, draft, messageId);
  const payloads = ordered(draft);
  if (draft.exchange === Exchange.IKE_SA_INIT) return [encodeMessage(header, payloads)];
  const { first, bytes } = encodePayloads(payloads);
  const pieces = splitFor(sa, bytes);
  const isWhole = pieces.length === 1;
  const datagrams = isWhole
    ? [sa.outbound.seal(header, first, bytes)]
    : pieces.map((piece, i) =>
        sa.outbound.seal(header, i === 0 ? first : 0, piece, {
          number: i + 1,
          total: pieces.length,
        }),
      );
  if (draft.exchange === Exchange.IKE_INTERMEDIATE) {
    const front = (datagrams[0] as Uint8Array).subarray(0, headerBytes);
    coverIntermediate(sa, 'ours', { messageId, front, first, chain: bytes });
  }
  return datagrams;
}

export type Unpacked =
  | { readonly kind: 'message'; readonly received: Received }
  /** An authentic fragment; the message is not complete yet. */
  | { readonly kind: 'fragment' }
  /** The ICV does not fit: nothing in it may be believed. */
  | { readonly kind: 'forged' }
  | { readonly kind: 'unprotected' };

/** Checks and decrypts a datagram of this SA. @throws WireError when authentic content does not parse */
export function unpack(sa: IkeSa, message: Message, bytes: Uint8Array, path: Path): Unpacked {
  const sealed = sealedPayload(message);
  if (!sealed) return { kind: 'unprotected' };
  const plaintext = sa.inbound.open(bytes, sealed.body.sealed);
  if (!plaintext) return { kind: 'forged' };
  const whole =
    sealed.type === PayloadType.SK
      ? { first: sealed.body.first, bytes: plaintext }
      : reassemble(sa, message.header, sealed.body, plaintext);
  if (!whole) return { kind: 'fragment' };
  // Who dialled asks: what else is authentic is not what AUTH covers on the other side.
  const isDue = sa.role === (message.header.isResponse ? 'initiator' : 'responder');
  if (message.header.exchange === Exchange.IKE_INTERMEDIATE && isDue) {
    const front = bytes.subarray(0, bytes.length - sealedBytes(sealed));
    const { messageId } = message.header;
    coverIntermediate(sa, 'theirs', { messageId, front, first: whole.first, chain: whole.bytes });
  }
  const payloads = decodePayloads(whole.first, new Reader(whole.bytes));
  const clear = message.payloads.slice(0, -1);
  const received = new Received(message, { clear, sealed: payloads }, { path, bytes });
  return { kind: 'message', received };
}

/** Whether the peer made this datagram; its content is not looked at. */
export function isAuthentic(sa: IkeSa, message: Message, bytes: Uint8Array): boolean {
  const sealed = sealedPayload(message);
  if (!sealed) return false;
  const keys = [sa.inbound, sa.formerInbound];
  return keys.some((inbound) => inbound?.open(bytes, sealed.body.sealed) !== undefined);
}

/** Of the whole payload, with its header. */
function sealedBytes({ type, body }: NonNullable<ReturnType<typeof sealedPayload>>): number {
  return (type === PayloadType.SK ? 4 : 8) + body.sealed.length;
}

function sealedPayload({ payloads }: Message) {
  const last = payloads.at(-1);
  return last?.type === PayloadType.SK || last?.type === PayloadType.SKF ? last : undefined;
}
