// NAT detection as a client does it (RFC 7296 §2.23), with the lies that some tell.
import { concat, equal } from '../../src/base/bytes.ts';
import { ip, ipBytes, isIpv4, type SocketAddress } from '../../src/base/ip.ts';
import { Notification } from '../../src/iana/notifies.ts';
import { PayloadType } from '../../src/iana/payloads.ts';
import { all, type Payload, payload } from '../../src/wire/payloads/index.ts';
import { insist } from './displeased.ts';
import type { Ghost } from './ghost.ts';
import type { GhostSa } from './ike-sa.ts';
import type { Source } from './model.ts';
import { sha1 } from './suite.ts';

export const notify = (
  type: number,
  data: Uint8Array = new Uint8Array(0),
  { protocol, spi }: { protocol: number; spi: Uint8Array } = {
    protocol: 0,
    spi: new Uint8Array(0),
  },
): Payload => payload(PayloadType.NOTIFY, { protocol, spi, type, data });

/** The data of all notifies of a type. */
export const notified = (payloads: readonly Payload[], type: number): readonly Uint8Array[] =>
  all(payloads, PayloadType.NOTIFY)
    .filter((one) => one.type === type)
    .map(({ data }) => data);

/** The first error among the notifies (RFC 7296 §3.10.1). */
export const errorIn = (
  payloads: readonly Payload[],
): { type: number; data: Uint8Array } | undefined =>
  all(payloads, PayloadType.NOTIFY).find(({ type }) => type < Notification.INITIAL_CONTACT);

export function sourceHash(ghost: Ghost, sa: GhostSa): Payload[] {
  const how = habit(ghost);
  if (how === 'none') return [];
  // The lie is told with an address that nobody has (RFC 5737).
  const from = how === 'true' ? ghost.from : { ...ghost.from, ip: ip('192.0.2.0') };
  return [notify(Notification.NAT_DETECTION_SOURCE_IP, hash(sa, from))];
}

export function destinationHash(ghost: Ghost, sa: GhostSa): Payload[] {
  if (habit(ghost) === 'none') return [];
  return [notify(Notification.NAT_DETECTION_DESTINATION_IP, hash(sa, ghost.to))];
}

/** Reads the gateway's hashes, and settles how ESP travels. */
export function detectNat(ghost: Ghost, sa: GhostSa, payloads: readonly Payload[]): void {
  const sources = notified(payloads, Notification.NAT_DETECTION_SOURCE_IP);
  const destinations = notified(payloads, Notification.NAT_DETECTION_DESTINATION_IP);
  const isSeen =
    (sources.length > 0 && !sources.some((one) => equal(one, hash(sa, ghost.to)))) ||
    (destinations.length > 0 && !destinations.some((one) => equal(one, hash(sa, ghost.from))));
  const isOnIpv6 = !isIpv4(ghost.to.ip);
  insist(!(isSeen && isOnIpv6 && ghost.model.insists.noNatOnIpv6), 'a NAT on IPv6');
  const both = habit(ghost) !== 'none' && sources.length > 0 && destinations.length > 0;
  ghost.detectsNat = both;
  ghost.encap = both && (isSeen || habit(ghost) === 'false') ? 'udp' : 'raw';
}

/** Who took part once goes on to, wherever it moves (RFC 4555 §3.5): there is no NAT on IPv6 to lie about. */
function habit({ model, to, detectsNat }: Ghost): Source {
  const { v4, v6 } = model.source;
  if (isIpv4(to.ip)) return v4;
  return v6 === 'none' && detectsNat ? 'true' : v6;
}

const hash = ({ spiI, spiR }: GhostSa, { ip: address, port }: SocketAddress): Uint8Array =>
  sha1.digest(concat(spiI, spiR, ipBytes(address), Uint8Array.of(port >> 8, port & 0xff)));
