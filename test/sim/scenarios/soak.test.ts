// A virtual day with ten phones, keys that live a minute, and every fifth datagram lost (`make soak` for all of it).
import { expect, test } from 'vitest';
import { soak } from '../soak.ts';
import type { SimHost } from '../world.ts';

const standing = ({ core }: SimHost) =>
  core.snapshot().sas.filter(({ phase }) => phase === 'established');
const hours = Number(process.env['SOAK_HOURS'] ?? 2);

test(`${hours} hours of ten phones end with all ten up, each with one tunnel and its address`, () => {
  const { world, gateway, phones, hour, calm } = soak(10, 4);
  const addresses = new Map<string, string>();
  const tallies = Array.from({ length: hours }, () => {
    const tally = hour();
    for (const { peer, addresses: list } of gateway.core.snapshot().sas) {
      // Whoever comes back has its address again.
      const known = addresses.get(peer ?? '') ?? String(list);
      if (peer !== undefined) addresses.set(peer, known);
      if (peer !== undefined && list.length > 0) expect(String(list)).toBe(known);
    }
    return tally;
  });
  calm();
  for (const host of phones) {
    expect(standing(host), host.name).toHaveLength(1);
    // Keys of a minute: it may be the moment of their renewal.
    expect([1, 2], host.name).toContain(host.sa.children.length);
    expect(world.carry(host, gateway), host.name).toBe('carried');
  }
  const sas = standing(gateway);
  expect(new Set(sas.map(({ peer }) => peer)).size).toBe(10);
  expect(sas).toHaveLength(10);
  const sum = (key: keyof (typeof tallies)[number]) =>
    tallies.reduce((all, tally) => all + tally[key], 0);
  // Ten phones, sixty minutes, keys of a minute: nearly as many of each.
  expect(sum('childRekeys')).toBeGreaterThan(hours * 400);
  expect(sum('ikeRekeys')).toBeGreaterThan(hours * 400);
  process.stdout.write(
    `  ${hours} h: ${sum('childRekeys')} tunnels, ${sum('ikeRekeys')} IKE rekeys, ${sum('closed')} ends, ${Math.round(sum('bytesMade') / 1000)} kB\n`,
  );
}, 600_000);
