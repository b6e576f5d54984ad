// What EAP-MSCHAPv2 packets hold (draft-kamath-pppext-eap-mschapv2 §2): opcode, identifier, length, and a body by
// the opcode. Responses to a result are the opcode alone.
import { concat, fromHex, fromText, Reader, toHex, toText, Writer } from '../../base/bytes.ts';
import { reading, WireError } from '../../wire/codec.ts';

export type MsChapPacket =
  | {
      readonly op: 'challenge';
      readonly id: number;
      readonly challenge: Uint8Array;
      readonly name: Uint8Array;
    }
  | {
      readonly op: 'response';
      readonly id: number;
      readonly peerChallenge: Uint8Array;
      readonly ntResponse: Uint8Array;
      readonly name: Uint8Array;
    }
  | { readonly op: 'success' | 'failure'; readonly id: number; readonly message: Uint8Array }
  /** What the peer answers to `success` and `failure`. */
  | { readonly op: 'success' | 'failure' };

/** @throws WireError also where its length is not that of the packet around it */
export function decodeMsChap(data: Uint8Array): MsChapPacket {
  const r = new Reader(data);
  return reading('MSCHAPv2 packet', () => {
    const op = opOf(r.u8());
    if (r.left === 0 && (op === 'success' || op === 'failure')) return { op };
    const id = r.u8();
    const length = r.u16();
    if (length !== data.length) {
      throw new WireError('MS-Length', 2, `${length} in a packet of ${data.length} bytes`);
    }
    return decodeBody(op, id, r);
  });
}

export function encodeMsChap(packet: MsChapPacket): Uint8Array {
  const w = new Writer();
  w.u8(ops[packet.op]);
  if (!('id' in packet)) return w.finish();
  w.u8(packet.id);
  w.u16(0);
  encodeBody(w, packet);
  w.patchU16(2, w.length);
  return w.finish();
}

/** What a failure says (RFC 2759 §6), as far as it can be read. */
export interface FailureMessage {
  /** 691 is a wrong name or password. */
  readonly error: number | undefined;
  readonly mayRetry: boolean;
  /** Of 16 bytes, for the retry. */
  readonly challenge: Uint8Array | undefined;
  /** For people; nothing in it can break a line of the log. */
  readonly text: string;
}

/** Reads a text that may be anything, and end anywhere (pitfall 37). */
export function readFailure(message: Uint8Array): FailureMessage {
  const text = toText(message.subarray(0, longestMessage));
  const field = (pattern: RegExp) => pattern.exec(text)?.[1];
  const error = field(/(?:^| )E=(\d{1,10})(?: |$)/);
  const challenge = field(/(?:^| )C=([0-9a-fA-F]{32})(?: |$)/);
  return {
    error: error === undefined ? undefined : Number(error),
    mayRetry: field(/(?:^| )R=(1)(?: |$)/) !== undefined,
    challenge: challenge === undefined ? undefined : fromHex(challenge),
    text: field(/(?:^| )M=(.*)$/) ?? '',
  };
}

/** The message of a refusal as Windows shows it: error 691, a new challenge in case, version 3. */
export function writeFailure(mayRetry: boolean, challenge: Uint8Array): Uint8Array {
  const retry = mayRetry ? 1 : 0;
  const digits = toHex(challenge).toUpperCase();
  return fromText(`E=691 R=${retry} C=${digits} V=3 M=Wrong user name or password`);
}

/** The message of success, with the server's proof in it. */
export const writeSuccess = (authenticatorResponse: string): Uint8Array =>
  fromText(`${authenticatorResponse} M=OK`);

/** The server's proof as it stands in a message of success, in capitals; undefined when there is none. */
export function readSuccess(message: Uint8Array): string | undefined {
  const text = toText(message.subarray(0, longestMessage));
  return /^(S=[0-9a-fA-F]{40})(?: |$)/.exec(text)?.[1]?.toUpperCase();
}

function decodeBody(op: MsChapPacket['op'], id: number, r: Reader): MsChapPacket {
  switch (op) {
    case 'challenge': {
      expectSize(r, challengeBytes);
      const challenge = r.bytes(challengeBytes);
      return { op, id, challenge, name: name(r) };
    }
    case 'response': {
      expectSize(r, responseBytes);
      const peerChallenge = r.bytes(challengeBytes);
      r.bytes(8); // reserved
      const ntResponse = r.bytes(24);
      r.u8(); // flags, of no use
      return { op, id, peerChallenge, ntResponse, name: name(r) };
    }
    default:
      return { op, id, message: r.rest() };
  }
}

function encodeBody(w: Writer, packet: Extract<MsChapPacket, { id: number }>): void {
  switch (packet.op) {
    case 'challenge':
      w.u8(challengeBytes);
      w.bytes(concat(packet.challenge, packet.name));
      return;
    case 'response':
      w.u8(responseBytes);
      w.bytes(concat(packet.peerChallenge, new Uint8Array(8), packet.ntResponse));
      w.u8(0);
      w.bytes(packet.name);
      return;
    default:
      w.bytes(packet.message);
  }
}

function expectSize(r: Reader, bytes: number): void {
  const size = r.u8();
  if (size !== bytes)
    throw new WireError('Value-Size', r.offset - 1, `${size} instead of ${bytes}`);
}

function name(r: Reader): Uint8Array {
  if (r.left > longestName) throw new WireError('Name', r.offset, `${r.left} bytes`);
  return r.rest();
}

function opOf(octet: number): MsChapPacket['op'] {
  for (const op of ['challenge', 'response', 'success', 'failure'] as const) {
    if (ops[op] === octet) return op;
  }
  throw new WireError('OpCode', 0, `unknown code ${octet}`);
}

const ops = { challenge: 1, response: 2, success: 3, failure: 4 } as const;
const challengeBytes = 16;
const responseBytes = 49;
/** RFC 2759 §4: 256 characters of a name. */
const longestName = 256;
const longestMessage = 512;
