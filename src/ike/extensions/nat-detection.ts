// NAT detection: who sits behind a translator, and so whether ESP travels in UDP (RFC 7296 §2.23, RFC 3948).
import { concat, equal } from '../../base/bytes.ts';
import { ipBytes, isIpv4, type SocketAddress } from '../../base/ip.ts';
import { Exchange } from '../../iana/exchanges.ts';
import { Notification } from '../../iana/notifies.ts';
import { PayloadType } from '../../iana/payloads.ts';
import type { Draft, Received } from '../message.ts';
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

/**
 * How ESP travels: in UDP where somebody translates, or where we made the peer believe so; else as IP protocol
 * 50. A peer that takes no part in the detection knows only that (Android on IPv6).
 */
export function encapsulationOf(sa: IkeSa): 'udp' | 'raw' {
  const { supported, local, remote } = natOf(sa);
  return supported && (local || remote || forcesEncapsulation(sa)) ? 'udp' : 'raw';
}

export const natDetection: Extension = {
  name: 'nat-detection',
  rfc: 'RFC 7296 §2.23',
  contribute(sa, draft) {
    if (!carriesHashes(sa, draft)) return;
    const slot = sa.slot(state);
    slot.falseSource ??= sa.host.random(hashBytes);
    const source = forcesEncapsulation(sa) ? slot.falseSource : hash(sa, sa.path.local);
    draft.notify(Notification.NAT_DETECTION_SOURCE_IP, source);
    draft.notify(Notification.NAT_DETECTION_DESTINATION_IP, hash(sa, sa.path.remote));
  },
  observe(sa, received) {
    if (received.exchange === Exchange.IKE_SA_INIT) sa.slot(state).nat = detect(sa, received);
    if (received.exchange !== Exchange.INFORMATIONAL) return;
    const hasHashes = received.notify(Notification.NAT_DETECTION_SOURCE_IP) !== undefined;
    if (received.isRequest) sa.slot(state).isAsked = hasHashes;
    else if (hasHashes) detectAgain(sa, received);
  },
};

/** The path changed: looks for NATs on the new one, where the message says anything of them (RFC 4555 §3.5). */
export function detectAgain(sa: IkeSa, received: Received): void {
  const nat = detect(sa, received);
  if (nat.supported) sa.slot(state).nat = nat;
}

/**
 * IKE_SA_INIT; an address update; and the answer to whoever sends them: some peers look for a new NAT mapping
 * in every probe (RFC 4555 §3.8).
 */
function carriesHashes(sa: IkeSa, draft: Draft): boolean {
  if (draft.exchange === Exchange.IKE_SA_INIT) return draft.has(PayloadType.SA);
  if (draft.exchange !== Exchange.INFORMATIONAL) return false;
  const types = draft.payloads.map((one) => one.type === PayloadType.NOTIFY && one.body.type);
  return draft.isRequest
    ? types.includes(Notification.UPDATE_SA_ADDRESSES)
    : sa.slot(state).isAsked;
}

/**
 * A false source hash makes the peer see a NAT and encapsulate: on IPv4 UDP is what segmentation offload speeds
 * up and what home networks let through. On IPv6 Android ends the handshake when it sees a NAT.
 */
function forcesEncapsulation(sa: IkeSa): boolean {
  const { connections } = sa.host.policy;
  const concerned = sa.connection ? [sa.connection] : connections;
  const isV4 = isIpv4(sa.path.remote.ip);
  return concerned.some(({ encap }) => encap === 'always' || (encap === 'auto' && isV4));
}

function detect(sa: IkeSa, received: Received): Nat {
  const sources = received.notifies(Notification.NAT_DETECTION_SOURCE_IP);
  const destinations = received.notifies(Notification.NAT_DETECTION_DESTINATION_IP);
  const { local, remote } = received.path;
  // In the very first request SPIr is still zero: the header says (RFC 7296 §2.23).
  const { spiR } = received;
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
const state: Slot<{ nat: Nat; falseSource: Uint8Array | undefined; isAsked: boolean }> = {
  name: 'nat-detection',
  init: () => ({
    nat: { supported: false, local: false, remote: false },
    falseSource: undefined,
    isAsked: false,
  }),
  inherit: (old) => ({ ...old }),
};
