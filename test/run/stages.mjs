// What `make check` and `make test` run, stage by stage, and the line that says how it went.
//   node test/run/stages.mjs check|test
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */
/** @typedef {{ name: string, argv: string[], in: ('check' | 'test')[], needs?: string }} Stage */

const bin = (name) => `node_modules/.bin/${name}`;
const vitest = (project) => [
  bin('vitest'),
  ...['run', '--project', project],
  ...['--reporter=default', '--reporter=./test/run/tally.ts'],
];

/** @type {Stage[]} */
const stages = [
  {
    name: 'format, lint',
    argv: [bin('biome'), 'ci', '--error-on-warnings'],
    in: ['check', 'test'],
  },
  { name: 'types', argv: [bin('tsc'), '-p', 'tsconfig.json'], in: ['check', 'test'] },
  {
    name: 'types of the core',
    argv: [bin('tsc'), '-p', 'tsconfig.pure.json'],
    in: ['check', 'test'],
  },
  { name: 'dead code', argv: [bin('knip')], in: ['check', 'test'] },
  { name: 'unit', argv: vitest('unit'), in: ['check', 'test'] },
  {
    name: 'C module',
    argv: ['make', '-s', '-C', 'native', 'test'],
    in: ['check', 'test'],
    needs: 'native/Makefile',
  },
  {
    name: 'C module, ASan and UBSan',
    argv: ['make', '-s', '-C', 'native', 'asan', 'ubsan'],
    in: ['test'],
    needs: 'native/Makefile',
  },
  { name: 'interop', argv: ['sh', 'test/lab/enter.sh', ...vitest('interop')], in: ['test'] },
];

const [kind = 'check'] = process.argv.slice(2);
/** @type {(Counts & { name: string, seconds: number })[]} */
const results = [];
for (const stage of stages.filter((candidate) =>
  candidate.in.includes(/** @type {any} */ (kind)),
)) {
  results.push(runStage(stage));
}
report(results);

/** @param {Stage} stage */
function runStage({ name, argv, needs }) {
  process.stdout.write(`\n▸ ${name}\n`);
  if (needs && !existsSync(needs)) {
    process.stdout.write(`  skipped: ${needs} is missing\n`);
    return { name, seconds: 0, passed: 0, failed: 0, skipped: 1 };
  }
  const tally = `build/test/${name.replace(/\W+/g, '-')}.json`;
  rmSync(tally, { force: true });
  const started = performance.now();
  const [command = '', ...args] = argv;
  const env = { ...process.env, TALLY_FILE: tally };
  const { status } = spawnSync(command, args, { stdio: 'inherit', env });
  const seconds = (performance.now() - started) / 1000;
  return { name, seconds, ...countsOf(tally, status === 0) };
}

/**
 * A stage without counts of its own is one test; a program that fails has failed, whatever it counted.
 * @param {string} tally
 * @param {boolean} isFine
 * @returns {Counts}
 */
function countsOf(tally, isFine) {
  if (!existsSync(tally)) return { passed: isFine ? 1 : 0, failed: isFine ? 0 : 1, skipped: 0 };
  const counts = JSON.parse(readFileSync(tally, 'utf8'));
  return isFine ? counts : { ...counts, failed: Math.max(1, counts.failed) };
}

function report(rows) {
  process.stdout.write('\n');
  for (const { name, seconds, passed, failed, skipped } of rows) {
    const mark = failed > 0 ? '✗' : '✓';
    const counts = `${passed} passed, ${failed} failed, ${skipped} skipped`;
    process.stdout.write(
      `${mark} ${name.padEnd(28)} ${seconds.toFixed(1).padStart(6)} s  ${counts}\n`,
    );
  }
  const total = (key) => rows.reduce((sum, row) => sum + row[key], 0);
  const failed = total('failed');
  process.stdout.write(
    `\n${total('passed')} passed, ${failed} failed, ${total('skipped')} skipped\n`,
  );
  process.exitCode = failed === 0 ? 0 : 1;
}
