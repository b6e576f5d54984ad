// Sets the stage for a test file: one home, built once, with its players; torn down whatever happens. Where the
// machine cannot hold it, every test of the file says «skipped: why».
import { afterAll, beforeAll, beforeEach, onTestFailed } from 'vitest';
import { Home, type HomeOptions } from './home.ts';
import { type Need, whyNot } from './ready.ts';

/** For files without a stage: every test of theirs says «skipped: why» where one of these is missing. */
export function skipWithout(...needs: readonly Need[]): void {
  const why = whyNot(...needs);
  beforeEach((context) => {
    if (why !== undefined) context.skip(`skipped: ${why}`);
  });
}

export interface StageOptions<T extends object> extends HomeOptions {
  readonly needs: readonly Need[];
  readonly play: (home: Home) => Promise<T>;
}

/** @returns what `play` made, for use inside the tests */
export function stage<T extends object>({
  needs,
  play,
  ...options
}: StageOptions<T>): () => T & { home: Home } {
  const why = whyNot(...needs);
  let home: Home | undefined;
  let made: (T & { home: Home }) | undefined;

  beforeAll(async () => {
    if (why !== undefined) return;
    home = await Home.build(options);
    try {
      made = Object.assign(await play(home), { home });
    } catch (error) {
      process.stderr.write(`${home.lab.explain()}\n`);
      throw error;
    }
  });
  beforeEach((context) => {
    if (why !== undefined) context.skip(`skipped: ${why}`);
    onTestFailed(() => void process.stderr.write(`${home?.lab.explain()}\n`));
  });
  afterAll(async () => {
    await home?.close();
  });

  return () => {
    if (!made) throw new Error('the stage was not set');
    return made;
  };
}
