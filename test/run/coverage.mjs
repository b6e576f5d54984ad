// `make coverage`: how much of the code that reads a stranger's bytes the fuzzers' inputs run, by folder. Takes the
// inputs of the repository and those that `make fuzz` learnt here; what no input runs, no fuzzer has judged.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { eachMapping, TraceMap } from '@jridgewell/trace-mapping';
import { bundleTargets } from './fuzz-bundle.mjs';

/** @typedef {{ folder: string, lines: number, run: number, files: { path: string, share: number }[] }} Row */

const work = 'build/coverage';
const script = `${work}/fuzz-main.mjs`;
/** Of src: what stands between the network and a decision. */
const wanted = ['wire', 'ike', 'ike/eap', 'tls', 'pki', 'config', 'rpc', 'dataplane'];
/** More at once is too much for a command line. */
const most = 2_000;

rmSync(work, { recursive: true, force: true });
mkdirSync(`${work}/v8`, { recursive: true });
const rows = [...(await ofScripts()), ...ofNative()];
for (const { folder, lines, run, files } of rows) {
  process.stdout.write(`| \`${folder}\` | ${lines} | ${Math.round((100 * run) / lines)} % |\n`);
  const least = files.filter(({ share }) => share < 0.5).map(({ path }) => path);
  if (least.length > 0) process.stderr.write(`  less than half: ${least.join(' ')}\n`);
}

/** @returns {string[]} the inputs for a target */
function inputsOf(name, corpora) {
  return [`${corpora}/${name}`, `build/fuzz/corpus/${name}`]
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((file) => `${folder}/${file}`));
}

/** V8 counts while the targets run. */
async function ofScripts() {
  await bundleTargets(script, { sourcemap: true });
  const env = { ...process.env, NODE_V8_COVERAGE: resolve(work, 'v8') };
  for (const file of readdirSync('test/fuzz/targets')) {
    const name = file.replace('.ts', '');
    const inputs = inputsOf(name, 'test/fuzz/corpus');
    for (let at = 0; at < inputs.length; at += most) {
      must('node', [script, name, ...inputs.slice(at, at + most)], env);
    }
  }
  const files = [...linesOf(whatRan())].map(([path, lines]) => {
    const covered = [...lines.values()].filter((hasRun) => hasRun).length;
    return { path: path.replace('../../src/', ''), total: lines.size, covered };
  });
  return wanted.map((folder) =>
    rowOf(
      `src/${folder}`,
      files.filter(({ path }) => path.startsWith(`${folder}/`)),
    ),
  );
}

/** @returns {Uint8Array} for each character of the bundle, whether it ran in any of the targets */
function whatRan() {
  const all = new Uint8Array(statSync(script).size);
  for (const file of readdirSync(`${work}/v8`)) {
    const { result } = JSON.parse(readFileSync(`${work}/v8/${file}`, 'utf8'));
    const bundle = result.find(({ url }) => url.endsWith(`/${script}`));
    const one = new Uint8Array(all.length);
    // Each lies within an earlier one, or behind it.
    for (const { ranges } of bundle?.functions ?? []) {
      for (const { startOffset, endOffset, count } of ranges) {
        one.fill(count > 0 ? 1 : 0, startOffset, endOffset);
      }
    }
    for (let i = 0; i < all.length; i += 1) all[i] |= one[i];
  }
  return all;
}

/** @returns {Map<string, Map<number, boolean>>} of each source, the lines that have code, and whether it ran */
function linesOf(ran) {
  const starts = [0];
  for (const line of readFileSync(script, 'utf8').split('\n')) {
    starts.push((starts.at(-1) ?? 0) + line.length + 1);
  }
  const found = new Map();
  eachMapping(new TraceMap(readFileSync(`${script}.map`, 'utf8')), (mapping) => {
    const { source, originalLine, generatedLine, generatedColumn } = mapping;
    if (source === null) return;
    const lines = found.get(source) ?? new Map();
    const hasRun = ran[starts[generatedLine - 1] + generatedColumn] > 0;
    lines.set(originalLine, hasRun || (lines.get(originalLine) ?? false));
    found.set(source, lines);
  });
  return found;
}

/** gcc counts while the corpora run; gcov says which lines these are. */
function ofNative() {
  must('make', ['-s', '-C', 'native', 'coverage']);
  const folder = 'build/native/gcov/src';
  const objects = ['', 'aead/'].flatMap((where) =>
    readdirSync(join(folder, where))
      .filter((file) => file.endsWith('.gcda'))
      .map((file) => `${folder}/${where}${file}`),
  );
  const said = spawnSync('gcov', ['-n', '-r', '-s', resolve('native'), ...objects], {
    encoding: 'utf8',
  }).stdout;
  const found = new Map();
  for (const [, path = '', share, lines] of said.matchAll(
    /File '(src\/[^']*\.c)'\nLines executed:([\d.]+)% of (\d+)/g,
  )) {
    found.set(path, { path, total: +lines, covered: Math.round((+share * +lines) / 100) });
  }
  const files = [...found.values()];
  return [
    rowOf(
      'native/src',
      files.filter(({ path }) => dirname(path) === 'src'),
    ),
    rowOf(
      'native/src/aead',
      files.filter(({ path }) => dirname(path) === 'src/aead'),
    ),
  ];
}

/** @returns {Row} */
function rowOf(folder, files) {
  const sum = (key) => files.reduce((all, file) => all + file[key], 0);
  return {
    folder,
    lines: sum('total'),
    run: sum('covered'),
    files: files.map(({ path, total, covered }) => ({ path, share: covered / total })),
  };
}

function must(command, args, env = process.env) {
  const { status } = spawnSync(command, args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error(`${command} ${args.slice(0, 3).join(' ')} … failed`);
}
