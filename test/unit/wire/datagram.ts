// Datagrams of any content, with a header that fits.
import { concat, fromHex } from '../../../src/base/bytes.ts';
import { encodeMessage } from '../../../src/wire/message.ts';

export const header = {
  spiI: fromHex('0102030405060708'),
  spiR: fromHex('1112131415161718'),
  majorVersion: 2,
  minorVersion: 0,
  exchange: 35,
  isInitiator: true,
  isResponse: false,
  messageId: 1,
};

/** A datagram with this chain behind its header, and the right length in it. */
export function datagram(first: number, chain: Uint8Array): Uint8Array {
  const bytes = concat(encodeMessage(header, []), chain);
  bytes[16] = first;
  new DataView(bytes.buffer).setUint32(24, bytes.length);
  return bytes;
}
