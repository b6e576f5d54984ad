// Unprotected answers for which nothing is kept: COOKIE, INVALID_KE_PAYLOAD, INVALID_IKE_SPI and their like.
import { encodeMessage } from '../wire/message.ts';
import type { Payload } from '../wire/payloads/index.ts';
import type { Path } from './core.ts';
import type { Host } from './host.ts';

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
  }: {
    exchange: number;
    spiI: Uint8Array;
    spiR?: Uint8Array;
    isInitiator?: boolean;
    messageId: number;
    payloads: readonly Payload[];
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
  host.emit({ kind: 'send', path, bytes: encodeMessage(header, payloads) });
}
