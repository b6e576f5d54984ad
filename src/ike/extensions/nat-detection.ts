// NAT detection: who sits behind a translator, and so whether ESP travels in UDP (RFC 7296 §2.23, RFC 3948).
import { concat, equal } from '../../base/bytes.ts';
import { ipBytes, isIpv4, type SocketAddress } from '../../base/ip.ts';
import { Exchange } from '../../iana/exchanges.ts';
import { Notification } from '../../iana/notifies.ts';
import { PayloadType } from '../../iana/payloads.ts';
import type { Received } from '../message.ts';
import type { IkeSa } from '../sa/ike-sa.ts';
import type { Slot } from '../sa/slots.ts';
import type { Extension } from './extension.ts';

export interface Nat {
  /** The peer takes part: it sent its hashes. */
  readonly supported: boolean;
  readonly local: boolean;
  readonly remote: boolean;
}

/** What was detected; nothing before IKE_SA_INIT is through. */
export const natOf = (sa: IkeSa): Nat => sa.slot(state).nat;

export const natDetection: Extension = {
  name: 'nat-detection',
  rfc: 'RFC 7296 §2.23',
  contribute(sa, draft) {
    if (draft.exchange !== Exchange.IKE_SA_INIT || !draft.has(PayloadType.SA)) return;
    const { local, remote } = sa.path;
    const source = forcesEncapsulation(sa) ? sa.host.random(hashBytes) : hash(sa, local);
    draft.notify(Notification.NAT_DETECTION_SOURCE_IP, source);
    draft.notify(Notification.NAT_DETECTION_DESTINATION_IP, hash(sa, remote));
  },
  observe(sa, received) {
    if (received.exchange === Exchange.IKE_SA_INIT) sa.slot(state).nat = detect(sa, received);
  },
};

/**
 * A false source hash makes the peer see a NAT and encapsulate: UDP is what segmentation offload speeds up
 * and what home networks let through.
 */
function forcesEncapsulation(sa: IkeSa): boolean {
  const { connections } = sa.host.policy;
  const concerned = sa.connection ? [sa.connection] : connections;
  const isForced = ({ encap }: { encap: string }) =>
    encap === 'always' || (encap === 'auto' && isIpv4(sa.path.remote.ip));
  return concerned.some(isForced);
}

function detect(sa: IkeSa, received: Received): Nat {
  const sources = received.notifies(Notification.NAT_DETECTION_SOURCE_IP);
  const destinations = received.notifies(Notification.NAT_DETECTION_DESTINATION_IP);
  const { local, remote } = received.path;
  // In the request SPIr is still zero (RFC 7296 §2.23).
  const spiR = received.isRequest ? new Uint8Array(8) : undefined;
  const isMissing = (notifies: typeof sources, address: SocketAddress) => {
    const expected = hash(sa, address, spiR);
    return notifies.length > 0 && !notifies.some(({ data }) => equal(data, expected));
  };
  return {
    supported: sources.length > 0 && destinations.length > 0,
    remote: isMissing(sources, remote),
    local: isMissing(destinations, local),
  };
}

/** SHA-1(SPIi | SPIr | address | port). */
function hash(sa: IkeSa, { ip, port }: SocketAddress, spiR = sa.spiR): Uint8Array {
  const data = concat(sa.spiI, spiR, ipBytes(ip), Uint8Array.of(port >> 8, port & 0xff));
  return sa.host.primitives.sha1.digest(data);
}

const hashBytes = 20;
const state: Slot<{ nat: Nat }> = {
  name: 'nat-detection',
  init: () => ({ nat: { supported: false, local: false, remote: false } }),
};
