// A tunnel that stands for a week, and one whose keys are renewed ten thousand times: neither costs more memory or
// timers than at its beginning. The measure is judged too: with something forgotten on purpose, it must show.
import { afterEach, expect, test, vi } from 'vitest';
import { minutes } from '../../../src/base/time.ts';
import { expectAgreement } from '../model.ts';

const sa = '../../../src/ike/sa';
/** Bytes of heap for each rekey: a lost IKE SA costs many thousand, the noise of a collection some tens. */
const mostForEach = 600;
/** Of both sides: what lingers and drains after rekeys in quick succession, and twice that before stale entries go. */
const mostTimers = 4 * 64;

const begin = async () => {
  const { enduring, heapInUse } = await import('../endurance.ts');
  return { ...enduring(), heapInUse };
};

/** Heap for each rekey, when the first ones have warmed everything up. */
async function costOf({ first, times }: { first: number; times: number }) {
  const pair = await begin();
  pair.rekeys(first);
  const before = pair.heapInUse();
  pair.rekeys(times);
  return { ...pair, forEach: (pair.heapInUse() - before) / times };
}

type Broken = Record<string, { prototype: object }>;
/** One method of a class does nothing. */
function forgetting(module: string, name: string, method: string): void {
  vi.resetModules();
  vi.doMock(`${sa}/${module}`, async (load) => {
    const original = await load<Broken>();
    Object.defineProperty(original[name]?.prototype ?? {}, method, { value: () => undefined });
    return original;
  });
}
afterEach(() => {
  vi.doUnmock(`${sa}/registry.ts`);
  vi.doUnmock(`${sa}/timers.ts`);
  vi.resetModules();
});

test('a week without traffic: the same connection, no more memory, no more timers', async () => {
  const { world, gateway, phone, timers, heapInUse } = await begin();
  const { establishedAt } = gateway.sa;
  const day = (): void => {
    for (let hour = 0; hour < 24; hour++) {
      world.run(minutes(60));
      world.forget();
    }
  };
  day();
  const before = heapInUse();
  for (let i = 0; i < 6; i++) day();
  expect(heapInUse() - before).toBeLessThan(2_000_000);
  expect(timers()).toBeLessThanOrEqual(mostTimers);
  expect(gateway.sa.establishedAt).toBe(establishedAt);
  expectAgreement(world, gateway, phone);
}, 300_000);

test('ten thousand rekeys of both kinds: no more memory, no more timers', async () => {
  const { world, gateway, phone, forEach, timers } = await costOf({ first: 1000, times: 9000 });
  expect(forEach).toBeLessThan(mostForEach);
  expect(timers()).toBeLessThanOrEqual(mostTimers);
  world.run(minutes(1));
  expectAgreement(world, gateway, phone);
}, 300_000);

test('a thousand wrong passwords: no more memory for each', async () => {
  const { guessing, heapInUse } = await import('../endurance.ts');
  const { guess, gateway } = guessing();
  guess(300);
  const before = heapInUse();
  guess(1000);
  // Some of it is code that V8 makes faster meanwhile.
  expect((heapInUse() - before) / 1000).toBeLessThan(5 * mostForEach);
  expect(gateway.core.snapshot().sas).toEqual([]);
}, 300_000);

test('IKE SAs that are never forgotten: found by the heap', async () => {
  forgetting('registry.ts', 'Registry', 'remove');
  const { forEach } = await costOf({ first: 200, times: 500 });
  expect(forEach).toBeGreaterThan(3 * mostForEach);
}, 60_000);

test('timers that are never stopped: found by the agenda', async () => {
  forgetting('timers.ts', 'Timers', 'stopAll');
  const { timers } = await costOf({ first: 200, times: 500 });
  expect(timers()).toBeGreaterThan(3 * mostTimers);
}, 60_000);
