// Who used the processor: the processes of this test are ours, whatever else runs is not.
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { between, read, timeOf } from '../../bench/weather.ts';

test('processor time of a child that ended is ours, and in the account of its parent', () => {
  const before = read();
  const own = timeOf([process.pid]);
  spawnSync('sh', ['-c', 'i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done']);
  const spent = timeOf([process.pid]) - own;
  const { ours, foreign } = between(before, read());
  expect(spent).toBeGreaterThan(0);
  expect(ours + foreign).toBeGreaterThan(0);
});
