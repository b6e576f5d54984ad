// IKE fragmentation: messages in pieces that no router must fragment (RFC 7383).
import { isIpv4 } from '../../base/ip.ts';
import { Exchange } from '../../iana/exchanges.ts';
import { Notification } from '../../iana/notifies.ts';
import { PayloadType } from '../../iana/payloads.ts';
import { maxFromStranger, maxReassembled, Reassembly, split } from '../../wire/fragment.ts';
import type { Header } from '../../wire/header.ts';
import type { Bodies } from '../../wire/payloads/index.ts';
import type { IkeSa } from '../sa/ike-sa.ts';
import type { Slot } from '../sa/slots.ts';
import type { Extension } from './extension.ts';

export const fragmentation: Extension = {
  name: 'fragmentation',
  rfc: 'RFC 7383',
  contribute(sa, draft) {
    if (draft.exchange !== Exchange.IKE_SA_INIT || !draft.has(PayloadType.SA)) return;
    if (sa.role === 'responder' && !sa.slot(state).peerSupports) return;
    draft.notify(Notification.IKEV2_FRAGMENTATION_SUPPORTED);
  },
  observe(sa, received) {
    if (received.exchange !== Exchange.IKE_SA_INIT) return;
    const isOffered = received.notify(Notification.IKEV2_FRAGMENTATION_SUPPORTED) !== undefined;
    sa.slot(state).peerSupports = isOffered;
  },
};

/** The chain of inner payloads in pieces: one where it fits a datagram, or where the peer takes no fragments. */
export function splitFor(sa: IkeSa, chain: Uint8Array): readonly Uint8Array[] {
  const size = sa.connection?.fragmentSize ?? smallestDatagram;
  const { ip } = sa.path.remote;
  const room = sa.outbound.fragmentRoom(size - (isIpv4(ip) ? 20 : 40) - udpAndMarkerBytes);
  if (!sa.slot(state).peerSupports || chain.length <= room) return [chain];
  return split(chain, room);
}

/** Adds an authentic fragment to its message. @returns the chain once it is whole */
export function reassemble(
  sa: IkeSa,
  header: Header,
  { first, number, total }: Bodies[typeof PayloadType.SKF],
  content: Uint8Array,
): { readonly first: number; readonly bytes: Uint8Array } | undefined {
  const slot = sa.slot(state);
  const key = `${header.isResponse} ${header.messageId}`;
  // The window is 1, so a fragment of another message makes the unfinished one moot.
  if (slot.key !== key) {
    slot.key = key;
    const isStranger = sa.establishedAt === undefined;
    slot.reassembly = new Reassembly(isStranger ? maxFromStranger : maxReassembled);
  }
  const result = slot.reassembly.add({ first, number, total, content });
  if (result.kind === 'partial') slot.pieces = result;
  if (result.kind === 'dropped') sa.host.count(`fragment.${result.why}`);
  if (result.kind !== 'whole') return undefined;
  slot.reassembly = new Reassembly();
  slot.key = '';
  slot.pieces = undefined;
  return result;
}

/** Of a message that is not whole yet. */
export const piecesOf = (sa: IkeSa): Pieces | undefined => sa.slot(state).pieces;

const udpAndMarkerBytes = 8 + 4;
/** What every IPv6 path carries (RFC 8200 §5), for messages before a connection was chosen. */
const smallestDatagram = 1280;
interface Pieces {
  readonly have: number;
  readonly total: number;
}
interface State {
  peerSupports: boolean;
  key: string;
  reassembly: Reassembly;
  pieces: Pieces | undefined;
}
const nothing = () => ({ key: '', reassembly: new Reassembly(), pieces: undefined });
const state: Slot<State> = {
  name: 'fragmentation',
  init: () => ({ peerSupports: false, ...nothing() }),
  inherit: ({ peerSupports }) => ({ peerSupports, ...nothing() }),
};
