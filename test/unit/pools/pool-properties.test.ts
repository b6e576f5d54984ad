// Whatever clients do, in any order.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inRange, isIpv4, prefixRange } from '../../../src/base/ip.ts';
import type { Lease } from '../../../src/ike/core.ts';
import type { PoolSettings } from '../../../src/policy/pool.ts';
import { Pools, routerAddress } from '../../../src/pools/pool.ts';
import { pool } from './settings.ts';

const ranges = ['10.3.0.0/28', '10.4.0.5/29', 'fd00::/125', 'fd01::2/126'];
const step = fc.oneof(
  fc.record({
    kind: fc.constant('lease' as const),
    identity: fc.constantFrom('a', 'b', 'c', 'd'),
    v4: fc.boolean(),
    v6: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('release' as const), which: fc.nat(30) }),
  fc.record({ kind: fc.constant('restart' as const) }),
  fc.record({
    kind: fc.constant('reload' as const),
    name: fc.constantFrom('other', 'phones'),
    kept: fc.subarray(ranges),
  }),
);

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** The pools under test, and beside them the leases that must be live. */
class Model {
  readonly #settings: PoolSettings;
  pools: Pools;
  live: Lease[] = [];

  constructor(settings: PoolSettings) {
    this.#settings = settings;
    this.pools = new Pools([settings]);
  }

  take(each: Step): void {
    switch (each.kind) {
      case 'lease': {
        const { identity, v4, v6 } = each;
        const answer = this.pools.lease({ pool: 'phones', identity, v4, v6 });
        if (answer.ok) this.live.push(answer.lease);
        return;
      }
      case 'release':
        for (const lease of this.live.splice(each.which % (this.live.length + 1), 1))
          this.pools.release(lease);
        return;
      case 'restart':
        this.pools = new Pools([this.#settings], this.pools.remembered());
        this.live = [];
        return;
      case 'reload': // away and back again
        this.pools.adopt([{ ...pool(each.kept), name: each.name }]);
        this.pools.adopt([this.#settings]);
    }
  }
}

test('no address has two owners, none lies outside, and all that were released are free', () => {
  fc.assert(
    fc.property(fc.boolean(), fc.array(step, { maxLength: 120 }), (sticky, steps) => {
      const settings = pool(ranges, { sticky });
      const model = new Model(settings);
      for (const each of steps) {
        model.take(each);
        expectSound(model.live, settings);
        const live = model.live.flatMap((lease) => lease.addresses);
        expect(addressesOf(model.pools)).toEqual(live.toSorted());
      }
      for (const lease of model.live) model.pools.release(lease);
      expect(fillUp(model.pools, true)).toBe(13 + 5);
      expect(fillUp(model.pools, false)).toBe(6 + 2);
    }),
    { numRuns: 300 },
  );
});

function expectSound(live: readonly Lease[], { ranges: prefixes }: PoolSettings): void {
  const addresses = live.flatMap((lease) => lease.addresses);
  expect(new Set(addresses).size).toBe(addresses.length);
  for (const address of addresses) {
    const home = prefixes.find((each) => inRange(address, prefixRange(each)));
    if (!home) throw new Error(`${address} lies outside`);
    const { start, end } = prefixRange(home);
    expect([start, routerAddress(home).ip]).not.toContain(address);
    if (isIpv4(address)) expect(address).not.toBe(end);
  }
}

const addressesOf = (pools: Pools) =>
  pools
    .snapshot()
    .flatMap(({ leases }) => leases.map(({ address }) => address))
    .toSorted();

function fillUp(pools: Pools, v4: boolean): number {
  let count = 0;
  while (count < 100 && pools.lease({ pool: 'phones', identity: 'greedy', v4, v6: !v4 }).ok)
    count++;
  return count;
}
