// A server and a peer of one EAP method, or one of them against a script.
import type { EapEnd, EapMethod, EapStep } from '../../../../src/ike/eap/method.ts';
import type { EapOutside } from '../../../lab/eap-outside.ts';

export interface Ended {
  readonly server: EapEnd | undefined;
  readonly peer: EapEnd | undefined;
  /** Packets in both directions. */
  readonly packets: readonly Uint8Array[];
}

/**
 * Lets them talk until one ends, or falls silent.
 * @param tamper changes what travels: `at` counts packets from 0, which is the server's start
 */
export async function converse(
  outside: EapOutside,
  server: EapMethod,
  peer: EapMethod,
  tamper: (data: Uint8Array, at: number) => Uint8Array = (data) => data,
): Promise<Ended> {
  const packets: Uint8Array[] = [];
  let ofPeer: EapEnd | undefined;
  let step: EapStep = await outside.run(server.begin(1));
  for (let id = 1; step.kind === 'send' && id < 400; id++) {
    const asked = tamper(step.data, packets.length);
    packets.push(asked);
    const answer = await outside.run(peer.receive(asked, id));
    if (answer.kind === 'end') return { server: undefined, peer: answer.end, packets };
    ofPeer = answer.end ?? ofPeer;
    const said = tamper(answer.data, packets.length);
    packets.push(said);
    step = await outside.run(server.receive(said, id + 1));
  }
  return { server: step.kind === 'end' ? step.end : undefined, peer: ofPeer, packets };
}
