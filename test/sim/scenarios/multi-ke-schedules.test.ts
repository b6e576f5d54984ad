// Rekeys with one to three additional key exchanges at random, half of them with a PPK behind the last of the first ones,
// over a network that is not kind; ten thousand of them by `make sim ONLY=multi-ke SEEDS=2500`.
import { expect, test, vi } from 'vitest';
import { fromText } from '../../../src/base/bytes.ts';
import { Secret } from '../../../src/base/secret.ts';
import { failuresOf } from '../many-schedules.ts';
import type { Act } from '../schedule.ts';
import { seedsOr } from '../seeds.ts';

vi.mock('../../../src/base/secret.ts', async (original) =>
  (await import('../watched-secrets.ts')).watching(original),
);

const mixes: Record<string, readonly Act[]> = {
  'rekeys of the tunnel': ['rekeyChild'],
  'rekeys of the IKE SA': ['rekeyIke'],
  'rekeys of both, and deletes': [
    'rekeyChild',
    'rekeyChild',
    'rekeyIke',
    'rekeyIke',
    'deleteChild',
  ],
  'rekeys, moves, and hosts that crash or sleep': [
    'rekeyChild',
    'rekeyIke',
    'roam',
    'crash',
    'sleep',
  ],
};
const combinations = [
  '-ke1_mlkem512',
  '-ke1_mlkem512-ke2_ecp256',
  '-ke1_ecp256-ke3_mlkem768-ke7_mlkem512',
];
const seeds = seedsOr(12);

test.each(Object.entries(mixes))(
  '%s, whenever: both sides agree once it is quiet, and part without a trace (pitfall 51)',
  (_name, acts) => {
    const failed = failuresOf(
      seeds.map((seed) => {
        const more = combinations[seed % combinations.length] ?? '';
        const secret = new Secret(fromText('thirty-two bytes that nobody else'));
        const ppks = seed % 2 === 0 ? [{ id: fromText('anna'), secret, peers: [] }] : [];
        return { seed, acts, steps: 6, more, ppks };
      }),
    );
    expect(failed.slice(0, 5)).toEqual([]);
  },
  600_000,
);
