// One IKE SA of a ghost: its keys, and the window of one message in each direction (RFC 7296 §2.1–2.3).
import { Reader } from '../../src/base/bytes.ts';
import type { Rng } from '../../src/crypto/primitives.ts';
import { PayloadType } from '../../src/iana/payloads.ts';
import { Reassembly, split } from '../../src/wire/fragment.ts';
import type { Header } from '../../src/wire/header.ts';
import {
  decodeMessage,
  decodePayloads,
  encodeMessage,
  encodePayloads,
} from '../../src/wire/message.ts';
import type { Payload } from '../../src/wire/payloads/index.ts';
import { insist } from './displeased.ts';
import type { IkeKeys } from './keys.ts';
import { type HeaderFields, open, overhead, seal } from './sealing.ts';
import type { Suite } from './suite.ts';

export interface Opened {
  readonly header: Header;
  readonly payloads: readonly Payload[];
  readonly bytes: Uint8Array;
}

export class GhostSa {
  spiI: Uint8Array;
  spiR: Uint8Array;
  /** Original initiator of this SA, whoever asks within it. */
  readonly isInitiator: boolean;
  suite: Suite | undefined;
  /** Number of the proposal that was chosen. */
  chosenNumber = 1;
  keys: IkeKeys | undefined;
  peerTakesFragments = false;
  /** Message ID of our next request, and of the next that we expect. */
  nextId = 0;
  expectedId = 0;
  /** Our last response, to be repeated. */
  lastReply: readonly Uint8Array[] = [];
  readonly #rng: Rng;
  #reassembly = new Reassembly();
  #reassembling = '';

  constructor(
    rng: Rng,
    { spiI, spiR, isInitiator }: { spiI: Uint8Array; spiR: Uint8Array; isInitiator: boolean },
  ) {
    this.#rng = rng;
    this.spiI = spiI;
    this.spiR = spiR;
    this.isInitiator = isInitiator;
  }

  /** @param room bytes of a UDP payload that one message or fragment may fill */
  datagrams(
    fields: { exchange: number; messageId: number; isResponse: boolean },
    payloads: readonly Payload[],
    room: number,
  ): Uint8Array[] {
    const header = this.#header(fields);
    const { suite, keys } = this;
    if (!suite || !keys) return [encodeMessage(header, payloads)];
    const { first, bytes: inner } = encodePayloads(payloads);
    const how = { suite, keys: keys.mine, rng: this.#rng };
    if (!this.peerTakesFragments || inner.length + overhead(suite, false) <= room) {
      return [seal(how, header, { first, inner })];
    }
    const pieces = split(inner, room - overhead(suite, true));
    return pieces.map((content, i) => {
      const piece = { number: i + 1, total: pieces.length };
      return seal(how, header, { first: i === 0 ? first : 0, inner: content, piece });
    });
  }

  /** Undefined: not authentic, or a fragment that is not the last to come. */
  open(bytes: Uint8Array): Opened | undefined {
    const { header, payloads } = decodeMessage(bytes);
    const last = payloads.at(-1);
    if (last?.type !== PayloadType.SK && last?.type !== PayloadType.SKF) {
      return this.keys ? undefined : { header, payloads, bytes };
    }
    const { suite, keys } = this;
    insist(suite && keys, 'a sealed message came before there were keys');
    const { sealed, first } = last.body;
    const inner = open(suite, keys.theirs, { bytes, sealed });
    if (!inner) return undefined;
    if (last.type === PayloadType.SK) return { header, payloads: decode(first, inner), bytes };
    const { number, total } = last.body;
    const key = `${header.messageId} ${header.isResponse}`;
    if (this.#reassembling !== key) this.#reassembly = new Reassembly();
    this.#reassembling = key;
    const result = this.#reassembly.add({ first, number, total, content: inner });
    if (result.kind !== 'whole') return undefined;
    this.#reassembling = '';
    return { header, payloads: decode(result.first, result.bytes), bytes };
  }

  #header(fields: { exchange: number; messageId: number; isResponse: boolean }): HeaderFields {
    const { spiI, spiR, isInitiator } = this;
    return { spiI, spiR, majorVersion: 2, minorVersion: 0, isInitiator, ...fields };
  }
}

const decode = (first: number, inner: Uint8Array): Payload[] =>
  decodePayloads(first, new Reader(inner));
