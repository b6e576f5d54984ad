// `make sim SEEDS=1000`: the random simulations, some seeds at a time; when one fails, how to play it again.
// ONLY=multi-ke,roam for those whose names begin so.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

const atOnce = 100;
const folder = 'test/sim/scenarios';
const only = (process.env.ONLY ?? '').split(',');
// Random is what takes its seeds from there.
const simulations = readdirSync(folder)
  .map((base) => ({ name: base.replace('.test.ts', ''), file: `${folder}/${base}` }))
  .filter(({ file }) => readFileSync(file, 'utf8').includes("from '../seeds.ts'"))
  .filter(({ name }) => only.some((word) => name.startsWith(word)));
const seeds = Number(process.env.SEEDS ?? 1000);
const from = Number(process.env.FIRST_SEED ?? 1);
if (!(seeds > 0 && from > 0)) throw new Error('SEEDS and FIRST_SEED are positive numbers');
if (simulations.length === 0)
  throw new Error(`no random simulation is called ${only.join(' or ')}`);

const failed = simulations.flatMap(runAll);
process.stdout.write(
  failed.length === 0
    ? `\n${simulations.length} simulations, ${seeds} seeds each: all went well\n`
    : `\n${failed.length} failed; to play them again:\n${failed.join('\n')}\n`,
);
process.exitCode = failed.length === 0 ? 0 : 1;

/** @returns commands that replay what failed */
function runAll({ name, file }) {
  const commands = [];
  for (let first = from; first < from + seeds; first += atOnce) {
    const span = { first, count: Math.min(atOnce, from + seeds - first) };
    const started = performance.now();
    const isFine = play(file, span).status === 0;
    const time = `${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s`;
    const last = first + span.count - 1;
    process.stdout.write(
      `${isFine ? '✓' : '✗'} ${name.padEnd(18)} ${time}  seeds ${first}–${last}\n`,
    );
    if (!isFine) commands.push(explain(file, narrow(file, span)));
  }
  return commands;
}

/** The first seed that fails by itself; all of them when none does. */
function narrow(file, { first, count }) {
  const half = Math.ceil(count / 2);
  const halves = [
    { first, count: half },
    { first: first + half, count: count - half },
  ];
  const bad = count > 1 && halves.find((span) => play(file, span).status !== 0);
  return bad ? narrow(file, bad) : { first, count };
}

function play(file, { first, count }) {
  const env = { ...process.env, FIRST_SEED: String(first), SEEDS: String(count) };
  return spawnSync('node_modules/.bin/vitest', ['run', '--project', 'unit', file], {
    env,
    encoding: 'utf8',
  });
}

function explain(file, span) {
  return `  FIRST_SEED=${span.first} SEEDS=${span.count} npx vitest run ${file}`;
}
