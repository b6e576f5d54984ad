// What `make check` and `make test` run, stage by stage, and the line that says how it went.
//   node test/run/stages.mjs check|test
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';

/**
 * What `tally.ts` leaves: counts by file, the tests that failed, and those that needed a second try.
 * @typedef {{ passed: number, failed: number, skipped: number, failures: string[], retried: string[] }} Counts
 * @typedef {{ files: Record<string, Counts>, errors: string[] }} Tally
 */
/**
 * `check` is the part without root and within two minutes; `needs` are files without which it is skipped. Where `again`
 * is set, up to eight files that failed are staged once more, from nothing and one at a time: real peers, real time, and a
 * machine that is not ours alone. The report tells.
 * @typedef {{ name: string, argv: string[], check: boolean, needs?: string[], again?: boolean }} Stage
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
const mips = ['/usr/bin/mips-linux-gnu-gcc', '/usr/bin/qemu-mips-static'];

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
  { name: 'C module, stress', check: false, argv: inLab(native('stress')) },
  {
    name: 'C module, constant time',
    check: true,
    argv: native('ct'),
    needs: ['/usr/bin/valgrind'],
  },
  { name: 'fuzz targets in C, by gcc', check: true, argv: native('fuzz-seeds') },
  { name: 'guards removed', check: false, argv: ['make', '-s', 'mutants'] },
  {
    name: 'fuzz targets',
    check: false,
    argv: ['env', 'SECONDS_EACH=2', 'node', 'test/run/fuzz.mjs'],
  },
  { name: 'C module, arm64', check: false, argv: native('arm64-test'), needs: arm64 },
  { name: 'C module, big-endian', check: false, argv: native('mips-test'), needs: mips },
  { name: 'a virtual day', check: false, argv: ['env', 'SOAK_HOURS=24', ...vitest('unit'), soak] },
  { name: 'packages', check: false, argv: ['make', '-s', 'feed'], needs: arm64 },
  {
    name: 'packages, examined',
    check: false,
    argv: inLab([
      ...vitest('package'),
      'packages.test',
      'readers.test',
      'install.test',
      'lmo.test',
    ]),
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
  { name: 'peers of other versions', check: false, argv: ['sh', 'cross/peers.sh'] },
  { name: 'interop', check: false, argv: inLab(vitest('interop*')), again: true },
  { name: 'demonstration', check: false, argv: ['make', '-s', 'demo', 'DEMO_MB=5'] },
];

/** @type {Counts} */
const NOTHING = { passed: 0, failed: 0, skipped: 0, failures: [], retried: [] };

const [kind = 'check'] = process.argv.slice(2);
/** @type {(Counts & { name: string, seconds: number })[]} */
const results = [];
for (const stage of stages) {
  if (kind === 'test' || stage.check) results.push(runStage(stage));
}
report(results);

/** @param {Stage} stage */
function runStage({ name, argv, needs = [], again = false }) {
  process.stdout.write(`\n▸ ${name}\n`);
  const missing = needs.filter((file) => !existsSync(file));
  if (missing.length > 0) {
    process.stdout.write(`  skipped: ${missing.join(', ')} missing\n`);
    return { name, seconds: 0, ...NOTHING, skipped: 1 };
  }
  const started = performance.now();
  const tally = tallyOf(name, argv);
  const broken = Object.entries(tally.files).filter(([, { failed }]) => failed > 0);
  if (again && broken.length > 0 && broken.length <= 8) stageAgain(name, argv, tally, broken);
  const seconds = (performance.now() - started) / 1000;
  return { name, seconds, ...sum(tally) };
}

/**
 * @param {string} name
 * @param {string[]} argv
 * @param {Tally} tally what the second run says of these files takes the place of the first one's
 * @param {[string, Counts][]} broken
 */
function stageAgain(name, argv, tally, broken) {
  const files = broken.map(([file]) => file);
  process.stdout.write(`\n▸ ${name}, once more: ${files.join(' ')}\n`);
  const second = tallyOf(name, [...argv, '--no-file-parallelism', ...files]);
  for (const [file, { failures }] of broken) {
    const counts = second.files[file];
    if (counts) tally.files[file] = { ...counts, retried: [...failures, ...counts.retried] };
  }
  tally.errors = second.errors;
}

/**
 * A stage that leaves no counts is one test; a program that fails has failed, whatever it counted.
 * @param {string} name
 * @param {string[]} argv
 * @returns {Tally}
 */
function tallyOf(name, [command = '', ...args]) {
  const file = `build/test/${name.replace(/\W+/g, '-')}.json`;
  rmSync(file, { force: true });
  const env = { ...process.env, TALLY_FILE: file };
  const { status } = spawnSync(command, args, { stdio: 'inherit', env });
  const isFine = status === 0;
  if (!existsSync(file)) {
    const counts = { ...NOTHING, passed: isFine ? 1 : 0, failed: isFine ? 0 : 1 };
    return { files: { [name]: counts }, errors: [] };
  }
  /** @type {Tally} */
  const tally = JSON.parse(readFileSync(file, 'utf8'));
  if (!isFine && sum(tally).failed === 0) tally.errors.push(`ended with ${status}`);
  return tally;
}

/**
 * @param {Tally} tally
 * @returns {Counts}
 */
function sum({ files, errors }) {
  const counts = { ...NOTHING, failed: errors.length, failures: [...errors], retried: [] };
  for (const file of Object.values(files)) {
    for (const key of ['passed', 'failed', 'skipped']) counts[key] += file[key];
    for (const key of ['failures', 'retried']) counts[key].push(...file[key]);
  }
  return counts;
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
  for (const { name, failures, retried } of rows) {
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
