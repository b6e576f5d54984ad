// SA bodies: proposals of IKE, AH, ESP and of protocols to come.
import fc from 'fast-check';
import type { Sa } from '../../../src/wire/payloads/sa.ts';
import { bytes, hex, type Sample, u8, u16 } from './sample.ts';

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

export const saSample: Sample<Sa> = {
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
};
