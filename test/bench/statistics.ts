// Medians, spreads and ratios of what was measured. A ratio is taken within each round, and then the median of the
// rounds: neighbours share the weather.

/** One figure of one row in one round. */
export interface Sample {
  readonly section: string;
  readonly row: string;
  readonly figure: string;
  readonly round: number;
  readonly value: number;
  /** Cores that others used meanwhile. */
  readonly foreign: number;
}

export interface Summary {
  readonly median: number;
  readonly least: number;
  readonly most: number;
  /** How many samples. */
  readonly count: number;
  /** Of them while others used more than a tenth of a core. */
  readonly busy: number;
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** Between the two neighbours where it falls between them. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? Number.NaN;
  return below + (above - below) * (at - Math.floor(at));
}

export function summarize(samples: readonly Sample[], busy: number): Summary | undefined {
  if (samples.length === 0) return undefined;
  const values = samples.map(({ value }) => value);
  return {
    median: median(values),
    least: Math.min(...values),
    most: Math.max(...values),
    count: samples.length,
    busy: samples.filter(({ foreign }) => foreign > busy).length,
  };
}

/** Undefined: they have no round in common. */
export function ratio(mine: readonly Sample[], theirs: readonly Sample[]): number | undefined {
  const others = new Map(theirs.map(({ round, value }) => [round, value]));
  const ratios = mine.flatMap(({ round, value }) => {
    const other = others.get(round);
    return other === undefined ? [] : [value / other];
  });
  return ratios.length === 0 ? undefined : median(ratios);
}

export const pick = (
  samples: readonly Sample[],
  section: string,
  row: string,
  figure: string,
): Sample[] =>
  samples.filter((one) => one.section === section && one.row === row && one.figure === figure);
