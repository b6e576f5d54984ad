// Rekeys, moves and deletes at random, over a network that is not kind (`make sim SEEDS=10000`).
import { expect, test } from 'vitest';
import { type Act, play } from '../schedule.ts';
import { seedsOr } from '../seeds.ts';

const mixes: Record<string, readonly Act[]> = {
  'rekeys of the tunnel': ['rekeyChild'],
  'rekeys of the IKE SA': ['rekeyIke'],
  'rekeys of both': ['rekeyChild', 'rekeyIke'],
  'rekeys and moves': ['rekeyChild', 'rekeyIke', 'roam'],
  'rekeys and deletes': ['rekeyChild', 'rekeyChild', 'rekeyIke', 'rekeyIke', 'deleteChild'],
};
const seeds = seedsOr(50);

test.each(Object.entries(mixes))(
  '%s, whenever: both sides agree once it is quiet, and part without a trace',
  (_name, acts) => {
    const failed: string[] = [];
    for (const seed of seeds) {
      try {
        play({ seed, acts, steps: 10 });
      } catch (error) {
        failed.push(
          `FIRST_SEED=${seed} SEEDS=1: ${error instanceof Error ? error.message : error}`,
        );
      }
    }
    expect(failed.slice(0, 5)).toEqual([]);
  },
  600_000,
);
