// The payloads of an ordinary dial, to send as they are or to spoil.
import { ip, ipBytes, type SocketAddress } from '../../src/base/ip.ts';
import { createEngine } from '../../src/crypto/engine.ts';
import { CfgAttribute, CfgType } from '../../src/iana/configuration.ts';
import { Notification } from '../../src/iana/notifies.ts';
import { PayloadType } from '../../src/iana/payloads.ts';
import { Protocol } from '../../src/iana/protocols.ts';
import { KeyExchangeMethod, TransformType } from '../../src/iana/transforms.ts';
import { offer } from '../../src/ike/negotiate/proposals.ts';
import { toWire } from '../../src/ike/negotiate/selectors.ts';
import { everything } from '../../src/policy/selectors.ts';
import { byKeyword } from '../../src/transforms/table.ts';
import { ownId } from '../../src/wire/payloads/id.ts';
import { find, type Payload, payload } from '../../src/wire/payloads/index.ts';
import type { Sa } from '../../src/wire/payloads/sa.ts';
import type { Peer } from './peer.ts';
import { first, present } from './pick.ts';
import { identity, proposals } from './policies.ts';

export const none: Uint8Array = new Uint8Array(0);

/** The engine of everybody in the simulation. */
export const { primitives } = createEngine('node');

export const notify = (type: number, data = none, protocol = 0, spi = none): Payload =>
  payload(PayloadType.NOTIFY, { protocol, spi, type, data });

/** Says where somebody is: with true addresses, that no NAT is on the way (RFC 7296 §2.23). */
export function natDetection(
  { spiI, spiR }: { readonly spiI: Uint8Array; readonly spiR: Uint8Array },
  { from, to }: { readonly from: SocketAddress; readonly to: SocketAddress },
): Payload[] {
  const hash = ({ ip: address, port }: SocketAddress) =>
    primitives.sha1.digest(spiI, spiR, ipBytes(address), Uint8Array.of(port >> 8, port & 0xff));
  return [
    notify(Notification.NAT_DETECTION_SOURCE_IP, hash(from)),
    notify(Notification.NAT_DETECTION_DESTINATION_IP, hash(to)),
  ];
}

/** A responder's choice: the first proposal, with the key exchange method of the KE payload. */
export function firstChoice(offered: Sa, method: number): Payload {
  const proposal = first(offered.proposals, 'proposal');
  const transforms = proposal.transforms.filter(
    ({ type, id }) => type !== TransformType.KE || id === method,
  );
  return payload(PayloadType.SA, { proposals: [{ ...proposal, transforms }] });
}

/** The one suite that our scripted peer speaks, and its offer in IKE_SA_INIT. */
export const ikeSuite = {
  encr: byKeyword('aes256gcm16', 'ENCR'),
  prf: byKeyword('prfsha256', 'PRF'),
  integ: undefined,
};
export const ikeOffer = offer(proposals('ike', 'aes256gcm16-prfsha256-x25519'), none, true);

/** The SPI on which the peer says it receives. */
export const peerSpi = Uint8Array.of(0xc0, 1, 2, 3);

export interface Login {
  readonly id?: string;
  readonly secret?: string;
  readonly idR?: string;
  readonly spi?: Uint8Array;
  readonly extra?: readonly Payload[];
}

/** The payloads of an IKE_AUTH request by pre-shared key. */
export function login(peer: Peer, fields: Login = {}): Payload[] {
  const { id = 'anna@example.org', secret = 'correct horse battery staple', idR } = fields;
  const me = identity(id);
  const idI = ownId(me.type, me.data);
  return [
    payload(PayloadType.IDI, idI),
    ...(idR === undefined ? [] : [whom(idR)]),
    peer.pskAuth(idI, secret),
    ...child(fields.spi),
    ...(fields.extra ?? []),
  ];
}

/** CP, SA, TSi and TSr: the CHILD_SA of a phone that wants everything. */
export function child(spi: Uint8Array = peerSpi): Payload[] {
  const attributes = [{ type: CfgAttribute.INTERNAL_IP4_ADDRESS, value: none }];
  const all = toWire([everything({ start: ip('0.0.0.0'), end: ip('255.255.255.255') })]);
  return [
    payload(PayloadType.CP, { cfgType: CfgType.CFG_REQUEST, attributes }),
    payload(PayloadType.SA, offer(proposals('esp', 'aes256gcm16'), spi, false)),
    payload(PayloadType.TSI, all),
    payload(PayloadType.TSR, all),
  ];
}

/** The same payloads, with `one` instead of the one of its type; appended if there was none. */
export function replaced(payloads: readonly Payload[], one: Payload): Payload[] {
  const isThere = payloads.some(({ type }) => type === one.type);
  return isThere ? payloads.map((old) => (old.type === one.type ? one : old)) : [...payloads, one];
}

export const without = (payloads: readonly Payload[], ...types: readonly number[]): Payload[] =>
  payloads.filter(({ type }) => !types.includes(type));

function whom(name: string): Payload {
  const { type, data } = identity(name);
  return payload(PayloadType.IDR, ownId(type, data));
}

/** New keys for the tunnel whose SPI of the peer is `old`, asking for everything. */
export function rekeyOf(peer: Peer, old: Uint8Array, next: Uint8Array): Payload[] {
  const everywhere = toWire([everything({ start: ip('0.0.0.0'), end: ip('255.255.255.255') })]);
  return [
    notify(Notification.REKEY_SA, none, Protocol.ESP, old),
    payload(PayloadType.SA, offer(proposals('esp', 'aes256gcm16'), next, false)),
    payload(PayloadType.NONCE, { data: peer.rng(32) }),
    payload(PayloadType.TSI, everywhere),
    payload(PayloadType.TSR, everywhere),
  ];
}

/** A nonce that looks like no other. */
export const nonce = payload(PayloadType.NONCE, { data: new Uint8Array(32).fill(7) });

/** Asks for new keys of the IKE SA, which shall have `spi` of us. */
export function ikeRekey(
  spi: Uint8Array,
  method: number = KeyExchangeMethod.CURVE25519,
): Payload[] {
  const texts = ['aes256gcm16-prfsha256-x25519-ecp256-ecp384'];
  const own = exchangeOf(method).offer((bytes) => new Uint8Array(bytes).fill(3));
  return [
    payload(PayloadType.SA, offer(proposals('ike', ...texts), spi, true)),
    nonce,
    payload(PayloadType.KE, { method, data: own.value }),
  ];
}

/** What a peer says to a rekey of the IKE SA: the suite it was offered first, with values of its own. */
export function ikeRekeyed(request: readonly Payload[], spi: Uint8Array): Payload[] {
  const { method, data } = present(find(request, PayloadType.KE), 'KE');
  const { value } = exchangeOf(method).answer((bytes) => new Uint8Array(bytes).fill(4), data);
  const choice = firstChoice(present(find(request, PayloadType.SA), 'SA'), method);
  const proposal = first(find([choice], PayloadType.SA)?.proposals ?? [], 'proposal');
  return [
    payload(PayloadType.SA, { proposals: [{ ...proposal, spi }] }),
    nonce,
    payload(PayloadType.KE, { method, data: value }),
  ];
}

/** What a peer says to a rekey of a tunnel, or to the wish for a new one. */
export function childMade(request: readonly Payload[], spi: Uint8Array): Payload[] {
  const offered = present(find(request, PayloadType.SA), 'SA');
  const selectors = request.filter(
    ({ type }) => type === PayloadType.TSI || type === PayloadType.TSR,
  );
  const proposal = first(offered.proposals, 'proposal');
  return [payload(PayloadType.SA, { proposals: [{ ...proposal, spi }] }), nonce, ...selectors];
}

const exchangeOf = (method: number) =>
  method === KeyExchangeMethod.CURVE25519
    ? primitives.x25519
    : method === KeyExchangeMethod.ECP_256
      ? primitives.p256
      : primitives.p384;
