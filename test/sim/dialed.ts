// A phone that dials a scripted gateway: what a scenario with a hostile responder begins with.
import { ip } from '../../src/base/ip.ts';
import { milliseconds } from '../../src/base/time.ts';
import { PayloadType as P } from '../../src/iana/payloads.ts';
import type { WaitingPacket } from '../../src/ike/core.ts';
import { offer } from '../../src/ike/negotiate/proposals.ts';
import { toWire } from '../../src/ike/negotiate/selectors.ts';
import type { Connection, Policy } from '../../src/policy/policy.ts';
import { everything } from '../../src/policy/selectors.ts';
import { ownId } from '../../src/wire/payloads/id.ts';
import { type Payload, payload } from '../../src/wire/payloads/index.ts';
import { gatewayAddress } from './doorstep.ts';
import { Peer } from './peer.ts';
import { first } from './pick.ts';
import { identity, phone, policy, proposals } from './policies.ts';
import { World } from './world.ts';

/** A dialer that sent its IKE_SA_INIT to a scripted responder. */
export function dialing(
  fields: Partial<Connection> = {},
  packet?: WaitingPacket,
  more: Partial<Policy> = {},
) {
  const world = new World();
  const address = '198.51.100.10';
  const dialer = world.host('phone', address, policy([phone(fields)], more), () => undefined);
  const peer = new Peer(world, { from: gatewayAddress, to: address, role: 'responder' });
  const path = { local: peer.to, remote: peer.from };
  const command = { kind: 'initiate', connection: 'home', path, packet } as const;
  world.input(dialer, { kind: 'command', command });
  world.run(milliseconds(20));
  return { world, dialer, peer, request: first(peer.received()) };
}

/** ... and through to its IKE_AUTH. */
export function authenticating(...how: Parameters<typeof dialing>) {
  const scene = dialing(...how);
  scene.peer.send(scene.peer.answerInit(scene.request));
  return scene;
}

/** The honest answer to its IKE_AUTH. */
export function welcome(peer: Peer): Payload[] {
  const { type, data } = identity('home.example');
  const idR = ownId(type, data);
  const value = Uint8Array.of(10, 3, 0, 2);
  const mine = { start: ip('10.3.0.2'), end: ip('10.3.0.2') };
  const lan = { start: ip('10.1.0.0'), end: ip('10.1.0.255') };
  return [
    payload(P.IDR, idR),
    peer.pskAuth(idR, 'correct horse battery staple'),
    payload(P.CP, { cfgType: 2, attributes: [{ type: 1, value }] }),
    payload(P.SA, offer(proposals('esp', 'aes256gcm16'), Uint8Array.of(0xd0, 0, 0, 1), false)),
    payload(P.TSI, toWire([everything(mine)])),
    payload(P.TSR, toWire([everything(lan)])),
  ];
}
