// Rekeys, moves and deletes at random, over a network that is not kind (`make sim SEEDS=10000`).
import { expect, test, vi } from 'vitest';
import { failuresOf } from '../many-schedules.ts';
import { type Act, play } from '../schedule.ts';
import { seedsOr } from '../seeds.ts';
import { secretsMade } from '../watched-secrets.ts';

vi.mock('../../../src/base/secret.ts', async (original) =>
  (await import('../watched-secrets.ts')).watching(original),
);

const mixes: Record<string, readonly Act[]> = {
  'rekeys of the tunnel': ['rekeyChild'],
  'rekeys of the IKE SA': ['rekeyIke'],
  'rekeys of both': ['rekeyChild', 'rekeyIke'],
  'rekeys and moves': ['rekeyChild', 'rekeyIke', 'roam'],
  'rekeys and deletes': ['rekeyChild', 'rekeyChild', 'rekeyIke', 'rekeyIke', 'deleteChild'],
  'rekeys, and hosts that crash': ['rekeyChild', 'rekeyIke', 'crash'],
  'rekeys, and hosts that sleep': ['rekeyChild', 'rekeyIke', 'sleep'],
  'rekeys, and a NAT that forgets': ['rekeyChild', 'rekeyIke', 'newMapping'],
  'everything at once': ['rekeyChild', 'rekeyIke', 'crash', 'sleep', 'newMapping', 'roam'],
};
const seeds = seedsOr(50);

test.each(Object.entries(mixes))(
  '%s, whenever: both sides agree once it is quiet, and part without a trace',
  (_name, acts) => {
    const failed = failuresOf(seeds.map((seed) => ({ seed, acts, steps: 10 })));
    expect(failed.slice(0, 5)).toEqual([]);
  },
  600_000,
);

test('the same seed sends the same bytes, and another one others', () => {
  const digests = [1, 1, 2, 2].map((seed) => {
    const acts = Object.values(mixes).flat();
    return play({ seed, acts, steps: 20 });
  });
  expect(digests[0]).toBe(digests[1]);
  expect(digests[2]).toBe(digests[3]);
  expect(digests[0]).not.toBe(digests[2]);
  expect(secretsMade()).toBeGreaterThan(100); // they were watched
});
