// The figures that the benchmark prints: medians, and ratios of neighbours in one round.
import { expect, test } from 'vitest';
import { median, percentile, ratio, type Sample, summarize } from '../../bench/statistics.ts';

const sample = (row: string, round: number, value: number, foreign = 0): Sample => ({
  ...{ section: 'tunnels', row, figure: 'tcp1', round, value, foreign },
});

test('a median of an even number lies between the middle two, a percentile between its neighbours', () => {
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([3, 1, 2])).toBe(2);
  expect(percentile([0, 10, 20, 30, 40], 0.99)).toBeCloseTo(39.6);
});

test('a ratio is taken within each round, so that weather that both had does not matter', () => {
  const mine = [sample('a', 1, 100), sample('a', 2, 10), sample('a', 3, 50)];
  const theirs = [sample('b', 1, 50), sample('b', 2, 5), sample('b', 4, 1)];
  expect(ratio(mine, theirs)).toBe(2);
  expect(ratio(mine, [sample('b', 9, 1)])).toBeUndefined();
});

test('a summary counts the samples that others spoiled', () => {
  const summary = summarize(
    [sample('a', 1, 1), sample('a', 2, 3, 0.5), sample('a', 3, 2, 0.05)],
    0.1,
  );
  expect(summary).toEqual({ median: 2, least: 1, most: 3, count: 3, busy: 1 });
  expect(summarize([], 0.1)).toBeUndefined();
});
