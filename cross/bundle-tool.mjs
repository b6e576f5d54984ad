// Bundles a TypeScript program of the tests, which Node 20 cannot run by itself, and prints where it is.
//   node $(node cross/bundle-tool.mjs test/lab/demo.ts)
import { basename, join } from 'node:path';
import { build } from 'esbuild';
import { nodeOptions } from './bundle.mjs';

const [source = ''] = process.argv.slice(2);
const outfile = join('build/tools', `${basename(source, '.ts')}.mjs`);
await build({ ...nodeOptions(), entryPoints: [source], outfile });
process.stdout.write(`${outfile}\n`);
