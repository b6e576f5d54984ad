// `make fuzz MINUTES=60`: fuzz targets in turns, which share the minutes; TARGET=join,wire names some of them.
// What they find is kept in build/fuzz/findings, with the command that replays it; what they learn, in
// build/fuzz/corpus, from where KEEP=1 takes what is new into the repository.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { bundleTargets } from './fuzz-bundle.mjs';

/** @typedef {{ executions: number, coverage: number, inputs: number }} Figures */
/** @typedef {{ name: string, run: string[], learnt: string, kept: string, isNative: boolean }} Target */

const findings = 'build/fuzz/findings';
const clang = '/usr/bin/clang-14';
const script = 'build/tools/fuzz-main.mjs';

const wanted = (process.env.TARGET ?? '').split(',').filter((word) => word !== '');
const targets = [...nativeTargets(), ...scriptTargets()].filter(
  ({ name }) => wanted.length === 0 || wanted.includes(name),
);
if (targets.length === 0) throw new Error(`no target is called ${wanted.join(' or ')}`);
const seconds = Math.max(
  1,
  Number(process.env.SECONDS_EACH ?? (Number(process.env.MINUTES ?? 60) * 60) / targets.length),
);
mkdirSync(findings, { recursive: true });
await build();

const failed = [];
for (const target of targets) if (!(await fuzz(target))) failed.push(target.name);
if (process.env.KEEP === '1') for (const target of targets) keep(target);
process.stdout.write(
  failed.length === 0
    ? `\n${targets.length} targets, ${Math.round(seconds)} s each: no finding\n`
    : `\nfindings in ${findings}: ${failed.join(', ')}\n`,
);
process.exitCode = failed.length === 0 ? 0 : 1;

/** Those in C, by libFuzzer. */
function nativeTargets() {
  if (!existsSync(clang)) {
    process.stdout.write(
      `${clang} is missing: the targets in C stay out (make fuzz-seeds runs their corpora)\n`,
    );
    return [];
  }
  return readdirSync('native/fuzz')
    .filter((file) => file.endsWith('.c') && file !== 'standalone.c')
    .map((file) => target(basename(file, '.c'), 'native/fuzz/corpus', true));
}

function scriptTargets() {
  return readdirSync('test/fuzz/targets')
    .filter((file) => file.endsWith('.ts'))
    .map((file) => target(basename(file, '.ts'), 'test/fuzz/corpus', false));
}

/** @returns {Target} */
function target(name, corpora, isNative) {
  const learnt = `build/fuzz/corpus/${name}`;
  const kept = `${corpora}/${name}`;
  const run = isNative ? [`build/native/fuzz/fuzz_${name}`] : ['node', script, name];
  return { name, run, learnt, kept, isNative };
}

async function build() {
  if (targets.some(({ isNative }) => isNative)) must('make', '-s', '-C', 'native', 'fuzzers');
  if (targets.some(({ isNative }) => !isNative)) await bundleTargets(script);
}

function must(command, ...args) {
  const { status } = spawnSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed`);
}

/** @returns whether it found nothing */
async function fuzz({ name, run, learnt, kept }) {
  mkdirSync(learnt, { recursive: true });
  mkdirSync(kept, { recursive: true });
  const prefix = `${findings}/${name}-`;
  const words = [
    ...[`-max_total_time=${Math.round(seconds)}`, `-artifact_prefix=${prefix}`],
    ...[
      '-len_control=0',
      '-max_len=1024',
      '-timeout=20',
      '-rss_limit_mb=1024',
      '-print_final_stats=1',
    ],
    ...(existsSync(`${kept}.dict`) ? [`-dict=${kept}.dict`] : []),
    ...[learnt, kept],
  ];
  const before = new Set(readdirSync(findings));
  const { status, figures, last } = await watch(['nice', '-n', '19', ...run, ...words]);
  const found = readdirSync(findings).filter(
    (file) => !before.has(file) && file.startsWith(`${name}-`),
  );
  const isFine = status === 0 && found.length === 0;
  const { executions, coverage, inputs } = figures;
  process.stdout.write(
    `${isFine ? '✓' : '✗'} ${name.padEnd(12)} ${String(executions).padStart(10)} executions  ` +
      `coverage ${String(coverage).padStart(5)}  inputs ${String(inputs).padStart(5)}\n`,
  );
  if (!isFine) process.stdout.write(`${last.join('\n')}\n`);
  for (const file of found) process.stdout.write(`  ${run.join(' ')} ${findings}/${file}\n`);
  return isFine;
}

/** Runs a fuzzer, and reads what it says of itself, in libFuzzer's words. */
async function watch([command = '', ...args]) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const figures = { executions: 0, coverage: 0, inputs: 0 };
  const last = [];
  const read = (line) => {
    const [, done, coverage, inputs] = /^#(\d+)\s.*cov: (\d+) .*corp: (\d+)/.exec(line) ?? [];
    const [, executions] = /number_of_executed_units: (\d+)/.exec(line) ?? [];
    if (done) Object.assign(figures, { executions: +done, coverage: +coverage, inputs: +inputs });
    else if (executions) figures.executions = +executions;
    else if (!line.startsWith('\tNEW_FUNC')) last.push(line);
    if (last.length > 40) last.shift();
  };
  for (const stream of [child.stdout, child.stderr]) createInterface(stream).on('line', read);
  const status = await new Promise((resolve) => child.on('close', resolve));
  return { status, figures, last };
}

/** Of what was learnt, the inputs that reach what none in the repository does, the shortest first. */
function keep({ run, learnt, kept }) {
  must(...run, '-merge=1', '-use_counters=0', '-max_len=512', kept, learnt);
}
