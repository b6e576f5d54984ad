// The plot: one bar for each row that was measured, and nothing that a page would have to be careful with.
import { expect, test } from 'vitest';
import { plot } from '../../bench/plot.ts';
import type { Section } from '../../bench/section.ts';

const row = (key: string, title: string) => ({
  ...{ key, title, whyNot: () => undefined, measure: async () => ({}) },
});
const section: Section = {
  key: 'tunnels',
  title: 'a <title> & more',
  rows: [row('ours', 'ours'), row('swan', 'the other <peer>'), row('absent', 'absent')],
  figures: [{ key: 'tcp1', title: 'Mb/s', digits: 0 }],
  seconds: 1,
};
const panel = { figure: 'tcp1', title: 'one stream', format: (n: number) => n.toFixed(0) };
const sample = (key: string, value: number) => ({
  ...{ section: 'tunnels', row: key, figure: 'tcp1', round: 1, value, foreign: 0 },
});

test('has a bar for each row that was measured', () => {
  const svg = plot(section, [panel], [sample('ours', 200), sample('swan', 100)]) ?? '';
  const widths = [...svg.matchAll(/<rect class="(?:ours|other)" .*?width="([\d.]+)"/g)];
  expect(widths.map(([, width]) => Number(width))).toEqual([360, 180]);
  expect(svg).toContain('the other &lt;peer>');
  expect(svg).not.toContain('absent');
});

test('is none where nothing was measured', () => {
  expect(plot(section, [panel], [])).toBeUndefined();
});
