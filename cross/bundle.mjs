// Makes the one file that runs on the router, and what stands beside it:
//
//   build/lib/ikev2.mjs                 the daemon and the tool
//   build/lib/sbom.cdx.json             what of others is in it
//   build/lib/node_modules/@koromix/…   koffi's binary for this processor
//   build/bin/ikev2d  build/bin/ikectl  wrappers that start it
//
//   node cross/bundle.mjs [--minify] [--out DIR]      into another folder than build/
import { chmodSync, cpSync, existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { billOfMaterials } from './sbom.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** A bundle's modules still say `require` where they come from CommonJS; ESM has none of its own. */
const banner = `import { createRequire as __createRequire } from 'node:module';
const require = __createRequire(import.meta.url);`;

/** Which program to be is the wrapper's first argument; the program sees the rest. */
const entry = `
const [program] = process.argv.splice(2, 1);
if (program === 'ikectl') await import('./src/cli.ts');
else await import('./src/main.ts');
`;

/**
 * What every bundle for Node 20 has in common.
 * @param {{ minify?: boolean }} [options]
 * @returns {import('esbuild').BuildOptions}
 */
export function nodeOptions({ minify = false } = {}) {
  return {
    absWorkingDir: root,
    banner: { js: banner },
    bundle: true,
    // koffi's platform package holds a binary and is found beside the bundle.
    external: ['@koromix/*'],
    format: 'esm',
    legalComments: minify ? 'none' : 'inline',
    logLevel: 'warning',
    // koffi tries the packages of processors that are not here; it expects not to find them.
    logOverride: { 'require-resolve-not-external': 'silent' },
    minify,
    platform: 'node',
    target: 'node20',
  };
}

async function main() {
  const { minify, out } = parseArgs({
    options: { minify: { type: 'boolean' }, out: { type: 'string' } },
  }).values;
  const folder = resolve(root, out ?? 'build');
  const outfile = join(folder, 'lib/ikev2.mjs');
  const { metafile } = await build({
    ...nodeOptions({ minify }),
    metafile: true,
    stdin: { contents: entry, resolveDir: root, sourcefile: 'ikev2.mjs', loader: 'js' },
    outfile,
  });
  const bill = billOfMaterials(root, Object.keys(metafile.inputs), [koffi]);
  writeFileSync(join(folder, 'lib/sbom.cdx.json'), `${JSON.stringify(bill, undefined, 1)}\n`);
  placeKoffi(join(folder, 'lib'));
  placeWrappers(join(folder, 'bin'));
  process.stdout.write(`${outfile}: ${(statSync(outfile).size / 1024).toFixed(0)} KiB\n`);
}

/** Of this processor; those of others are the same version. */
const koffi = `@koromix/koffi-linux-${process.arch}`;

function placeKoffi(lib) {
  const from = join(root, 'node_modules', koffi);
  const to = join(lib, 'node_modules', koffi);
  if (!existsSync(from))
    throw new Error(`${koffi} is not installed: koffi knows no such processor`);
  rmSync(to, { recursive: true, force: true });
  cpSync(from, to, { recursive: true });
}

function placeWrappers(bin) {
  mkdirSync(bin, { recursive: true });
  for (const program of ['ikev2d', 'ikectl']) {
    const path = join(bin, program);
    writeFileSync(path, wrapper(program));
    chmodSync(path, 0o755);
  }
}

const wrapper = (program) => `#!/bin/sh
# Runs from wherever the checkout stands; exec keeps the pid. The router's wrapper gives Node the same words.
here=$(dirname "$(readlink -f "$0")")
exec node --max-semi-space-size=1 --v8-pool-size=1 --optimize-for-size "$here/../lib/ikev2.mjs" ${program} "$@"
`;

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
