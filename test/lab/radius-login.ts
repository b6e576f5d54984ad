// An EAP peer of ours logs in to a program that is an EAP server behind RADIUS.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { fromText } from '../../src/base/bytes.ts';
import { EapType } from '../../src/iana/eap.ts';
import type { EapEnd } from '../../src/ike/eap/method.ts';
import { encodeEap } from '../../src/ike/eap/packet.ts';
import type { EapPeer } from '../../src/ike/eap/peer.ts';
import type { EapOutside } from './eap-outside.ts';
import { type Attribute, decodeRadius, encodeRequest, hasMsk, Radius } from './radius.ts';

export interface LoggedIn {
  readonly end: EapEnd;
  /** What the server said of us. */
  readonly isAccepted: boolean;
  /** The server's keys are ours. */
  readonly isSameKey: boolean;
  readonly packets: number;
}

/** @throws Error when the server is silent for ten seconds */
export async function logInByRadius(
  outside: EapOutside,
  peer: EapPeer,
  port: number,
): Promise<LoggedIn> {
  const socket = createSocket('udp4');
  socket.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  try {
    const { IDENTITY: type } = EapType;
    let eap = encodeEap({ code: 'request', identifier: 0, type, data: new Uint8Array(0) });
    let state: Uint8Array | undefined;
    for (let id = 0; ; id = (id + 1) % 256) {
      const turn = await outside.run(peer.receive(eap));
      if (turn.kind === 'end') return { end: turn.end, ...silent, packets: id };
      const request = encodeRequest({ code: Radius.REQUEST, id, eap: turn.packet, state, more });
      socket.send(request);
      const [bytes] = await once(socket, 'message', { signal: AbortSignal.timeout(10_000) });
      const answer = decodeRadius(bytes);
      ({ eap, state } = answer);
      if (answer.code === Radius.CHALLENGE) continue;
      const last = await outside.run(peer.receive(eap));
      if (last.kind !== 'end') throw new Error('EAP goes on behind its result');
      const { end } = last;
      const msk = end.kind === 'success' ? end.outcome.msk?.bytes : undefined;
      const isSameKey = msk !== undefined && hasMsk(answer, msk, request.subarray(4, 20));
      return { end, isAccepted: answer.code === Radius.ACCEPT, isSameKey, packets: id };
    }
  } finally {
    peer.wipe();
    socket.close();
  }
}

const silent = { isAccepted: false, isSameKey: false } as const;
/** User-Name and NAS-Identifier: servers want to know who asks. */
const more: readonly Attribute[] = [
  [1, fromText('anna')],
  [32, fromText('a test')],
];
