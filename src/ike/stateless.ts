// Unprotected answers for which nothing is kept: COOKIE, INVALID_KE_PAYLOAD, INVALID_IKE_SPI and their like.
import { encodeMessage } from '../wire/message.ts';
import type { Payload } from '../wire/payloads/index.ts';
import type { Path } from './core.ts';
import type { Host } from './host.ts';

/** Bytes of a notify without data: a bare header, too, may be told that its version is none of ours (RFC 7296 §2.5). */
const emptyNotify = 8;

export function sendBare(
  host: Host,
  path: Path,
  {
    exchange,
    spiI,
    spiR = new Uint8Array(8),
    isInitiator = false,
    messageId,
    payloads,
    came,
  }: {
    exchange: number;
    spiI: Uint8Array;
    spiR?: Uint8Array;
    isInitiator?: boolean;
    messageId: number;
    payloads: readonly Payload[];
    /** Bytes that it answers. */
    came: number;
  },
): void {
  const header = {
    spiI,
    spiR,
    majorVersion: 2,
    minorVersion: 0,
    exchange,
    isInitiator,
    isResponse: true,
    messageId,
  };
  const bytes = encodeMessage(header, payloads);
  // An address may be forged: what goes there must not be more than what came, but for one word of refusal.
  if (bytes.length <= came + emptyNotify) host.emit({ kind: 'send', path, bytes });
  else host.count('answer.withheld');
}
