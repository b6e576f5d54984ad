// What a run leaves: tables for people, and all of it as JSON for whoever wants to look closer.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { inCheckout } from '../lab/checkout.ts';
import { type Report, thousands } from '../lab/report.ts';
import type { Budget } from './budgets.ts';
import { type Panel, plot } from './plot.ts';
import type { Figure, Section } from './section.ts';
import { pick, type Sample, type Summary, summarize } from './statistics.ts';
import { BUSY } from './weather.ts';
import { wireguardVersion } from './wireguard.ts';

export interface Skipped {
  readonly section: string;
  readonly row: string;
  readonly why: string;
}

/** One table for each few figures, so that it fits the page. */
export function printSection(
  report: Report,
  section: Section,
  samples: readonly Sample[],
  skipped: readonly Skipped[],
): void {
  report.line();
  report.title(section.title);
  const rows = section.rows.filter(({ key }) =>
    samples.some((one) => one.section === section.key && one.row === key),
  );
  for (let at = 0; at < section.figures.length; at += COLUMNS) {
    const figures = section.figures.slice(at, at + COLUMNS);
    const head = ['median (spread)', ...figures.map(({ title }) => title)];
    const body = rows.map(({ key, title }) => [
      title,
      ...figures.map((figure) => cell(figure, pick(samples, section.key, key, figure.key))),
    ]);
    if (rows.length > 0) report.table([head, ...body]);
    report.line();
  }
  const busy = samples.filter((one) => one.section === section.key && one.foreign > BUSY);
  if (busy.length > 0) {
    const most = Math.max(...busy.map(({ foreign }) => foreign));
    report.note(`* busy machine: others used up to ${most.toFixed(1)} cores meanwhile`);
  }
  for (const { row, why } of skipped.filter((one) => one.section === section.key)) {
    const title = section.rows.find(({ key }) => key === row)?.title ?? row;
    report.note(`${title}: ${why}`);
  }
}

function cell({ digits }: Figure, samples: readonly Sample[]): string {
  const summary = summarize(samples, BUSY);
  if (!summary) return '–';
  const mark = summary.busy > 0 ? '*' : '';
  return `${summary.median.toFixed(digits)}${spread(summary, digits)}${mark}`;
}

const spread = ({ count, least, most }: Summary, digits: number): string =>
  count > 1 ? ` (${least.toFixed(digits)}–${most.toFixed(digits)})` : '';

export function printBudgets(
  report: Report,
  budgets: readonly Budget[],
  samples: readonly Sample[],
): void {
  report.line();
  report.title('what is promised');
  for (const { title, least, most, unit, value } of budgets) {
    const figure = value(samples);
    if (figure === undefined) continue;
    const holds = (least ?? 0) <= figure && figure <= (most ?? Number.POSITIVE_INFINITY);
    const bound = least === undefined ? `at most ${most}` : `at least ${least}`;
    report.fact(holds, title, `${bound}: ${figure.toFixed(2)} ${unit}`);
  }
}

/** @returns the file, from the checkout's root */
export function save(
  sections: readonly Section[],
  samples: readonly Sample[],
  skipped: readonly Skipped[],
  rounds: number,
): string {
  const at = new Date().toISOString();
  const file = `bench/results/${at.slice(0, 16).replace(':', '')}.json`;
  const content = {
    at,
    machine: machine(),
    rounds,
    sections: sections.map(({ key, title, rows, figures }) => ({
      ...{ key, title, rows: rows.map((row) => [row.key, row.title]), figures },
    })),
    skipped,
    samples: samples.map((one) => ({
      ...one,
      value: rounded(one.value),
      foreign: rounded(one.foreign),
    })),
  };
  mkdirSync(inCheckout('bench/results'), { recursive: true });
  writeFileSync(inCheckout(file), format(content));
  const drawing = sections.map((section) => plot(section, PANELS, samples)).find(Boolean);
  if (drawing !== undefined) writeFileSync(inCheckout(file.replace(/json$/, 'svg')), drawing);
  return file;
}

/** A sample on a line, so that the file can be read and compared. */
function format(content: object): string {
  const { samples, ...rest } = content as { samples: readonly object[] };
  const head = JSON.stringify(rest, null, 2).replace(/\n}$/, '');
  return `${head},\n  "samples": [\n${samples.map((one) => `    ${JSON.stringify(one)}`).join(',\n')}\n  ]\n}\n`;
}

const rounded = (value: number): number => Number(value.toPrecision(5));

function machine(): object {
  const flags = /^flags\s*: (.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? '';
  const known = ['aes', 'pclmulqdq', 'avx2', 'vaes', 'vpclmulqdq', 'avx512vl', 'sha_ni'];
  return {
    cpu: cpus()[0]?.model,
    cores: cpus().length,
    flags: flags.split(' ').filter((flag) => known.includes(flag)),
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    kernel: release(),
    node: process.version,
    wireguard: wireguardVersion(),
  };
}

const COLUMNS = 4;
const PANELS: readonly Panel[] = [
  {
    figure: 'tcp1',
    title: 'one TCP stream, Mb/s',
    format: (value) => thousands(Math.round(value)),
  },
  {
    figure: 'udp64',
    title: 'UDP packets of 64 bytes, thousands a second that arrive',
    format: (value) => value.toFixed(0),
  },
  {
    figure: 'loaded-ping',
    title: 'ping during a download at full speed, milliseconds (less is better)',
    format: (value) => (value / 1000).toFixed(2),
  },
];
