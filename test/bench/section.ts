// One part of the benchmark: rows that take turns, and the figures that each of them gives.
import type { Figures } from './probes.ts';

export interface Row {
  readonly key: string;
  readonly title: string;
  /** In words; undefined: it can be measured here. */
  readonly whyNot: () => string | undefined;
  readonly measure: () => Promise<Figures>;
}

export interface Figure {
  readonly key: string;
  readonly title: string;
  readonly digits: number;
}

export interface Section {
  readonly key: string;
  readonly title: string;
  readonly rows: readonly Row[];
  readonly figures: readonly Figure[];
  /** Of each row in each round, about. */
  readonly seconds: number;
  /** Measured in the first round alone, because it takes turns by itself or does not vary. */
  readonly once?: true;
  /** Counted, not timed: it does not matter what others do. */
  readonly counted?: true;
}
