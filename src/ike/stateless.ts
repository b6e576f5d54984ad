// Unprotected answers for which nothing is kept: COOKIE, INVALID_KE_PAYLOAD, INVALID_MAJOR_VERSION and their like.
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
    messageId,
    payloads,
  }: {
    exchange: number;
    spiI: Uint8Array;
    messageId: number;
    payloads: readonly Payload[];
  },
): void {
  const header = {
    spiI,
    spiR: new Uint8Array(8),
    majorVersion: 2,
    minorVersion: 0,
    exchange,
    isInitiator: false,
    isResponse: true,
    messageId,
  };
  host.emit({ kind: 'send', path, bytes: encodeMessage(header, payloads) });
}
