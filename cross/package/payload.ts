// The files of each package. What openwrt/ikev2-ts/Makefile installs is the same list.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { npmPackage } from './npm.ts';
import type { Cpu, Libc } from './targets.ts';
import { Tree } from './tree.ts';

/** Files that the owner of the router writes; an upgrade leaves them alone. */
export const conffiles: readonly string[] = ['/etc/config/ikev2'];

/** Where the programs find their Node: the router's own, or the one of `ikev2-ts-runtime`. */
const nodeOf = { musl: '/usr/bin/node', glibc: '/usr/lib/ikev2-ts-runtime/node' } as const;

/** `ikev2-ts`. @param bundle the file that `cross/bundle.mjs` made */
export function gatewayTree(root: string, bundle: string, cpu: Cpu, libc: Libc): Tree {
  const tree = new Tree();
  const files = 'openwrt/ikev2-ts/files';
  const place = (from: string, to: string, mode = 0o644): void =>
    tree.file(to, readFileSync(join(root, from)), mode);

  place(`${files}/ikev2.config`, 'etc/config/ikev2', 0o600);
  place(`${files}/ikev2.init`, 'etc/init.d/ikev2', 0o755);
  place(`${files}/ikev2.defaults`, 'etc/uci-defaults/90-ikev2-ts', 0o755);
  place(`${files}/ikev2.capabilities`, 'etc/capabilities/ikev2.json');
  place(`${files}/ikev2.keep`, 'lib/upgrade/keep.d/ikev2-ts');
  tree.directory('etc/ikev2', 0o700);

  const home = 'usr/lib/ikev2-ts';
  tree.file(`${home}/ikev2.mjs`, readFileSync(bundle));
  tree.file(`${home}/sbom.cdx.json`, readFileSync(join(dirname(bundle), 'sbom.cdx.json')));
  place(`build/cross/${cpu.name}-${libc}/libikev2esp.so`, `${home}/libikev2esp.so`, 0o755);
  const koffi = `@koromix/koffi-linux-${cpu.npm}`;
  const from = npmPackage(root, koffi);
  const binary = `${libc === 'musl' ? 'musl' : 'linux'}_${cpu.npm}/koffi.node`;
  for (const file of ['index.js', 'package.json', binary]) {
    tree.file(`${home}/node_modules/${koffi}/${file}`, readFileSync(join(from, file)));
  }

  const wrapper = readFileSync(join(root, files, 'ikev2.wrapper'), 'utf8');
  for (const program of ['ikev2d', 'ikectl']) {
    const text = wrapper.replace('@NODE@', nodeOf[libc]).replace('@PROGRAM@', program);
    tree.file(`usr/sbin/${program}`, text, 0o755);
  }
  return tree;
}

/** `ikev2-ts-runtime`: Node, and the C library that it was built with. */
export function runtimeTree(root: string, cpu: Cpu): Tree {
  const node = npmPackage(root, runtimeName(cpu));
  const out = join(root, 'build/runtime', cpu.name);
  execFileSync('sh', [join(root, 'cross/runtime.sh'), cpu.name, join(node, 'bin/node'), out]);
  cpSync(join(node, 'LICENSE'), join(out, 'LICENSE'));
  const tree = new Tree();
  addFolder(tree, out, 'usr/lib/ikev2-ts-runtime');
  return tree;
}

/** The package of npm that its Node comes from. */
export const runtimeName = (cpu: Cpu): string => `node-linux-${cpu.npm}`;

/** `luci-app-ikev2`. */
export function pageTree(root: string): Tree {
  const tree = new Tree();
  for (const [from, to] of [
    ['luci-app/htdocs', 'www'],
    ['luci-app/root', ''],
  ] as const) {
    const folder = join(root, from);
    if (existsSync(folder)) addFolder(tree, folder, to);
  }
  return tree;
}

/** Programs stay programs; nothing else of a mode in the checkout counts. */
function addFolder(tree: Tree, from: string, to: string): void {
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const path = to === '' ? entry.name : `${to}/${entry.name}`;
    if (entry.isDirectory()) addFolder(tree, join(from, entry.name), path);
    else tree.file(path, readFileSync(join(from, entry.name)), isProgram(path) ? 0o755 : 0o644);
  }
}

const isProgram = (path: string): boolean =>
  /\/(?:node|[^/]*\.so(?:\.\d+)?)$|^etc\/(?:init\.d|uci-defaults)\//.test(path);

/** Minified, into a folder of its own. @returns the bundle */
export function makeBundle(root: string): string {
  const out = join(root, 'build/package');
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const argv = [join(root, 'cross/bundle.mjs'), '--minify', '--out', out];
  execFileSync(process.execPath, argv, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  return join(out, 'lib/ikev2.mjs');
}
