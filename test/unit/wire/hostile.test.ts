import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concat, fromHex } from '../../../src/base/bytes.ts';
import { PayloadType } from '../../../src/iana/payloads.ts';
import { WireError } from '../../../src/wire/codec.ts';
import { decodeMessage, encodeMessage, type Message } from '../../../src/wire/message.ts';
import type { Payload } from '../../../src/wire/payloads/index.ts';
import { datagram, header } from './datagram.ts';
import { anyChain, knownTypes } from './samples.ts';

const { SA, VENDOR } = PayloadType;

describe('hostile bytes', () => {
  const anyByte = fc.integer({ min: 0, max: 255 });

  test('of any kind raise WireError and nothing else', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), expectSafe), { numRuns: 500 });
  });

  test('behind a sound header raise WireError and nothing else', () => {
    const type = fc.oneof(fc.constantFrom(...knownTypes), anyByte);
    fc.assert(
      fc.property(type, fc.uint8Array({ maxLength: 200 }), (first, chain) =>
        expectSafe(datagram(first, chain)),
      ),
      { numRuns: 1000 },
    );
  });

  test('in a sound generic header raise WireError and nothing else', () => {
    const body = fc.uint8Array({ maxLength: 100 });
    fc.assert(
      fc.property(fc.constantFrom(...knownTypes), body, (type, bytes) => {
        const generic = Uint8Array.of(0, 0, 0, bytes.length + 4);
        expectSafe(datagram(type, concat(generic, bytes)));
      }),
      { numRuns: 3000 },
    );
  });

  test('in a valid message, some of them changed, raise WireError and nothing else', () => {
    const change = fc.record({
      at: fc.nat(),
      value: fc.oneof(anyByte, fc.constantFrom(0, 1, 255)),
    });
    const changes = fc.array(change, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(anyChain, changes, (payloads, edits) => {
        const bytes = encodeMessage(header, payloads);
        for (const { at, value } of edits) bytes[at % bytes.length] = value;
        expectSafe(bytes);
      }),
      { numRuns: 1000 },
    );
  });

  test.each([
    ['255 proposals of 30 transforms', SA, proposals(255, 30)],
    ['255 proposals', SA, proposals(255, 2)],
    ['1,000 traffic selectors', PayloadType.TSI, selectors(1000)],
    ['255 traffic selectors', PayloadType.TSI, selectors(255)],
    ['16,000 SPIs', PayloadType.DELETE, concat(fromHex('03043e80'), new Uint8Array(64000))],
    ['16,000 attributes', PayloadType.CP, concat(fromHex('01000000'), new Uint8Array(64000))],
    ['one payload of 64 KiB', VENDOR, new Uint8Array(65000)],
  ])('as many as %s take a few milliseconds at most', (_, type, body) => {
    const generic = new Uint8Array(4);
    new DataView(generic.buffer).setUint16(2, body.length + 4);
    const bytes = datagram(type, concat(generic, body));
    expectSafe(bytes);
    expect(fastest(() => decodeOrFail(bytes))).toBeLessThan(20);
  });

  test('as many as 16,000 empty payloads take a few milliseconds at most', () => {
    const bytes = datagram(200, fromHex('c8000004'.repeat(16000)));
    expect(() => decodeMessage(bytes)).toThrow(WireError);
    expect(fastest(() => decodeOrFail(bytes))).toBeLessThan(20);
  });
});

/** Decodes, or fails as it may. What it decodes must survive encoding and decoding again. */
function expectSafe(bytes: Uint8Array): void {
  const message = decodeOrFail(bytes);
  if (!message?.payloads.every(isEncodable)) return;
  const { nextPayload, length, ...fields } = message.header;
  const again = decodeMessage(encodeMessage(fields, message.payloads));
  expect(again.payloads.map(withoutReserved)).toEqual(message.payloads.map(withoutReserved));
}

function decodeOrFail(bytes: Uint8Array): Message | undefined {
  try {
    return decodeMessage(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(WireError);
    return undefined;
  }
}

/** What decodes but is never sent: transforms that we do not understand, and no selector that we do. */
function isEncodable(one: Payload): boolean {
  if (one.type === SA) {
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

/** Of five runs, in milliseconds: what the machine does besides is not what is measured. */
function fastest(run: () => void): number {
  const times = Array.from({ length: 5 }, () => {
    const start = performance.now();
    run();
    return performance.now() - start;
  });
  return Math.min(...times);
}

function proposals(count: number, transforms: number): Uint8Array {
  const size = 8 + 8 * transforms;
  const list = Array.from({ length: count }, (_, i) => {
    const isLast = i === count - 1;
    const chain = Array.from({ length: transforms }, (_, j) =>
      Uint8Array.of(j === transforms - 1 ? 0 : 3, 0, 0, 8, 4, 0, 0, j),
    );
    const head = Uint8Array.of(isLast ? 0 : 2, 0, size >> 8, size & 0xff, i, 1, 0, transforms);
    return concat(head, ...chain);
  });
  return concat(...list);
}

function selectors(count: number): Uint8Array {
  const one = fromHex('07000010 0000ffff 0a000000 0affffff');
  const head = Uint8Array.of(Math.min(count, 255), 0, 0, 0);
  return concat(head, ...Array.from({ length: count }, () => one));
}
