// Which seeds a random simulation runs: `SEEDS=1000` makes it a long run, and `FIRST_SEED=17 SEEDS=1` replays one.

const first = Number(process.env['FIRST_SEED'] ?? 1);

/** The seeds that were asked for, else the first `usual` ones. */
export function seedsOr(usual: number): readonly number[] {
  const length = Number(process.env['SEEDS'] ?? usual);
  if (!(length > 0 && first > 0)) throw new Error('SEEDS and FIRST_SEED are positive numbers');
  return Array.from({ length }, (_, i) => first + i);
}
