// Codecs: bytes decode, or fail as they may; what decodes says the same when it is encoded and decoded again.
import { deepStrictEqual } from 'node:assert';
import fc from 'fast-check';
import { concat, Reader } from '../../../src/base/bytes.ts';
import { PayloadType } from '../../../src/iana/payloads.ts';
import { WireError } from '../../../src/wire/codec.ts';
import { decodeEsp, decodeEspPayload, encodeEsp } from '../../../src/wire/esp.ts';
import { Reassembly } from '../../../src/wire/fragment.ts';
import {
  decodeMessage,
  decodePayloads,
  encodeMessage,
  encodePayloads,
} from '../../../src/wire/message.ts';
import type { Payload } from '../../../src/wire/payloads/index.ts';
import { datagram } from '../../unit/wire/datagram.ts';
import { anyChain, knownTypes } from '../../unit/wire/samples.ts';
import { Input, mayFail } from '../input.ts';
import type { Target } from '../target.ts';

export const wire: Target = {
  run(data) {
    const input = new Input(data);
    const [what, first] = [input.u8(), input.u8()];
    if (what === 1) esp(input.rest());
    else if (what === 2) pieces(input);
    else if (what === 3) inside(first, input.rest());
    else message(what === 4 ? input.rest() : datagram(first, input.rest()));
  },
  seeds() {
    const chains = fc.sample(anyChain, { numRuns: 60, seed: 7 });
    return chains.map((payloads) => {
      const { first, bytes } = encodePayloads(payloads);
      return concat(Uint8Array.of(0, first), bytes.subarray(0, 800));
    });
  },
  words: knownTypes.map((type) => Uint8Array.of(type, 0, 0, 8)),
};

function message(bytes: Uint8Array): void {
  const decoded = mayFail([WireError], () => decodeMessage(bytes));
  if (!decoded?.payloads.every(isEncodable)) return;
  const { nextPayload, length, ...fields } = decoded.header;
  const again = decodeMessage(encodeMessage(fields, decoded.payloads));
  deepStrictEqual(again.payloads.map(withoutReserved), decoded.payloads.map(withoutReserved));
}

function inside(first: number, bytes: Uint8Array): void {
  const decoded = mayFail([WireError], () => decodePayloads(first, new Reader(bytes)));
  if (!decoded?.every(isEncodable)) return;
  const again = encodePayloads(decoded);
  const twice = decodePayloads(again.first, new Reader(again.bytes));
  deepStrictEqual(twice.map(withoutReserved), decoded.map(withoutReserved));
}

function esp(bytes: Uint8Array): void {
  mayFail([WireError], () => decodeEspPayload(bytes));
  const packet = mayFail([WireError], () => decodeEsp(bytes));
  if (packet) deepStrictEqual(encodeEsp(packet), bytes);
}

/** Fragments in any order, of any numbers. */
function pieces(input: Input): void {
  const reassembly = new Reassembly();
  while (!input.isEmpty) {
    const [number, total, first] = [input.u8() % 140, input.u8() % 140, input.u8()];
    reassembly.add({ number, total, first, content: input.bytes(input.u8()) });
  }
}

/** What decodes but is never sent: transforms that we do not understand, and no selector that we do. */
function isEncodable(one: Payload): boolean {
  if (one.type === PayloadType.SA) {
    return one.body.proposals.every(({ transforms }) => transforms.every(({ isKnown }) => isKnown));
  }
  if (one.type !== PayloadType.TSI && one.type !== PayloadType.TSR) return true;
  return one.body.selectors.length > 0;
}

function withoutReserved(one: Payload): Payload {
  if (one.type !== PayloadType.IDI && one.type !== PayloadType.IDR) return one;
  const raw = one.body.raw.slice();
  raw.fill(0, 1, 4);
  return { ...one, body: { ...one.body, raw } };
}
