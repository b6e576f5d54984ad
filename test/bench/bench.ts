// `make bench`: how fast one TCP stream is through the tunnel, each variant as a ratio to strongSwan's userland
// ESP in the same run. Variants take turns, round after round, so that a busy machine is fair to all.
//
//   ROUNDS=3 SECONDS=4
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { inCheckout } from '../lab/checkout.ts';
import { Home } from '../lab/home.ts';
import { whyNot } from '../lab/ready.ts';
import { Report } from '../lab/report.ts';
import { measure, type Throughput } from './throughput.ts';
import { baseline, type Variant, variants } from './variants.ts';

type Rounds = Map<string, Throughput[]>;
type Direction = keyof Throughput;

const report = new Report();
const rounds = Number(process.env['ROUNDS'] || 3);
const seconds = Number(process.env['SECONDS'] || 4);

async function main(): Promise<void> {
  const why = whyNot('iperf3');
  if (why !== undefined) {
    report.line(`skipped: ${why}`);
    return;
  }
  report.title(`one TCP stream, ${rounds} rounds of ${seconds} s in each direction`);
  const skipped = new Map<string, string>();
  for (const { key, needs } of variants) {
    const missing = whyNot(...needs);
    if (missing !== undefined) skipped.set(key, missing);
  }
  const measured: Rounds = new Map(variants.map(({ key }) => [key, []]));
  for (let round = 1; round <= rounds; round += 1) {
    for (const variant of variants) {
      if (!skipped.has(variant.key)) await playRound(variant, round, measured, skipped);
    }
  }
  report.line();
  report.table(tabulate(measured));
  for (const [key, reason] of skipped) report.note(`${titleOf(key)} skipped: ${reason}`);
  report.note(`results in ${save(measured, skipped)}`);
}

async function playRound(
  variant: Variant,
  round: number,
  measured: Rounds,
  skipped: Map<string, string>,
): Promise<void> {
  const home = await Home.build();
  const interrupted = (): void => void home.close().then(() => process.exit(130));
  process.once('SIGINT', interrupted);
  try {
    const throughput = await measure(home, variant, seconds);
    measured.get(variant.key)?.push(throughput);
    const figures = `${megabits(throughput.up)} up, ${megabits(throughput.down)} down`;
    report.fact(true, `round ${round}: ${variant.title}`, `${figures} Mb/s`);
  } catch (error) {
    skipped.set(variant.key, error instanceof Error ? firstLine(error.message) : String(error));
    report.note(`round ${round}: ${variant.title}: ${skipped.get(variant.key)}`);
  } finally {
    process.off('SIGINT', interrupted);
    await home.close();
  }
}

function tabulate(measured: Rounds): string[][] {
  const head = ['Mb/s, median', 'up', 'down', 'up, ratio', 'down, ratio'];
  const rows = variants
    .filter(({ key }) => (measured.get(key)?.length ?? 0) > 0)
    .map(({ key, title }) => [
      title,
      ...DIRECTIONS.map((direction) => megabits(median(column(measured, key, direction)))),
      ...DIRECTIONS.map((direction) => ratio(measured, key, direction)),
    ]);
  return [head, ...rows];
}

/** The median of the ratios of each round, not the ratio of the medians: neighbours share the weather. */
function ratio(measured: Rounds, key: string, direction: Direction): string {
  const mine = column(measured, key, direction);
  const theirs = column(measured, baseline, direction);
  const ratios = mine.flatMap((value, at) => {
    const other = theirs[at];
    return other === undefined ? [] : [value / other];
  });
  return ratios.length === 0 ? '–' : `${median(ratios).toFixed(2)} ×`;
}

const column = (measured: Rounds, key: string, direction: Direction): number[] =>
  (measured.get(key) ?? []).map((throughput) => throughput[direction]);

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}

function save(measured: Rounds, skipped: ReadonlyMap<string, string>): string {
  const now = new Date().toISOString();
  const file = `bench/results/${now.slice(0, 16).replace(':', '')}.json`;
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, kernel: release() };
  const results = Object.fromEntries(measured);
  const notes = Object.fromEntries(skipped);
  const content = { at: now, machine, node: process.version, seconds, baseline, results, notes };
  mkdirSync(inCheckout('bench/results'), { recursive: true });
  writeFileSync(inCheckout(file), `${JSON.stringify(content, null, 2)}\n`);
  return file;
}

const titleOf = (key: string): string => variants.find((v) => v.key === key)?.title ?? key;
const firstLine = (text: string): string => text.split('\n')[0] ?? '';
const megabits = (bits: number): string => (bits / 1e6).toFixed(0);
const DIRECTIONS = ['up', 'down'] as const;

await main();
