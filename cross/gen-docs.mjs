// Writes docs/configuration.md from the table of options in src/config/options.ts:
//
//   node cross/gen-docs.mjs
//
// A unit test fails while the committed page is another.
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { nodeOptions } from './bundle.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

const { outputFiles } = await build({
  ...nodeOptions(),
  banner: {},
  entryPoints: ['src/config/document.ts'],
  write: false,
});
const [{ contents }] = outputFiles;
const bundle = `data:text/javascript;base64,${Buffer.from(contents).toString('base64')}`;
const { configurationPage } = await import(bundle);
writeFileSync(join(root, 'docs/configuration.md'), configurationPage());
