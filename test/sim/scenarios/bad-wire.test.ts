// Two gateways on a network that loses, doubles, delays and reorders: every dial comes up as long as no datagram is
// lost more often than it is repeated, and everything ends clean. `make sim` makes it a long run.
import { describe, expect, test } from 'vitest';
import { seconds } from '../../../src/base/time.ts';
import { seeded } from '../chance.ts';
import { household, pool } from '../household.ts';
import { countingLeases, leftovers } from '../leftovers.ts';
import { connection, phone, policy, proposals } from '../policies.ts';
import { seedsOr } from '../seeds.ts';

const seeds = seedsOr(200);
const someAddresses = Array.from({ length: 9 }, (_, i) => `10.3.0.${i + 2}`);
const terminate = { kind: 'command', command: { kind: 'terminate', which: 'all' } } as const;

/** What a seed decides: the gateway asks for a cookie or not, wants another group or not, and dials are long or short. */
function begin(seed: number, mostLosses: number) {
  const leases = countingLeases(pool(someAddresses));
  const limits = { ...policy([]).limits, ...(seed % 2 ? { cookieThreshold: 0 } : {}) };
  const ike = seed % 3 ? {} : { ike: proposals('ike', 'aes256gcm16-prfsha256-ecp256') };
  const fragmentSize = seed % 5 ? 1280 : 300;
  // Repeating IKE_SA_INIT and IKE_AUTH to the last takes longer than a half-open SA lives by default.
  const timing = { ...policy([]).timing, halfOpen: seconds(120) };
  const house = household({
    seed,
    ports: leases.ports,
    gateway: policy([connection({ ...ike, dpd: seconds(100), fragmentSize })], { limits, timing }),
    phone: policy([phone({ fragmentSize })]),
  });
  const jitter = seconds([0.1, 0.5, 1, 3][seed % 4] ?? 0);
  house.world.lossy({ seed, loss: 0.3, duplicate: 0.3, jitter, mostLosses });
  house.dial();
  return { ...house, leases };
}

describe(`${seeds.length} dials over a bad network`, () => {
  test('come up where no datagram is lost more than twice, and end clean', () => {
    const failures: string[] = [];
    for (const seed of seeds) {
      const { world, gateway, phone: dialer, leases } = begin(seed, 2);
      world.run(seconds(200));
      if (dialer.core.snapshot().sas[0]?.phase !== 'established') failures.push(`${seed}: not up`);
      if (gateway.children.size !== 1) failures.push(`${seed}: ${gateway.children.size} tunnels`);
      world.input(seeded(seed)(1)[0] ? dialer : gateway, terminate);
      world.run(seconds(1200));
      const left = [gateway, dialer].flatMap((host) => leftovers(world, host));
      failures.push(...left.map((what) => `${seed}: ${what}`));
      const released = gateway.released.filter((address) => address.startsWith('10.')).length;
      if (released !== leases.granted()) failures.push(`${seed}: ${released} leases came back`);
    }
    expect(failures).toEqual([]);
  });

  // Here the network may well be too bad: then both ends must notice.
  test('end clean whether they came up or not', () => {
    const failures: string[] = [];
    let up = 0;
    for (const seed of seeds) {
      const { world, gateway, phone: dialer, leases } = begin(seed, Number.POSITIVE_INFINITY);
      world.run(seconds(seed % 97));
      up += dialer.eventsOf('sa.established').length;
      for (const host of seed % 2 ? [dialer, gateway] : [gateway]) world.input(host, terminate);
      world.run(seconds(1200));
      world.input(dialer, terminate); // which may not have noticed, for it has no reason to probe
      world.run(seconds(1200));
      const left = [gateway, dialer].flatMap((host) => leftovers(world, host));
      failures.push(...left.map((what) => `${seed}: ${what}`));
      const released = gateway.released.filter((address) => address.startsWith('10.')).length;
      if (released !== leases.granted()) failures.push(`${seed}: ${released} leases came back`);
    }
    expect(failures).toEqual([]);
    if (seeds.length > 20) expect(up).toBeGreaterThan(seeds.length / 2);
  });
});
