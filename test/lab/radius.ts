// Just enough of RADIUS (RFC 2865, 3579, 2548) to carry EAP between a test and a program that speaks it, on loopback
// alone: packets, their authenticators, and keys hidden in them.
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { concat, equal, isZero } from '../../src/base/bytes.ts';

export const radiusSecret = 'loopback alone';
export const Radius = { REQUEST: 1, ACCEPT: 2, REJECT: 3, CHALLENGE: 11 } as const;

export interface RadiusPacket {
  readonly code: number;
  readonly id: number;
  /** 16 bytes. */
  readonly authenticator: Uint8Array;
  readonly eap: Uint8Array;
  readonly state: Uint8Array | undefined;
  readonly attributes: readonly Attribute[];
}
export type Attribute = readonly [type: number, value: Uint8Array];

export function decodeRadius(bytes: Uint8Array): RadiusPacket {
  const attributes: Attribute[] = [];
  for (let at = 20; at < bytes.length; at += bytes[at + 1] as number) {
    const [type, length] = [bytes[at] as number, bytes[at + 1] as number];
    if (length < 2 || at + length > bytes.length) throw new Error('a RADIUS attribute lies');
    attributes.push([type, bytes.subarray(at + 2, at + length)]);
  }
  return {
    code: bytes[0] as number,
    id: bytes[1] as number,
    authenticator: bytes.slice(4, 20),
    eap: concat(...attributes.filter(([type]) => type === EAP_MESSAGE).map(([, v]) => v)),
    state: attributes.find(([type]) => type === STATE)?.[1],
    attributes,
  };
}

/** What a packet of ours says besides its attributes of EAP. */
export interface RadiusDraft {
  readonly code: number;
  readonly id: number;
  readonly eap: Uint8Array;
  readonly state: Uint8Array | undefined;
  readonly more?: readonly Attribute[];
}

/** A request with an authenticator of its own. */
export const encodeRequest = (draft: RadiusDraft): Uint8Array => encode(draft, randomBytes(16));

/** The answer to a request with this authenticator. */
export function encodeAnswer(draft: RadiusDraft, authenticator: Uint8Array): Uint8Array {
  const packet = encode(draft, authenticator);
  packet.set(md5(packet, Buffer.from(radiusSecret)), 4);
  return packet;
}

function encode({ code, id, eap, state, more = [] }: RadiusDraft, authenticator: Uint8Array) {
  const attributes: Attribute[] = [
    ...more,
    ...pieces(eap).map((piece) => [EAP_MESSAGE, piece] as const),
    ...(state ? [[STATE, state] as const] : []),
    [MESSAGE_AUTHENTICATOR, new Uint8Array(16)],
  ];
  const body = concat(
    ...attributes.map(([type, v]) => concat(Uint8Array.of(type, v.length + 2), v)),
  );
  const head = Buffer.from([code, id, 0, 0]);
  head.writeUInt16BE(20 + body.length, 2);
  const packet = concat(head, authenticator, body);
  packet.set(createHmac('md5', radiusSecret).update(packet).digest(), packet.length - 16);
  return packet;
}

function pieces(packet: Uint8Array): Uint8Array[] {
  const count = Math.ceil(packet.length / 253);
  return Array.from({ length: count }, (_, i) => packet.subarray(253 * i, 253 * (i + 1)));
}

/** MS-MPPE-Recv-Key is the first half of the MSK, MS-MPPE-Send-Key the second (RFC 2548 §2.4, RFC 5216 §2.3). */
export function mppeKeys(msk: Uint8Array, authenticator: Uint8Array): Attribute[] {
  return [
    [VENDOR, microsoft(RECV_KEY, hidden(msk.subarray(0, 32), authenticator, 0x80))],
    [VENDOR, microsoft(SEND_KEY, hidden(msk.subarray(32), authenticator, 0x81))],
  ];
}

/** Whether the keys in an answer are those of this MSK: the server hid them for who asked. */
export function hasMsk(answer: RadiusPacket, msk: Uint8Array, authenticator: Uint8Array): boolean {
  const keyOf = (kind: number): Uint8Array | undefined => {
    const value = answer.attributes.find(([type, v]) => type === VENDOR && v[4] === kind)?.[1];
    return value && revealed(value.subarray(6), authenticator);
  };
  const [receive, send] = [keyOf(RECV_KEY), keyOf(SEND_KEY)];
  if (!receive || !send || receive.length + send.length < 32) return false;
  const keys = concat(receive, send);
  // MSCHAPv2 makes half as much, and zeros for the rest.
  return equal(keys, msk.subarray(0, keys.length)) && isZero(msk.subarray(keys.length));
}

function hidden(key: Uint8Array, authenticator: Uint8Array, first: number): Uint8Array {
  const salt = Uint8Array.of(first, 0x01);
  const plain = new Uint8Array(48);
  plain[0] = key.length;
  plain.set(key, 1);
  const out: Uint8Array[] = [salt];
  let mask = md5(Buffer.from(radiusSecret), authenticator, salt);
  for (let at = 0; at < plain.length; at += 16) {
    const block = xor(plain.subarray(at, at + 16), mask);
    out.push(block);
    mask = md5(Buffer.from(radiusSecret), block);
  }
  return concat(...out);
}

function revealed(value: Uint8Array, authenticator: Uint8Array): Uint8Array {
  const out: Uint8Array[] = [];
  let mask = md5(Buffer.from(radiusSecret), authenticator, value.subarray(0, 2));
  for (let at = 2; at < value.length; at += 16) {
    const block = value.subarray(at, at + 16);
    out.push(xor(block, mask));
    mask = md5(Buffer.from(radiusSecret), block);
  }
  const plain = concat(...out);
  return plain.subarray(1, 1 + (plain[0] as number));
}

const xor = (a: Uint8Array, b: Uint8Array): Uint8Array =>
  a.map((byte, i) => byte ^ (b[i] as number));
const microsoft = (type: number, value: Uint8Array): Uint8Array =>
  concat(Uint8Array.of(0, 0, 1, 0x37, type, value.length + 2), value);
function md5(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('md5');
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}

const [STATE, VENDOR, EAP_MESSAGE, MESSAGE_AUTHENTICATOR] = [24, 26, 79, 80] as const;
const [SEND_KEY, RECV_KEY] = [16, 17] as const;
