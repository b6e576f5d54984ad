// Writes what follows from tables of the source:
//
//   docs/configuration.md                from src/config/options.ts
//   docs/rpc.md                          from src/rpc/table.ts, as are the next two
//   luci-app/root/usr/share/rpcd/acl.d   who may call which method
//   openwrt/ikev2-ts/files               the words that bash completes
//
//   node cross/gen-docs.mjs
//
// Unit tests fail while a committed file is another.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { nodeOptions } from './bundle.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

const { configurationPage } = await load('src/config/document.ts');
const { rpcPage, accessFile, completionScript } = await load('src/rpc/document.ts');
write('docs/configuration.md', configurationPage());
write('docs/rpc.md', rpcPage());
write('luci-app/root/usr/share/rpcd/acl.d/luci-app-ikev2.json', accessFile());
write('openwrt/ikev2-ts/files/ikectl.bash', completionScript());

function write(path, text) {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

async function load(entryPoint) {
  const { outputFiles } = await build({
    ...nodeOptions(),
    banner: {
      js: `import { createRequire } from 'node:module'; const require = createRequire('${root}/');`,
    },
    entryPoints: [entryPoint],
    write: false,
  });
  const [{ contents }] = outputFiles;
  return import(`data:text/javascript;base64,${Buffer.from(contents).toString('base64')}`);
}
