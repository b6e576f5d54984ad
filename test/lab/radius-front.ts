// Just enough of RADIUS (RFC 2865, 3579, 2548) for EAP peers that speak it to an authentication server: what they
// say is handed to an EAP server of ours, and what came of it is kept for the test. On loopback alone.
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { concat } from '../../src/base/bytes.ts';
import type { EapEnd } from '../../src/ike/eap/method.ts';
import type { EapServer, EapTurn } from '../../src/ike/eap/server.ts';
import type { EapOutside } from './eap-outside.ts';

export const radiusSecret = 'loopback alone';

export class RadiusFront {
  readonly #socket: Socket;
  readonly #outside: EapOutside;
  readonly #create: () => EapServer;
  readonly #conversations = new Map<string, EapServer>();
  readonly #answers = new Map<string, Uint8Array>();
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
    // Each request once: the peer repeats what is not answered soon.
    const authenticator = Buffer.from(bytes.subarray(4, 20)).toString('hex');
    if (this.#answers.has(authenticator)) return;
    this.#answers.set(authenticator, new Uint8Array(0));
    const attributes = readAttributes(bytes.subarray(20));
    const eap = concat(...attributes.filter(([type]) => type === EAP_MESSAGE).map(([, v]) => v));
    const state = attributes.find(([type]) => type === STATE)?.[1];
    const key = state ? Buffer.from(state).toString('hex') : randomBytes(8).toString('hex');
    const turn = await this.#turn(key, eap);
    const reply = answer(bytes, key, turn);
    this.#socket.send(reply, from.port, from.address);
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

type Attribute = readonly [type: number, value: Uint8Array];

function readAttributes(bytes: Uint8Array): Attribute[] {
  const attributes: Attribute[] = [];
  for (let at = 0; at < bytes.length; at += bytes[at + 1] as number) {
    const [type, length] = [bytes[at] as number, bytes[at + 1] as number];
    if (length < 2 || at + length > bytes.length) throw new Error('a RADIUS attribute lies');
    attributes.push([type, bytes.subarray(at + 2, at + length)]);
  }
  return attributes;
}

function answer(request: Uint8Array, state: string, { packet, end }: EapTurn): Uint8Array {
  const authenticator = request.subarray(4, 20);
  const msk = end?.kind === 'success' ? end.outcome.msk?.bytes : undefined;
  const attributes: Attribute[] = [
    ...pieces(packet).map((piece) => [EAP_MESSAGE, piece] as const),
    ...(end ? [] : [[STATE, Buffer.from(state, 'hex')] as const]),
    ...(msk ? mppeKeys(msk, authenticator) : []),
    [MESSAGE_AUTHENTICATOR, new Uint8Array(16)],
  ];
  const code = end === undefined ? CHALLENGE : end.kind === 'success' ? ACCEPT : REJECT;
  const body = concat(
    ...attributes.map(([type, v]) => concat(Uint8Array.of(type, v.length + 2), v)),
  );
  const head = Buffer.from([code, request[1] as number, 0, 0]);
  head.writeUInt16BE(20 + body.length, 2);
  const signed = concat(head, authenticator, body);
  signed.set(createHmac('md5', radiusSecret).update(signed).digest(), signed.length - 16);
  signed.set(md5(signed, Buffer.from(radiusSecret)), 4);
  return signed;
}

function pieces(packet: Uint8Array): Uint8Array[] {
  const count = Math.ceil(packet.length / 253);
  return Array.from({ length: count }, (_, i) => packet.subarray(253 * i, 253 * (i + 1)));
}

/** MS-MPPE-Recv-Key is the first half of the MSK, MS-MPPE-Send-Key the second (RFC 2548 §2.4, RFC 5216 §2.3). */
function mppeKeys(msk: Uint8Array, authenticator: Uint8Array): Attribute[] {
  return [
    [VENDOR, microsoft(RECV_KEY, hidden(msk.subarray(0, 32), authenticator, 0x80))],
    [VENDOR, microsoft(SEND_KEY, hidden(msk.subarray(32), authenticator, 0x81))],
  ];
}

function hidden(key: Uint8Array, authenticator: Uint8Array, first: number): Uint8Array {
  const salt = Uint8Array.of(first, 0x01);
  const plain = new Uint8Array(48);
  plain[0] = key.length;
  plain.set(key, 1);
  const secret = Buffer.from(radiusSecret);
  let mask: Uint8Array = md5(secret, authenticator, salt);
  const out: Uint8Array[] = [salt];
  for (let at = 0; at < plain.length; at += 16) {
    const block = plain.subarray(at, at + 16).map((byte, i) => byte ^ (mask[i] as number));
    out.push(block);
    mask = md5(secret, block);
  }
  return concat(...out);
}

const microsoft = (type: number, value: Uint8Array): Uint8Array =>
  concat(Uint8Array.of(0, 0, 1, 0x37, type, value.length + 2), value);
const md5 = (...parts: readonly Uint8Array[]): Uint8Array => {
  const hash = createHash('md5');
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
};

const [ACCEPT, REJECT, CHALLENGE] = [2, 3, 11] as const;
const [STATE, VENDOR, EAP_MESSAGE, MESSAGE_AUTHENTICATOR] = [24, 26, 79, 80] as const;
const [SEND_KEY, RECV_KEY] = [16, 17] as const;
