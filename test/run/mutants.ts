// `make mutants`: takes each guard of guards.ts away, one after the other, and runs the test that must notice. ROW=7,9
// for those of some rows alone.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { inCheckout } from '../lab/checkout.ts';
import { type Guard, guards } from './guards.ts';
import { withoutGuard } from './mutation.ts';

/** What came of a guard's absence. */
type Verdict = 'noticed' | 'unnoticed' | 'broken';

const folder = inCheckout('build/mutants');
const rows = (process.env['ROW'] ?? '').split(',').filter((word) => word !== '');
const chosen = guards.filter(({ row }) => rows.length === 0 || rows.includes(String(row)));
mkdirSync(folder, { recursive: true });

let failures = 0;
for (const guard of chosen) {
  const verdict = guard.file.startsWith('native/') ? judgeC(guard) : judgeScript(guard);
  if (verdict !== 'noticed') failures++;
  const mark = verdict === 'noticed' ? '✓' : '✗';
  const row = String(guard.row).padStart(2);
  process.stdout.write(
    `${mark} ${row}  ${guard.file} without «${firstLine(guard)}»: ${verdict} by ${guard.test}\n`,
  );
}
process.stdout.write(`${chosen.length - failures} of ${chosen.length} guards are missed\n`);
process.exitCode = failures === 0 ? 0 : 1;

/** A file that does not even load has noticed nothing. */
function judgeScript(guard: Guard): Verdict {
  const report = join(folder, 'report.json');
  rmSync(report, { force: true });
  const words = [
    ...['run', '--config', inCheckout('test/run/mutant.config.ts'), guard.test],
    ...['--reporter=json', `--outputFile=${report}`],
    ...(guard.title === '' ? [] : ['-t', guard.title.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')]),
  ];
  spawnSync(inCheckout('node_modules/.bin/vitest'), words, {
    cwd: inCheckout('.'),
    env: { ...process.env, MUTANT: String(guards.indexOf(guard)) },
    stdio: ['ignore', 'ignore', 'ignore'],
    timeout: 120_000,
  });
  if (!existsSync(report)) return 'broken';
  const { numFailedTests, numPassedTests } = JSON.parse(readFileSync(report, 'utf8'));
  if (numFailedTests > 0) return 'noticed';
  return numPassedTests > 0 ? 'unnoticed' : 'broken';
}

/** The same tree but for one file, in a folder where the objects of the other files are kept. */
function judgeC(guard: Guard): Verdict {
  const tree = join(folder, 'native');
  const text = readFileSync(inCheckout(guard.file), 'utf8');
  for (const part of ['Makefile', 'include', 'src', 'test']) {
    const options = { recursive: true, preserveTimestamps: true };
    cpSync(inCheckout(`native/${part}`), join(tree, part), options);
  }
  writeFileSync(join(folder, guard.file), withoutGuard(text, guard));
  const program = join(folder, 'out/plain', basename(guard.test, '.c'));
  const build = ['-s', '-C', tree, `OUT=${join(folder, 'out')}`, 'WARNINGS=', program];
  if (spawnSync('make', build, { stdio: ['ignore', 'ignore', 'inherit'] }).status !== 0)
    return 'broken';
  const { status } = spawnSync(program, { stdio: 'ignore', timeout: 60_000 });
  rmSync(join(folder, 'out/plain', guard.file.replace(/^native.(.*)c$/, '$1o'))); // newer than the file as it was
  return status === 0 ? 'unnoticed' : 'noticed';
}

function firstLine({ guard }: Guard): string {
  const [line = ''] = guard.trim().split('\n');
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
}
