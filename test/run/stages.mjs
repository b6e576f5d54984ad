// What `make check` and `make test` run, stage by stage, and the line that says how it went.
//   node test/run/stages.mjs check|test
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';

/** @typedef {{ passed: number, failed: number, skipped: number, failures?: string[], retried?: string[] }} Counts */
/**
 * `check` is the part without root and within two minutes; `needs` are files without which it is skipped.
 * @typedef {{ name: string, argv: string[], check: boolean, needs?: string[] }} Stage
 */

const bin = (name) => `node_modules/.bin/${name}`;
const native = (...targets) => ['make', '-s', '-C', 'native', ...targets];
const vitest = (project) => [
  ...[bin('vitest'), 'run', '--project', project],
  ...['--reporter=default', '--reporter=./test/run/tally.ts'],
];
const soak = 'test/sim/scenarios/soak.test.ts';
const inLab = (argv) => ['sh', 'test/lab/enter.sh', ...argv];
const arm64 = ['/usr/bin/aarch64-linux-gnu-gcc', '/usr/bin/qemu-aarch64-static'];

/** @type {Stage[]} */
const stages = [
  { name: 'format, lint', check: true, argv: [bin('biome'), 'ci', '--error-on-warnings'] },
  {
    name: 'format of C',
    check: true,
    argv: native('format-check'),
    needs: ['/usr/bin/clang-format'],
  },
  { name: 'types', check: true, argv: [bin('tsc'), '-p', 'tsconfig.json'] },
  { name: 'types of the core', check: true, argv: [bin('tsc'), '-p', 'tsconfig.pure.json'] },
  { name: 'dead code', check: true, argv: [bin('knip')] },
  { name: 'unit', check: true, argv: vitest('unit') },
  { name: 'C module', check: true, argv: native('test') },
  { name: 'C module, sanitizers', check: true, argv: native('asan', 'ubsan', 'tsan') },
  {
    name: 'C module, constant time',
    check: true,
    argv: native('ct'),
    needs: ['/usr/bin/valgrind'],
  },
  { name: 'C module, arm64', check: false, argv: native('arm64-test'), needs: arm64 },
  { name: 'a virtual day', check: false, argv: ['env', 'SOAK_HOURS=24', ...vitest('unit'), soak] },
  { name: 'packages', check: false, argv: ['make', '-s', 'feed'], needs: arm64 },
  {
    name: 'packages, examined',
    check: false,
    argv: inLab([...vitest('package'), 'packages.test', 'readers.test', 'install.test']),
    needs: ['/usr/bin/signify-openbsd', '/usr/bin/shellcheck', 'dist/keys/ikev2-ts.pem'],
  },
  {
    name: 'packages, by the SDK’s recipe',
    check: false,
    argv: [...vitest('package'), 'sdk.test'],
    needs: ['dist/keys/ikev2-ts.pem', ...arm64],
  },
  {
    name: 'packages, on an arm64 router',
    check: false,
    argv: ['sh', 'test/package/enter-arm64.sh', ...vitest('package'), 'arm64.test'],
    needs: ['dist/keys/ikev2-ts.pem', ...arm64],
  },
  { name: 'interop', check: false, argv: inLab(vitest('interop')) },
  { name: 'demonstration', check: false, argv: ['make', '-s', 'demo', 'DEMO_MB=5'] },
];

const [kind = 'check'] = process.argv.slice(2);
/** @type {(Counts & { name: string, seconds: number })[]} */
const results = [];
for (const stage of stages) {
  if (kind === 'test' || stage.check) results.push(runStage(stage));
}
report(results);

/** @param {Stage} stage */
function runStage({ name, argv, needs = [] }) {
  process.stdout.write(`\n▸ ${name}\n`);
  const missing = needs.filter((file) => !existsSync(file));
  if (missing.length > 0) {
    process.stdout.write(`  skipped: ${missing.join(', ')} missing\n`);
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
  for (const { name, failures = [], retried = [] } of rows) {
    for (const test of retried) process.stdout.write(`\n↻ needed a second try: ${test}\n`);
    for (const failure of failures) process.stdout.write(`\n✗ ${name}: ${failure}\n`);
  }
  const total = (key) => rows.reduce((sum, row) => sum + row[key], 0);
  const failed = total('failed');
  process.stdout.write(
    `\n${total('passed')} passed, ${failed} failed, ${total('skipped')} skipped\n`,
  );
  process.exitCode = failed === 0 ? 0 : 1;
}
