// EAP-MSCHAPv2 as a client speaks it (RFC 3748, RFC 2759, RFC 3079), with the habits that differ.
import { concat, equal, fromHex, fromText } from '../../src/base/bytes.ts';
import { desEncrypt } from '../../src/crypto/des.ts';
import { md4 } from '../../src/crypto/md4.ts';
import { ntHash } from '../../src/crypto/nt-hash.ts';
import type { Rng } from '../../src/crypto/primitives.ts';
import { EapCode, EapType } from '../../src/iana/eap.ts';
import { insist } from './displeased.ts';
import { sha1 } from './suite.ts';

/** A user at a keyboard. */
export interface Typist {
  /** As typed: `anna`, `HOME\anna`. */
  readonly user: string;
  /** What is typed first, and then when the gateway lets one try again. */
  readonly passwords: readonly string[];
  /** Whether its client tells the name when it is asked for an identity: Android does not. */
  readonly identity: 'filled' | 'empty';
}

/** One dialogue. */
export class MsChapDialogue {
  readonly #typist: Typist;
  readonly #rng: Rng;
  #attempt = 0;
  #awaited = '';
  #msk: Uint8Array | undefined;
  #isProven = false;
  /** What was asked for, in order. */
  readonly asked: string[] = [];

  constructor(typist: Typist, rng: Rng) {
    this.#typist = typist;
    this.#rng = rng;
  }

  /** 64 bytes, once both sides proved themselves. */
  get msk(): Uint8Array | undefined {
    return this.#isProven ? this.#msk : undefined;
  }

  /** @returns the EAP packet to send, or undefined when EAP is through */
  answer(packet: Uint8Array): Uint8Array | undefined {
    const [code, identifier = 0, high = 0, low = 0, type, ...data] = packet;
    insist(packet.length === high * 256 + low, 'an EAP packet of another length');
    insist(code !== EapCode.FAILURE, 'EAP failed');
    if (code === EapCode.SUCCESS) {
      insist(this.msk, 'EAP succeeded without a proof');
      return undefined;
    }
    insist(code === EapCode.REQUEST, `EAP code ${code}`);
    const reply = (kind: number, content: Uint8Array): Uint8Array => {
      const length = 5 + content.length;
      const head = [EapCode.RESPONSE, identifier, length >> 8, length & 0xff, kind];
      return concat(Uint8Array.from(head), content);
    };
    if (type === EapType.IDENTITY) {
      this.asked.push('identity');
      const { identity, user } = this.#typist;
      return reply(type, fromText(identity === 'filled' ? user : ''));
    }
    if (type !== EapType.MSCHAPV2) {
      this.asked.push(`method ${type}`);
      return reply(EapType.NAK, Uint8Array.of(EapType.MSCHAPV2));
    }
    return reply(type, this.#answerMsChap(Uint8Array.from(data)));
  }

  #answerMsChap(data: Uint8Array): Uint8Array {
    const [op, id = 0] = data;
    const text = new TextDecoder().decode(data.subarray(4));
    switch (op) {
      case challengeOp:
        this.asked.push('challenge');
        insist(data[4] === 16, 'a challenge of another length');
        return this.#respond(id, data.subarray(5, 21));
      case successOp:
        this.asked.push('success');
        insist(text.startsWith(this.#awaited), 'the gateway does not know the password either');
        this.#isProven = true;
        return Uint8Array.of(successOp);
      default: {
        this.asked.push('failure');
        const [, again] = /R=1 C=([0-9A-Fa-f]{32})/.exec(text) ?? [];
        this.#attempt++;
        const hasAnother = this.#attempt < this.#typist.passwords.length;
        if (!again || !hasAnother) return Uint8Array.of(failureOp);
        return this.#respond(id, fromHex(again));
      }
    }
  }

  #respond(id: number, challenge: Uint8Array): Uint8Array {
    const { user, passwords } = this.#typist;
    const hash = ntHash(fromText(passwords[this.#attempt] ?? ''));
    const peerChallenge = this.#rng(16);
    const name = fromText(user.slice(user.lastIndexOf('\\') + 1));
    const mixed = sha1.digest(concat(peerChallenge, challenge, name)).subarray(0, 8);
    const key = concat(hash, new Uint8Array(5));
    const response = concat(
      desEncrypt(key.subarray(0, 7), mixed),
      desEncrypt(key.subarray(7, 14), mixed),
      desEncrypt(key.subarray(14, 21), mixed),
    );
    this.#foresee(hash, response, mixed);
    const body = concat(Uint8Array.of(49), peerChallenge, new Uint8Array(8), response, zero);
    const length = 4 + body.length + fromText(user).length;
    const head = Uint8Array.of(responseOp, id, length >> 8, length & 0xff);
    return concat(head, body, fromText(user));
  }

  /** What the gateway must prove, and the keys (RFC 2759 §8.7, RFC 3079 §3.3). */
  #foresee(hash: Uint8Array, response: Uint8Array, mixed: Uint8Array): void {
    const twice = md4(hash);
    const first = sha1.digest(concat(twice, response, fromText(signing)));
    const proof = sha1.digest(concat(first, mixed, fromText(iteration)));
    this.#awaited = `S=${Buffer.from(proof).toString('hex').toUpperCase()}`;
    const master = sha1.digest(concat(twice, response, fromText(masterKey))).subarray(0, 16);
    const pads = [new Uint8Array(40), new Uint8Array(40).fill(0xf2)] as const;
    const [send, receive] = [sends, receives].map((magic) =>
      sha1.digest(concat(master, pads[0], fromText(magic), pads[1])).subarray(0, 16),
    );
    insist(send && receive && !equal(send, receive), 'two keys that are one');
    this.#msk = concat(send, receive, new Uint8Array(32));
  }
}

const [challengeOp, responseOp, successOp, failureOp] = [1, 2, 3, 4];
const zero = Uint8Array.of(0);
const signing = 'Magic server to client signing constant';
const iteration = 'Pad to make it do more than one iteration';
const masterKey = 'This is the MPPE Master Key';
const client = 'On the client side, this is the';
const sends = `${client} send key; on the server side, it is the receive key.`;
const receives = `${client} receive key; on the server side, it is the send key.`;
