import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Prefix, parsePrefix } from '../../../src/base/ip.ts';
import { LeaseKeeper } from '../../../src/daemon/lease-keeper.ts';
import type { PoolSettings } from '../../../src/policy/pool.ts';
import { FakeClock, logTo } from './fakes.ts';

let folder: string;
let file: string;
let clock: FakeClock;
let lines: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ikev2-leases-'));
  file = join(folder, 'leases.json');
  clock = new FakeClock();
  lines = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

const range = (text: string): Prefix => parsePrefix(text) as Prefix;
const pools = (...ranges: string[]): PoolSettings[] => [
  { name: 'lan', ranges: ranges.map(range), dns: [], domains: [], sticky: true },
];
const keeper = (settings = pools('10.3.0.0/24', 'fd00::/64'), path = file): LeaseKeeper =>
  new LeaseKeeper({ pools: settings, fixed: [] }, path, logTo(lines), (delay, run) =>
    clock.after(delay, run),
  );
const anna = { pool: 'lan', identity: 'anna', v4: true, v6: true };

describe('leases', () => {
  test('are written once for a burst, a second after it began', () => {
    const leases = keeper();
    for (let i = 0; i < 5; i++) leases.lease({ ...anna, identity: `anna ${i}` });
    expect(clock.waits).toEqual([1000]);
    expect(existsSync(file)).toBe(false);
    clock.pass(1000);
    expect(readFileSync(file, 'utf8')).toContain('anna 4');
    expect(clock.waits).toEqual([]);
  });

  test('are written at the end if there is something to write', () => {
    const leases = keeper();
    leases.close();
    expect(existsSync(file)).toBe(false);
    leases.lease(anna);
    leases.close();
    expect(existsSync(file)).toBe(true);
    expect(clock.waits).toEqual([]);
  });

  test('are remembered by the next keeper', () => {
    const first = keeper();
    const answer = first.lease(anna);
    first.close();
    const second = keeper();
    second.lease({ ...anna, identity: 'bob' });
    expect(second.lease(anna)).toEqual(answer);
  });

  test('count by the fuller family, and room by the smaller', () => {
    const leases = keeper(pools('10.3.0.0/29', 'fd00::/64'));
    leases.lease(anna);
    leases.lease({ ...anna, identity: 'bob', v6: false });
    expect(leases.usage()).toMatchObject([{ name: 'lan', used: 2, size: 5 }]);
    expect(keeper(pools()).usage()).toMatchObject([{ used: 0, size: 0 }]);
  });

  test('are shown as held, then as kept for their owner', () => {
    const leases = keeper(pools('10.3.0.0/24'));
    const answer = leases.lease(anna);
    leases.lease({ ...anna, identity: 'bob' });
    if (!answer.ok) throw new Error(answer.why);
    leases.release(answer.lease);
    expect(leases.leases()).toMatchObject([
      { identity: 'bob', isHeld: true },
      { identity: 'anna', isHeld: false },
    ]);
  });

  test('cost no tunnel when they cannot be read or written', () => {
    writeFileSync(file, 'damaged');
    const leases = keeper();
    expect(lines.splice(0)).toEqual([
      expect.stringMatching(/^warn: .*leases\.json cannot be used/),
    ]);
    expect(leases.lease(anna).ok).toBe(true);
    const nowhere = keeper(pools('10.3.0.0/24'), join(folder, 'no/such/folder'));
    expect(nowhere.lease(anna).ok).toBe(true);
    nowhere.close();
    expect(lines).toEqual([expect.stringMatching(/^error: could not write .*ENOENT/)]);
  });
});
