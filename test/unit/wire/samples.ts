// What the payload tests run over: for every payload type examples, arbitrary bodies, and bodies that must fail.
import fc from 'fast-check';
import { fromHex } from '../../../src/base/bytes.ts';
import { PayloadType } from '../../../src/iana/payloads.ts';
import { ownId } from '../../../src/wire/payloads/id.ts';
import {
  type Bodies,
  type KnownType,
  type Payload,
  payload,
  unknownType,
} from '../../../src/wire/payloads/index.ts';
import type { TrafficSelector } from '../../../src/wire/payloads/ts.ts';

export interface Sample<Body> {
  readonly arbitrary: fc.Arbitrary<Body>;
  /** Bodies as they stand on the wire, behind the generic payload header. */
  readonly examples: readonly { readonly hex: string; readonly body: Body }[];
  /** Bytes of the shortest body there can be. */
  readonly least: number;
  /** Closed: the body ends where its fields end. Open: the last field takes all there is. */
  readonly end: 'closed' | 'open';
  /** Bodies that cannot be valid, by what is wrong with them. */
  readonly rejects: Readonly<Record<string, string>>;
}

const u8 = fc.integer({ min: 0, max: 0xff });
const u16 = fc.integer({ min: 0, max: 0xffff });
const bytes = (minLength: number, maxLength = minLength) => fc.uint8Array({ minLength, maxLength });
const hex = fromHex;
const none = new Uint8Array(0);

const id = (): Sample<Bodies[typeof PayloadType.IDI]> => ({
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
});

const protocolAndSpi = fc.oneof(
  fc.record({ protocol: fc.constant(1), spi: fc.oneof(bytes(0), bytes(8)) }),
  fc.record({ protocol: fc.constantFrom(2, 3), spi: bytes(4) }),
  fc.record({ protocol: fc.integer({ min: 4, max: 255 }), spi: bytes(0, 255) }),
);
const transform = fc.record({
  type: u8,
  id: u16,
  keyBits: fc.option(u16, { nil: undefined }),
  isKnown: fc.constant(true),
});

const selector: fc.Arbitrary<TrafficSelector> = fc
  .constantFrom([7, 4] as const, [8, 16] as const)
  .chain(([type, width]) =>
    fc
      .tuple(u8, fc.tuple(u16, u16), fc.boolean(), bytes(width), bytes(width))
      .map(([protocol, ports, isOpaque, a, b]) => {
        const [startPort, endPort] = isOpaque
          ? [0xffff, 0]
          : [Math.min(...ports), Math.max(...ports)];
        const [start, end] = Buffer.compare(a, b) <= 0 ? [a, b] : [b, a];
        return { type, protocol, startPort, endPort, start, end };
      }),
  );

const v4 = '07 00 0010 0000 ffff 0a030000 0a0300ff';
const v6 = `08 11 0028 ffff 0000 ${'fd'.padEnd(32, '0')} ${'fd'.padEnd(32, 'f')}`;
const v4Selector: TrafficSelector = {
  type: 7,
  protocol: 0,
  startPort: 0,
  endPort: 0xffff,
  start: hex('0a030000'),
  end: hex('0a0300ff'),
};

const ts = (): Sample<Bodies[typeof PayloadType.TSI]> => ({
  arbitrary: fc.record({ selectors: fc.array(selector, { minLength: 1, maxLength: 20 }) }),
  examples: [
    { hex: `01 000000 ${v4}`, body: { selectors: [v4Selector] } },
    {
      hex: `02 000000 ${v6} ${v4}`,
      body: {
        selectors: [
          {
            type: 8,
            protocol: 17,
            startPort: 0xffff, // OPAQUE (RFC 7296 §3.13.1)
            endPort: 0,
            start: hex('fd'.padEnd(32, '0')),
            end: hex('fd'.padEnd(32, 'f')),
          },
          v4Selector,
        ],
      },
    },
  ],
  least: 8,
  end: 'closed',
  rejects: {
    'no selector': '00 000000',
    'fewer selectors than said': `02 000000 ${v4}`,
    'more selectors than said': `01 000000 ${v4} ${v4}`,
    'an IPv6 type with IPv4 length': '01 000000 08 00 0010 0000 ffff 0a030000 0a0300ff',
    'an IPv4 type with IPv6 length': `01 000000 07 00 0028 0000 ffff ${'00'.repeat(32)}`,
    'an unknown type too short for its own head': '01 000000 0b 00 0003',
    'an unknown type longer than the payload': '01 000000 0b 00 0009 00000000',
    'a start address above the end': '01 000000 07 00 0010 0000 ffff 0a030001 0a030000',
    'a start port above the end': '01 000000 07 06 0010 0002 0001 0a030000 0a0300ff',
  },
});

/** One for each payload type: the compiler asks for what is missing. */
export const samples: { readonly [T in KnownType]: Sample<Bodies[T]> } = {
  [PayloadType.SA]: {
    arbitrary: fc.record({
      proposals: fc.array(
        fc
          .tuple(u8, protocolAndSpi, fc.array(transform, { maxLength: 6 }))
          .map(([number, { protocol, spi }, transforms]) => ({
            number,
            protocol,
            spi,
            transforms,
          })),
        { minLength: 1, maxLength: 5 },
      ),
    }),
    examples: [
      {
        hex: `02 00 000c 01 03 04 00 c0ffee01
              00 00 0028 02 03 04 03 c0ffee01
                03 00 000c 01 00 0014 800e 0100
                03 00 0008 04 00 001f
                00 00 0008 05 00 0000`,
        body: {
          proposals: [
            { number: 1, protocol: 3, spi: hex('c0ffee01'), transforms: [] },
            {
              number: 2,
              protocol: 3,
              spi: hex('c0ffee01'),
              transforms: [
                { type: 1, id: 20, keyBits: 256, isKnown: true },
                { type: 4, id: 31, keyBits: undefined, isKnown: true },
                { type: 5, id: 0, keyBits: undefined, isKnown: true },
              ],
            },
          ],
        },
      },
      {
        hex: '00 00 0010 03 01 08 00 0102030405060708', // a rekey that starts at 3, as macOS does
        body: {
          proposals: [{ number: 3, protocol: 1, spi: hex('0102030405060708'), transforms: [] }],
        },
      },
    ],
    least: 8,
    end: 'closed',
    rejects: {
      'no proposal': '',
      'a last proposal that says more follow': '02 00 0008 01 01 00 00',
      'a proposal behind the last': '00 00 0008 01 01 00 00 00 00 0008 02 01 00 00',
      'a strange last-substructure octet': '01 00 0008 01 01 00 00',
      'a proposal length of 0': '00 00 0000 01 01 00 00',
      'a proposal length below its head': '00 00 0003 01 01 00 00',
      'an ESP SPI of 3 bytes': '00 00 000b 01 03 03 00 c0ffee',
      'an ESP SPI of 0 bytes': '00 00 0008 01 03 00 00',
      'an AH SPI of 8 bytes': '00 00 0010 01 02 08 00 0102030405060708',
      'an IKE SPI of 4 bytes': '00 00 000c 01 01 04 00 c0ffee01',
      'an SPI that does not fit': '00 00 0008 01 07 ff 00',
      'fewer transforms than said': '00 00 0010 01 01 00 02 00 00 0008 02 00 0005',
      'more transforms than said':
        '00 00 0018 01 01 00 01 03 00 0008 02 00 0005 00 00 0008 02 00 0006',
      'a last transform that says more follow': '00 00 0010 01 01 00 01 03 00 0008 02 00 0005',
      'bytes behind the last transform': '00 00 0012 01 01 00 01 00 00 0008 02 00 0005 0000',
      'a transform length of 0': '00 00 0010 01 01 00 01 00 00 0000 02 00 0005',
      'a transform too short for its ID': '00 00 000e 01 01 00 01 00 00 0006 02 00',
      'half an attribute': '00 00 0012 01 01 00 01 00 00 000a 01 00 000c 800e',
      'an attribute longer than its transform':
        '00 00 0014 01 01 00 01 00 00 000c 01 00 000c 0011 0001',
    },
  },
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
  [PayloadType.IDI]: id(),
  [PayloadType.IDR]: id(),
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
  [PayloadType.TSI]: ts(),
  [PayloadType.TSR]: ts(),
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
export const anyOpenPayload: fc.Arbitrary<Payload> = fc.oneof(
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
