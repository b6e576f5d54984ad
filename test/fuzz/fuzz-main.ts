// Runs one fuzz target of this folder, by the words of libFuzzer that test/run/fuzz.mjs knows:
//   fuzz-main.mjs TARGET -max_total_time=60 -artifact_prefix=PREFIX FOLDER…     learns into the first folder
//   fuzz-main.mjs TARGET -merge=1 FOLDER FOLDER…                                 takes what is new into the first
//   fuzz-main.mjs TARGET FILE…                                                   runs these inputs
import { readFileSync, statSync } from 'node:fs';
import { Coverage } from './coverage.ts';
import { Fuzzer } from './fuzzer.ts';
import { targets } from './targets.ts';
import { Watchdog } from './watchdog.ts';

const [name = '', ...words] = process.argv.slice(2);
const target = await targets[name]?.();
if (!target) throw new Error(`no target is called ${name}`);
const option = (key: string): string | undefined =>
  words.find((word) => word.startsWith(`-${key}=`))?.slice(key.length + 2);
const paths = words.filter((word) => !word.startsWith('-'));
const isFile = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;

if (paths.length > 0 && paths.every(isFile)) {
  for (const path of paths) await target.run(new Uint8Array(readFileSync(path)));
  process.stdout.write(`${paths.length} inputs: nothing found\n`);
} else {
  const longest = Number(option('max_len') ?? 1024);
  const prefix = option('artifact_prefix') ?? `build/fuzz/findings/${name}-`;
  const coverage = new Coverage(import.meta.url);
  const watchdog = new Watchdog(1 << 20, `${prefix}slow`);
  const fuzzer = new Fuzzer({ target, coverage, watchdog, longest, folders: paths, prefix });
  const [kept = '', ...from] = paths;
  if (option('merge')) await fuzzer.merge(kept, from);
  else await fuzzer.run(Number(option('max_total_time') ?? 60));
  if (fuzzer.hasFound) process.exitCode = 1;
  process.stdout.write(`${fuzzer.figures}\n`);
  process.stdout.write(`stat::number_of_executed_units: ${fuzzer.executions}\n`);
  await watchdog.end();
}
