// The fuzz targets in TypeScript as one script.
import * as esbuild from 'esbuild';
import { nodeOptions } from '../../cross/bundle.mjs';

/**
 * The simulation speaks to vitest, which is not there.
 * @param {string} outfile
 */
export async function bundleTargets(outfile, options = {}) {
  await esbuild.build({
    ...nodeOptions(),
    ...options,
    alias: { vitest: './test/fuzz/runner.ts' },
    entryPoints: ['test/fuzz/fuzz-main.ts'],
    outfile,
  });
}
