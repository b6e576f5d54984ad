// A question for the address of a name, and its answer (RFC 1035 §4): as much of DNS as a phone's system asks.
import { concat, fromText } from '../../src/base/bytes.ts';
import { type Ip, ipFromBytes } from '../../src/base/ip.ts';

/** @param family of the address that is wanted */
export function question(id: number, name: string, family: 4 | 6): Uint8Array {
  const labels = name.split('.').flatMap((label) => [Uint8Array.of(label.length), fromText(label)]);
  const head = Uint8Array.of(id >> 8, id & 0xff, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0);
  return concat(head, ...labels, Uint8Array.of(0, 0, typeOf[family], 0, 1));
}

/** The first address of an answer; `none`: there is no such name; undefined: it answers something else. */
export function answered(
  id: number,
  asked: Uint8Array,
  packet: Uint8Array,
): Ip | 'none' | undefined {
  const [high = 0, low = 0, flags = 0, code = 0] = packet;
  if (((high << 8) | low) !== id || (flags & 0x80) === 0) return undefined;
  const answers = ((packet[6] ?? 0) << 8) | (packet[7] ?? 0);
  if ((code & 0x0f) !== 0 || answers === 0) return 'none';
  // The name of the answer is a pointer to the question: two octets; type, class, lifetime and length follow.
  const at = asked.length + 12;
  const bytes = packet[at - 1] ?? 0;
  return ipFromBytes(packet.subarray(at, at + bytes));
}

const typeOf = { 4: 1, 6: 28 } as const;
