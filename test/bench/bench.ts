// `make bench`: how fast the data plane is beside others that move packets in userland, and what a gateway costs. All
// rows take turns, round after round, so that a busy machine is fair to all; a figure that was taken while others
// used the processor is taken again, and marked where that did not help.
//
//   ROUNDS=5 SECONDS=3 ONLY=tcp,udp      any of: tcp udp ping nic sas gateway kem ciphers arm weight

import { whyNot } from '../lab/ready.ts';
import { Report } from '../lab/report.ts';
import { arm, printRouters } from './arm-section.ts';
import { budgets } from './budgets.ts';
import { ciphers } from './ciphers-section.ts';
import { gateways } from './gateway-section.ts';
import { postQuantum, printRouterHandshakes } from './post-quantum-section.ts';
import { printBudgets, printSection, type Skipped, save } from './results.ts';
import type { Row, Section } from './section.ts';
import type { Sample } from './statistics.ts';
import { amongMany, overNic, throughTunnels } from './traffic-sections.ts';
import { BUSY, between, read } from './weather.ts';
import { weights } from './weight-section.ts';

const WORDS = ['tcp', 'udp', 'ping', 'nic', 'sas', 'gateway', 'kem', 'ciphers', 'arm', 'weight'];
/** How often a figure is taken again because of others. */
const RETRIES = Number(process.env['RETRIES'] || 1);

const report = new Report();
const rounds = Number(process.env['ROUNDS'] || 5);

async function main(): Promise<void> {
  const why = whyNot('iperf3');
  if (why !== undefined) return report.line(`skipped: ${why}`);
  const sections = chooseSections();
  const rows = sections.flatMap((section) =>
    section.rows.map((row) => ({ section, row, why: row.whyNot() })),
  );
  const skipped: Skipped[] = rows.flatMap(({ section, row, why }) =>
    why === undefined ? [] : [{ section: section.key, row: row.key, why }],
  );
  const work = rows.filter(({ why }) => why === undefined);
  const seconds = work.reduce((sum, { section }) => sum + costOf(section), 0);
  report.title(`${rounds} rounds, about ${Math.ceil(seconds / 60)} minutes on a quiet machine`);

  const samples: Sample[] = [];
  let done = 0;
  for (let round = 1; round <= rounds; round += 1) {
    for (const { section, row } of work) {
      if (section.once && round > 1) continue;
      if (skipped.some((one) => one.section === section.key && one.row === row.key)) continue;
      const share = Math.round((done / seconds) * 100);
      progress(`${share} %  round ${round}: ${section.key}, ${row.title}`);
      try {
        samples.push(...(await measure(section, row, round)));
      } catch (error) {
        const text =
          error instanceof Error ? error.message.split('\n').slice(0, 3).join(' ') : `${error}`;
        skipped.push({ section: section.key, row: row.key, why: text ?? '' });
      }
      done += section.seconds;
    }
  }
  progress('');
  for (const section of sections) printSection(report, section, samples, skipped);
  printRouters(report, samples);
  printRouterHandshakes(report, samples);
  printBudgets(report, budgets, samples);
  report.note(`results in ${save(sections, samples, skipped, rounds)}`);
}

function chooseSections(): Section[] {
  const wanted = new Set((process.env['ONLY'] || WORDS.join(',')).split(','));
  const unknown = [...wanted].filter((word) => !WORDS.includes(word));
  if (unknown.length > 0) throw new Error(`ONLY=${unknown}: there are ${WORDS.join(', ')}`);
  return [
    ...throughTunnels(wanted),
    ...(wanted.has('nic') ? [overNic()] : []),
    ...(wanted.has('sas') ? [amongMany()] : []),
    ...(wanted.has('gateway') ? [gateways()] : []),
    ...(wanted.has('kem') ? [postQuantum()] : []),
    ...(wanted.has('ciphers') ? [ciphers()] : []),
    ...(wanted.has('arm') ? [arm()] : []),
    ...(wanted.has('weight') ? [weights()] : []),
  ];
}

const costOf = (section: Section): number => section.seconds * (section.once ? 1 : rounds);

/** Takes it again while others are at work, as often as allowed, and keeps the quietest. */
async function measure(section: Section, row: Row, round: number): Promise<Sample[]> {
  let best: Sample[] = [];
  for (let attempt = 0; attempt <= RETRIES; attempt += 1) {
    const before = read();
    const figures = await row.measure();
    const foreign = section.counted ? 0 : between(before, read()).foreign;
    const samples = Object.entries(figures).map(([figure, value]) => ({
      ...{ section: section.key, row: row.key, figure, round, value, foreign },
    }));
    if (best[0] === undefined || foreign < best[0].foreign) best = samples;
    if (foreign <= BUSY) break;
  }
  return best;
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
  else if (text !== '') process.stderr.write(`${text}\n`);
}

await main();
