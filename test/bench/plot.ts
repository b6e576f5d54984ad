// The plot beside the table: a bar for each row, the median as its length, the rounds' spread as a line; readable on
// light and on dark paper.
import type { Section } from './section.ts';
import { pick, type Sample, summarize } from './statistics.ts';

export interface Panel {
  readonly figure: string;
  readonly title: string;
  readonly format: (value: number) => string;
}

/** @returns SVG; undefined where nothing of it was measured */
export function plot(
  section: Section,
  panels: readonly Panel[],
  samples: readonly Sample[],
): string | undefined {
  const drawn = panels.flatMap((panel) => {
    const bars = section.rows.flatMap(({ key, title }) => {
      const summary = summarize(pick(samples, section.key, key, panel.figure), 0);
      return summary ? [{ key, title, ...summary }] : [];
    });
    return bars.length > 0 ? [{ panel, bars }] : [];
  });
  if (drawn.length === 0) return undefined;
  const lines: string[] = [];
  let y = MARGIN;
  for (const { panel, bars } of drawn) {
    lines.push(text(MARGIN, y + 13, panel.title, 'head'));
    y += HEAD;
    const most = Math.max(...bars.map((bar) => bar.most));
    const x = (value: number): number => LABELS + (value / most) * BARS;
    for (const bar of bars) {
      const kind = OURS.test(bar.key) ? 'ours' : 'other';
      const width = Math.max(1, x(bar.median) - LABELS).toFixed(1);
      lines.push(
        text(LABELS - 10, y + 14, bar.title, 'label'),
        `<rect class="${kind}" x="${LABELS}" y="${y}" width="${width}" height="18" rx="2"/>`,
        `<path class="spread" d="M${x(bar.least).toFixed(1)} ${y + 9}H${x(bar.most).toFixed(1)}"/>`,
        text(x(bar.most) + 8, y + 14, panel.format(bar.median), 'value'),
      );
      y += ROW;
    }
    y += GAP;
  }
  const height = y - GAP + MARGIN;
  const head = `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${quote(section.title)}">`;
  const paper = `<rect class="paper" x=".5" y=".5" width="${WIDTH - 1}" height="${height - 1}" rx="10"/>`;
  return [head, `<style>${STYLE}</style>`, paper, ...lines, '</svg>', ''].join('\n');
}

const text = (x: number, y: number, content: string, kind: string): string =>
  `<text class="${kind}" x="${x.toFixed(1)}" y="${y}">${quote(content)}</text>`;

const quote = (content: string): string =>
  content.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/"/g, '&quot;');

const OURS = /^(ours|null)/;
const WIDTH = 760;
const MARGIN = 18;
const LABELS = 305;
const BARS = 360;
const HEAD = 24;
const ROW = 24;
const GAP = 14;
const STYLE = [
  '.paper{fill:#fbfbfd;stroke:#d5d9e2}',
  'text{font:13px system-ui,-apple-system,"Segoe UI",sans-serif;fill:#24292f}',
  '.head{font-weight:600}.label{text-anchor:end}.value{fill:#57606a}',
  '.ours{fill:#2f6fd0}.other{fill:#a8b1bf}.spread{stroke:#24292f;stroke-opacity:.55;stroke-width:1.5}',
  '@media(prefers-color-scheme:dark){.paper{fill:#0d1117;stroke:#30363d}text{fill:#e6edf3}',
  '.value{fill:#8b949e}.ours{fill:#5b95f0}.other{fill:#57606a}.spread{stroke:#e6edf3}}',
].join('');
