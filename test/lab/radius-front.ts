// For EAP peers that speak RADIUS to an authentication server: what they say is handed to an EAP server of ours, and
// what came of it is kept for the test.
import { randomBytes } from 'node:crypto';
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { toHex } from '../../src/base/bytes.ts';
import type { EapEnd } from '../../src/ike/eap/method.ts';
import type { EapServer, EapTurn } from '../../src/ike/eap/server.ts';
import type { EapOutside } from './eap-outside.ts';
import { decodeRadius, encodeAnswer, mppeKeys, Radius } from './radius.ts';

export class RadiusFront {
  readonly #socket: Socket;
  readonly #outside: EapOutside;
  readonly #create: () => EapServer;
  readonly #conversations = new Map<string, EapServer>();
  readonly #seen = new Set<string>();
  /** How conversations ended, in their order. */
  readonly ends: EapEnd[] = [];
  /** Packets of EAP, both ways. */
  packets = 0;

  private constructor(socket: Socket, outside: EapOutside, create: () => EapServer) {
    this.#socket = socket;
    this.#outside = outside;
    this.#create = create;
    socket.on('message', (bytes, from) => void this.#receive(bytes, from));
  }

  /** @param create makes the server of a new conversation, which the peer begins by saying who it is */
  static async open(outside: EapOutside, create: () => EapServer): Promise<RadiusFront> {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new RadiusFront(socket, outside, create);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  close(): void {
    for (const server of this.#conversations.values()) server.wipe();
    this.#socket.close();
  }

  async #receive(bytes: Uint8Array, from: RemoteInfo): Promise<void> {
    const { id, authenticator, eap, state = randomBytes(8) } = decodeRadius(bytes);
    // Each request once: the peer repeats what is not answered soon.
    if (this.#seen.has(toHex(authenticator))) return;
    this.#seen.add(toHex(authenticator));
    const { packet, end } = await this.#turn(toHex(state), eap);
    const msk = end?.kind === 'success' ? end.outcome.msk?.bytes : undefined;
    const draft = {
      code: end === undefined ? Radius.CHALLENGE : results[end.kind],
      id,
      eap: packet,
      state: end ? undefined : state,
      more: msk ? mppeKeys(msk, authenticator) : [],
    };
    this.#socket.send(encodeAnswer(draft, authenticator), from.port, from.address);
  }

  async #turn(key: string, eap: Uint8Array): Promise<EapTurn> {
    this.packets += 2;
    const known = this.#conversations.get(key);
    const server = known ?? this.#create();
    this.#conversations.set(key, server);
    let turn: EapTurn;
    if (known) turn = await this.#outside.run(server.receive(eap));
    else {
      // An authenticator has asked already who it is; the answer fits our own question, but for the identifier.
      const asked = await this.#outside.run(server.begin());
      const identity = eap.slice();
      identity[1] = asked.packet[1] as number;
      turn = await this.#outside.run(server.receive(identity));
    }
    if (turn.end) this.ends.push(turn.end);
    return turn;
  }
}

const results = { success: Radius.ACCEPT, failure: Radius.REJECT } as const;
