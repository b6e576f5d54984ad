// What must be true of two hosts once the network is quiet: both list the same SAs with the same keys, and what
// one sends on the other receives on.
import { expect } from 'vitest';
import { toHex } from '../../src/base/bytes.ts';
import type { ChildSpec, EspDirection } from '../../src/ike/core.ts';
import { formatSelector } from '../../src/policy/selectors.ts';
import type { SimHost, World } from './world.ts';

/** One IKE SA and `children` CHILD_SAs, the same on both sides, and packets flow both ways. */
export function expectAgreement(world: World, a: SimHost, b: SimHost, children = 1): void {
  expect(spis(a)).toEqual(spis(b));
  expect(spis(a)).toHaveLength(1);
  expect(ikeKeys(a)).toEqual(ikeKeys(b));
  expect(terms(a, 'local')).toEqual(terms(b, 'remote'));
  expect(terms(a, 'remote')).toEqual(terms(b, 'local'));
  expect(pairs(a, 'outbound')).toEqual(pairs(b, 'inbound'));
  expect(pairs(a, 'inbound')).toEqual(pairs(b, 'outbound'));
  expect(pairs(a, 'inbound')).toHaveLength(children);
  expect([...a.events, ...b.events].filter(({ kind }) => kind === 'bug')).toEqual([]);
  if (children === 0) return;
  expect(world.carry(a, b)).toBe('carried');
  expect(world.carry(b, a)).toBe('carried');
}

const spis = (host: SimHost): string[] =>
  host.core.snapshot().sas.map(({ spiI, spiR }) => spiI + spiR);

/** SK_e and SK_a of what stands, where the policy discloses them. */
const ikeKeys = (host: SimHost) => spis(host).map((spi) => host.disclosed.get(spi));

/** The selectors of one end of every CHILD_SA, and how it is protected. */
const terms = (host: SimHost, end: 'local' | 'remote'): string[] =>
  [...host.children.values()]
    .map(({ selectors, cipher, esn }) =>
      [cipher, esn, ...selectors[end].map(formatSelector)].join(' '),
    )
    .sort();

/** SPI and key of every CHILD_SA, in one direction. */
function pairs(host: SimHost, direction: 'inbound' | 'outbound'): string[] {
  const text = (child: ChildSpec) => `${child[direction].spi} ${keyOf(child[direction])}`;
  return [...host.children.values()].map(text).sort();
}

const keyOf = ({ encryption, integrity }: EspDirection): string =>
  [encryption, integrity].map((key) => (key ? toHex(key.bytes) : '')).join(' ');
