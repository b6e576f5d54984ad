// TS bodies: IPv4 and IPv6, any port, some, OPAQUE.
import fc from 'fast-check';
import type { TrafficSelector, Ts } from '../../../src/wire/payloads/ts.ts';
import { bytes, hex, type Sample, u8, u16 } from './sample.ts';

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

export const tsSample: Sample<Ts> = {
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
};
