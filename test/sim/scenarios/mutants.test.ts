// The simulator judged: with one rule of the core broken on purpose, it must find a schedule that shows it.
import { afterEach, expect, test, vi } from 'vitest';
import type { Schedule } from '../schedule.ts';

type Broken = Record<string, unknown>;
const core = '../../../src/ike';
const rekeys = ['rekeyChild', 'rekeyIke'] as const;

/** The first seed below 1,000 that fails, or undefined. */
async function firstFailure(acts: Schedule['acts']): Promise<number | undefined> {
  const { play } = await import('../schedule.ts');
  for (let seed = 1; seed < 1000; seed++) {
    try {
      play({ seed, acts, steps: 10 });
    } catch {
      return seed;
    }
  }
  return undefined;
}

function breaking(module: string, how: (original: Broken) => Broken): void {
  vi.resetModules();
  vi.doMock(`${core}/${module}`, async (load) => {
    const original = await load<Broken>();
    return { ...original, ...how(original) };
  });
}

/** A window with one method replaced. */
function breakingWindow(name: string, how: (original: () => unknown) => unknown): void {
  breaking('sa/window.ts', ({ Window }) => {
    const { prototype } = Window as { prototype: Record<string, () => unknown> };
    const original = prototype[name];
    if (!original) throw new Error(`a window has no ${name}`);
    Object.defineProperty(prototype, name, { value: how(original) });
    return { Window };
  });
}

afterEach(() => {
  vi.doUnmock(`${core}/sa/collide.ts`);
  vi.doUnmock(`${core}/sa/window.ts`);
  vi.doUnmock(`${core}/exchanges/child.ts`);
  vi.resetModules();
});

test('as it is, the core passes', async () => {
  const { play } = await import('../schedule.ts');
  for (let seed = 1; seed <= 50; seed++) play({ seed, acts: rekeys, steps: 10 });
});

test.each([
  ['each side closes its own', () => true],
  ['each side keeps its own', () => false],
])('the nonces are not compared, and %s: found', async (_name, isRedundant) => {
  breaking('sa/collide.ts', () => ({ isRedundant }));
  expect(await firstFailure(rekeys)).toBeDefined();
});

test('requests outside the window are let in: found', async () => {
  breakingWindow(
    'judge',
    (original) =>
      function judge(this: unknown, ...id: []) {
        const verdict = original.apply(this as never, id);
        return verdict === 'outside' || verdict === 'repeated' ? 'new' : verdict;
      },
  );
  expect(await firstFailure(rekeys)).toBeDefined();
});

test('a lost response is never repeated: found', async () => {
  breakingWindow('takeRepeat', () => () => []);
  expect(await firstFailure(rekeys)).toBeDefined();
});

test('new keys are used before the peer has them: found', async () => {
  breaking('exchanges/child.ts', ({ installChild }) => ({
    installChild: (sa: unknown, terms: object) =>
      (installChild as (...all: unknown[]) => unknown)(sa, { ...terms, standby: false }),
  }));
  expect(await firstFailure(['rekeyChild'])).toBeDefined();
});
