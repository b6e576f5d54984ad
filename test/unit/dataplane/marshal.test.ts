import { describe, expect, test } from 'vitest';
import { Secret } from '../../../src/base/secret.ts';
import {
  espChild,
  espDirection,
  espOptions,
  espSelector,
  espTrap,
} from '../../../src/dataplane/abi.ts';
import { Block } from '../../../src/dataplane/block.ts';
import type { DataPlaneOptions, TrapRef } from '../../../src/dataplane/dataplane.ts';
import { DataPlaneError, faultOf } from '../../../src/dataplane/fault.ts';
import { encodeChild, encodeOptions, encodeTrap } from '../../../src/dataplane/marshal.ts';
import { childSpec, loopback } from './library.ts';

const options: DataPlaneOptions = {
  device: 'ipsec0',
  mtu: 1400,
  listen: ['192.0.2.1', '2001:db8::1'],
  port: 500,
  nattPort: 4500,
  workers: 2,
};

test('options land in their fields', () => {
  const block = new Block(espOptions, encodeOptions(options));
  expect(block.get('mtu')).toBe(1400);
  expect(block.get('port')).toBe(500);
  expect(block.get('natt_port')).toBe(4500);
  expect(block.get('listen_count')).toBe(2);
  expect(block.part('listen').subarray(4, 8)).toEqual(Uint8Array.of(192, 0, 2, 1));
  expect(block.part('listen')[20]).toBe(6);
  expect(block.text('device')).toBe('ipsec0');
});

test.each([
  [undefined, 0],
  [{ outward: true, inward: false }, 1],
  [{ outward: false, inward: true }, 2],
  [{ outward: true, inward: true }, 3],
])('a DSCP copied %j is %i', (copyDscp, bits) => {
  const encoded = encodeOptions(copyDscp ? { ...options, copyDscp } : options);
  expect(new Block(espOptions, encoded).get('copy_dscp')).toBe(bits);
});

describe('what does not fit its field is refused', () => {
  test.each<[string, Partial<DataPlaneOptions>]>([
    ['a port beyond 65535', { port: 65536 }],
    ['a negative port', { nattPort: -1 }],
    ['an MTU that is no whole number', { mtu: 1400.5 }],
    ['no number at all', { workers: Number.NaN }],
    ['a device name of sixteen characters', { device: 'abcdefghijklmnop' }],
    ['a device name with a zero in it', { device: 'a\0b' }],
    ['an address that is none', { listen: ['192.0.2.256'] }],
    ['more addresses than there is room for', { listen: new Array(33).fill('192.0.2.1') }],
  ])('%s', (_what, wrong) => {
    expect(() => encodeOptions({ ...options, ...wrong })).toThrow(RangeError);
  });

  test('a key longer than any cipher has, an SPI of more than 32 bits', () => {
    const spec = childSpec(loopback(4500, 4500), { in: 256, out: 257 });
    const encryption = new Secret(new Uint8Array(65));
    const long = { ...spec, inbound: { ...spec.inbound, encryption } };
    const wide = { ...spec, inbound: { ...spec.inbound, spi: 2 ** 32 } };
    expect(() => encodeChild(long)).toThrow(RangeError);
    expect(() => encodeChild(wide)).toThrow(RangeError);
  });
});

test('what the keys serve for lands in its fields; 0 is any amount', () => {
  const spec = childSpec(loopback(4500, 4500), { in: 300, out: 301 });
  const limits = {
    soft: { packets: 5_000_000_000, bytes: undefined },
    hard: { packets: undefined, bytes: 10 ** 15 },
  };
  const block = new Block(espChild, encodeChild({ ...spec, limits }).child);
  const fields = ['soft_packets', 'hard_packets', 'soft_bytes', 'hard_bytes'] as const;
  expect(fields.map((field) => block.long(field))).toEqual([5_000_000_000n, 0n, 0n, 10n ** 15n]);
  const negative = { soft: { packets: -1, bytes: undefined }, hard: limits.hard };
  expect(() => encodeChild({ ...spec, limits: negative })).toThrow(RangeError);
});

test('a child lands in its fields, our selectors before the peer’s', () => {
  const spec = childSpec(loopback(4500, 9999), { in: 0xfffffffe, out: 257 });
  const { child, selectors } = encodeChild(spec);
  const block = new Block(espChild, child);
  const inbound = new Block(espDirection, block.part('inbound'));
  expect(block.get('ref')).toBe(7);
  expect(block.get('cipher')).toBe(20);
  expect(inbound.get('spi')).toBe(0xfffffffe);
  expect(inbound.get('encryption_bytes')).toBe(20);
  expect(inbound.part('encryption').subarray(0, 21)).toEqual(
    Uint8Array.from([...new Array(20).fill(1), 0]),
  );
  expect([block.get('esn'), block.get('standby')]).toEqual([0, 0]);
  const waiting = new Block(espChild, encodeChild({ ...spec, standby: true }).child);
  expect(waiting.get('standby')).toBe(1);
  expect([block.get('local_count'), block.get('remote_count')]).toEqual([1, 2]);
  const families = [0, 1, 2].map((i) => selectors[i * espSelector.bytes]);
  expect(families).toEqual([4, 4, 6]);
  expect(selectors.subarray(8, 12)).toEqual(Uint8Array.of(10, 1, 0, 1));
});

test('a trap lands in its fields, with its selectors as a child has them', () => {
  const spec = childSpec(loopback(4500, 9999), { in: 256, out: 257 });
  const { trap, selectors } = encodeTrap(0xfffffffe as TrapRef, spec.selectors);
  const block = new Block(espTrap, trap);
  expect(block.get('ref')).toBe(0xfffffffe);
  expect([block.get('local_count'), block.get('remote_count')]).toEqual([1, 2]);
  expect(selectors).toEqual(encodeChild(spec).selectors);
});

test('every refusal has a reason and a cure, and the C module’s own words go first', () => {
  const known = faultOf(3, 'UDP port 500 is in use');
  expect(known).toBeInstanceOf(DataPlaneError);
  expect(known.code).toBe('port-in-use');
  expect(known.why).toBe('UDP port 500 is in use');
  expect(known.cure).toMatch(/strongSwan/);
  for (let code = 1; code <= 15; code++) {
    expect(faultOf(code).why).not.toBe('');
    expect(faultOf(code).cure).toMatch(/\.$/);
  }
  expect(faultOf(99).code).toBe('system');
});
