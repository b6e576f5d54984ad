// What the payload tests run over: for every payload type examples, arbitrary bodies, and bodies that must fail.
import fc from 'fast-check';
import { PayloadType } from '../../../src/iana/payloads.ts';
import { type Id, ownId } from '../../../src/wire/payloads/id.ts';
import {
  type Bodies,
  type KnownType,
  type Payload,
  payload,
  unknownType,
} from '../../../src/wire/payloads/index.ts';
import { bytes, hex, none, type Sample, u8, u16 } from './sample.ts';
import { saSample } from './sample-sa.ts';
import { tsSample } from './sample-ts.ts';

const id: Sample<Id> = {
  arbitrary: fc.tuple(u8, bytes(0, 300)).map(([type, data]) => ownId(type, data)),
  examples: [
    {
      hex: '02000000 7670 6e2e 6c61 62',
      body: { type: 2, data: hex('76706e2e6c6162'), raw: hex('0200000076706e2e6c6162') },
    },
    { hex: '0d000000', body: { type: 13, data: none, raw: hex('0d000000') } },
  ],
  least: 4,
  end: 'open',
  rejects: {},
};

/** One for each payload type: the compiler asks for what is missing. */
export const samples: { readonly [T in KnownType]: Sample<Bodies[T]> } = {
  [PayloadType.SA]: saSample,
  [PayloadType.KE]: {
    arbitrary: fc.record({ method: u16, data: bytes(0, 600) }),
    examples: [
      { hex: '001f 0000 aabbcc', body: { method: 31, data: hex('aabbcc') } },
      { hex: '0000 0000', body: { method: 0, data: none } },
    ],
    least: 4,
    end: 'open',
    rejects: {},
  },
  [PayloadType.IDI]: id,
  [PayloadType.IDR]: id,
  [PayloadType.CERT]: {
    arbitrary: fc.record({ encoding: u8, data: bytes(0, 2000) }),
    examples: [{ hex: '04 3082', body: { encoding: 4, data: hex('3082') } }],
    least: 1,
    end: 'open',
    rejects: {},
  },
  [PayloadType.CERTREQ]: {
    arbitrary: fc.oneof(
      fc.record({
        encoding: fc.constant(4),
        data: fc.integer({ min: 0, max: 50 }).chain((hashes) => bytes(20 * hashes)),
      }),
      fc.record({ encoding: fc.integer({ min: 5, max: 255 }), data: bytes(0, 90) }),
    ),
    examples: [
      { hex: `04 ${'5a'.repeat(20)}`, body: { encoding: 4, data: new Uint8Array(20).fill(0x5a) } },
      { hex: '04', body: { encoding: 4, data: none } },
    ],
    least: 1,
    end: 'open',
    rejects: { 'a hash cut short': `04 ${'5a'.repeat(39)}` },
  },
  [PayloadType.AUTH]: {
    arbitrary: fc.record({ method: u8, data: bytes(0, 600) }),
    examples: [{ hex: '0e 000000 0f30', body: { method: 14, data: hex('0f30') } }],
    least: 4,
    end: 'open',
    rejects: {},
  },
  [PayloadType.NONCE]: {
    arbitrary: fc.record({ data: bytes(16, 256) }),
    examples: [
      { hex: '11'.repeat(16), body: { data: new Uint8Array(16).fill(0x11) } }, // as Apple sends
      { hex: '22'.repeat(256), body: { data: new Uint8Array(256).fill(0x22) } },
    ],
    least: 16,
    end: 'open',
    rejects: { '15 bytes': '11'.repeat(15), '257 bytes': '11'.repeat(257) },
  },
  [PayloadType.NOTIFY]: {
    arbitrary: fc
      .tuple(
        fc.oneof(
          fc.record({ protocol: u8, spi: bytes(0) }),
          fc.record({ protocol: fc.constant(1), spi: bytes(8) }),
          fc.record({ protocol: fc.constantFrom(2, 3), spi: bytes(4) }),
          fc.record({ protocol: fc.integer({ min: 4, max: 255 }), spi: bytes(0, 255) }),
        ),
        u16,
        bytes(0, 100),
      )
      .map(([spot, type, data]) => ({ ...spot, type, data })),
    examples: [
      {
        hex: '03 04 4009 c0ffee01',
        body: { protocol: 3, spi: hex('c0ffee01'), type: 16393, data: none },
      },
      { hex: '00 00 0011 0013', body: { protocol: 0, spi: none, type: 17, data: hex('0013') } },
      { hex: '00 00 fde8 00', body: { protocol: 0, spi: none, type: 65000, data: hex('00') } },
    ],
    least: 4,
    end: 'open',
    rejects: {
      // CVE-2023-38710: REKEY_SA with a protocol and an SPI that contradict each other.
      'an SPI of no protocol': '00 04 4009 c0ffee01',
      'an ESP SPI of 3 bytes': '03 03 4009 c0ffee',
      'an ESP SPI of 5 bytes': '03 05 4009 c0ffee0102',
      'an IKE SPI of 4 bytes': '01 04 4009 c0ffee01',
      'an SPI longer than the payload': 'ff ff 4009 c0ffee01',
    },
  },
  [PayloadType.DELETE]: {
    arbitrary: fc.oneof(
      fc.record({ protocol: fc.constant(1), spis: fc.constant([]) }),
      fc.record({ protocol: fc.constantFrom(2, 3), spis: fc.array(bytes(4), { maxLength: 9 }) }),
      fc.integer({ min: 1, max: 255 }).chain((size) =>
        fc.record({
          protocol: fc.integer({ min: 4, max: 255 }),
          spis: fc.array(bytes(size), { maxLength: 4 }),
        }),
      ),
    ),
    examples: [
      {
        hex: '03 04 0002 c0ffee01 c0ffee02',
        body: { protocol: 3, spis: [hex('c0ffee01'), hex('c0ffee02')] },
      },
      { hex: '01 00 0000', body: { protocol: 1, spis: [] } },
    ],
    least: 4,
    end: 'closed',
    rejects: {
      'an IKE SPI': '01 08 0001 0102030405060708',
      'ESP SPIs of 2 bytes': '03 02 0002 c0ffee01',
      'ESP SPIs of no bytes': '03 00 0000',
      '65,535 SPIs without bytes': '07 00 ffff',
      'fewer SPIs than said': '03 04 0003 c0ffee01 c0ffee02',
      'more SPIs than said': '03 04 0001 c0ffee01 c0ffee02',
    },
  },
  [PayloadType.VENDOR]: {
    arbitrary: fc.record({ data: bytes(0, 300) }),
    examples: [
      { hex: '1e2b5169', body: { data: hex('1e2b5169') } },
      { hex: '', body: { data: none } },
    ],
    least: 0,
    end: 'open',
    rejects: {},
  },
  [PayloadType.TSI]: tsSample,
  [PayloadType.TSR]: tsSample,
  [PayloadType.SK]: {
    arbitrary: fc.record({ first: u8, sealed: bytes(0, 1500) }),
    examples: [{ hex: '01020304', body: { first: 35, sealed: hex('01020304') } }],
    least: 0,
    end: 'open',
    rejects: {},
  },
  [PayloadType.SKF]: {
    arbitrary: fc
      .tuple(u8, fc.integer({ min: 1, max: 0xffff }), u16, bytes(0, 1300))
      .map(([first, number, more, sealed]) => ({
        first,
        number,
        total: Math.min(number + more, 0xffff),
        sealed,
      })),
    examples: [
      { hex: '0001 0002 0102', body: { first: 35, number: 1, total: 2, sealed: hex('0102') } },
      { hex: 'ffff ffff', body: { first: 0, number: 65535, total: 65535, sealed: none } },
    ],
    least: 4,
    end: 'open',
    rejects: {
      // Pitfall 48.
      'fragment 0': '0000 0002 0102',
      'fragment 0 of 0': '0000 0000 0102',
      'a fragment behind the last': '0003 0002 0102',
    },
  },
  [PayloadType.CP]: {
    arbitrary: fc.record({
      cfgType: u8,
      attributes: fc.array(
        fc.record({ type: fc.integer({ min: 0, max: 0x7fff }), value: bytes(0, 40) }),
        { maxLength: 12 },
      ),
    }),
    examples: [
      {
        hex: '01 000000 0001 0000 5ba0 0000 0008 0011 fd000000000000000000000000000001 40',
        body: {
          cfgType: 1,
          attributes: [
            { type: 1, value: none },
            { type: 23456, value: none }, // Microsoft's own
            { type: 8, value: hex('fd000000000000000000000000000001 40') },
          ],
        },
      },
      { hex: '02 000000', body: { cfgType: 2, attributes: [] } },
    ],
    least: 4,
    end: 'closed',
    rejects: {
      'half an attribute': '01 000000 0001',
      'a value longer than the payload': '01 000000 0001 0004 0a0300',
    },
  },
  [PayloadType.EAP]: {
    arbitrary: fc.record({ data: bytes(4, 1500) }),
    examples: [
      { hex: '01 07 0005 01', body: { data: hex('0107000501') } },
      { hex: '03 07 0004 00', body: { data: hex('0307000400') } }, // pitfall 39: shorter than the payload
    ],
    least: 4,
    end: 'open',
    rejects: {},
  },
};

export const knownTypes = Object.keys(samples).map(Number) as KnownType[];

/** A valid payload of this type. */
export function sampleOf<T extends KnownType>(type: T): Payload {
  const [example] = samples[type].examples;
  if (!example) throw new Error(`payload type ${type} has no example`);
  return payload(type, example.body);
}

/** Any payload but SK and SKF. */
const anyOpenPayload: fc.Arbitrary<Payload> = fc.oneof(
  ...knownTypes
    .filter((type) => type !== PayloadType.SK && type !== PayloadType.SKF)
    .map((type) => arbitraryOf(type)),
  fc
    .record({
      number: fc.oneof(fc.integer({ min: 1, max: 32 }), fc.integer({ min: 54, max: 255 })),
      critical: fc.boolean(),
      body: bytes(0, 50),
    })
    .map((unknown) => ({ type: unknownType, ...unknown })),
);

/** Any payloads that make a chain: SK or SKF at its end, if anywhere. */
export const anyChain: fc.Arbitrary<Payload[]> = fc
  .tuple(
    fc.array(anyOpenPayload, { maxLength: 8 }),
    fc.option(fc.oneof(arbitraryOf(PayloadType.SK), arbitraryOf(PayloadType.SKF)), {
      nil: undefined,
    }),
  )
  .map(([open, sealed]) => (sealed ? [...open, sealed] : open));

function arbitraryOf<T extends KnownType>(type: T): fc.Arbitrary<Payload> {
  return samples[type].arbitrary.map((body) => payload(type, body));
}
