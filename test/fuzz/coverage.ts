// Which code ran, asked of V8 itself: blocks of the bundle and how often, in powers of two.
import { Session } from 'node:inspector';

interface Range {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}
interface Taken {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly { readonly ranges: readonly Range[] }[];
  }[];
}

export class Coverage {
  readonly #session = new Session();
  readonly #url: string;

  /** @param url of the script that counts */
  constructor(url: string) {
    this.#url = url;
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** What ran since it was asked last: each number is a block, and how often in powers of two. */
  take(): number[] {
    let taken: Taken = { result: [] };
    this.#session.post('Profiler.takePreciseCoverage', (error: Error | null, value: Taken) => {
      if (error) throw error;
      taken = value;
    });
    const script = taken.result.find(({ url }) => url === this.#url);
    return (script?.functions ?? []).flatMap(({ ranges }) =>
      ranges
        .filter(({ count }) => count > 0)
        .map(({ startOffset, endOffset, count }) => {
          const often = Math.min(31, Math.floor(Math.log2(count)));
          return (startOffset * bundleBytes + endOffset) * 32 + often;
        }),
    );
  }
}

/** A block without how often it ran. */
export const blockOf = (feature: number): number => Math.floor(feature / 32);

/** More than any bundle has; with its square, numbers stay exact. */
const bundleBytes = 2 ** 23;
