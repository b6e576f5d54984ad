// The packages: what each says of itself, in opkg's words and in apk's.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Apk, type ApkScripts, packApk } from './apk.ts';
import { type Control, type Ipk, packIpk, type Scripts } from './ipk.ts';
import { languageNames, languages } from './languages.ts';
import { pinOf } from './npm.ts';
import { conffiles, gatewayTree, pageTree, runtimeName, runtimeTree } from './payload.ts';
import type { Cpu } from './targets.ts';
import type { Tree } from './tree.ts';

/** What all packages of one build share. */
export interface Build {
  readonly root: string;
  readonly bundle: string;
  /** The date of everything, in seconds since 1970. */
  readonly seconds: number;
}

/** One package as both kinds of OpenWrt know it. */
interface Package {
  readonly name: string;
  readonly version: string;
  /** SPDX. */
  readonly license: string;
  readonly depends: { readonly opkg: readonly string[]; readonly apk: readonly string[] };
  readonly section: string;
  readonly description: readonly string[];
  readonly conffiles: readonly string[];
  /** The text of its `postrm`. */
  readonly postrm?: string;
}

/** For OpenWrt 24.10, whose feed has a Node. @returns for each of the cpu's architectures, in their order */
export function ipksFor(build: Build, cpu: Cpu): readonly (readonly Ipk[])[] {
  const gateway = describeGateway(build.root);
  const tree = gatewayTree(build.root, build.bundle, cpu, 'musl');
  return cpu.architectures.map((architecture) => [
    ipk(build, gateway, tree, architecture),
    ...pagePackages(build.root).map(([about, files]) => ipk(build, about, files, 'all')),
  ]);
}

/** For OpenWrt 25.12, which has none: the runtime is a package of ours. */
export function apksFor(build: Build, cpu: Cpu): readonly (readonly Apk[])[] {
  const gateway = describeGateway(build.root);
  const tree = gatewayTree(build.root, build.bundle, cpu, 'glibc');
  const node = runtimeTree(build.root, cpu);
  return cpu.architectures.map((architecture) => [
    apk(build, gateway, tree, architecture),
    apk(build, describeRuntime(build.root, cpu), node, architecture),
    ...pagePackages(build.root).map(([about, files]) => apk(build, about, files, 'noarch')),
  ]);
}

/** The web page and its languages, for every processor. */
const pagePackages = (root: string): readonly (readonly [Package, Tree])[] => [
  [describePage(root), pageTree(root)],
  ...languages(root).map(({ code, tree }) => [describeLanguage(root, code), tree] as const),
];

/** `0.1.0-r1`: the second number counts packages made of the same version. */
const versionOf = (root: string): string =>
  `${JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version}-r1`;

function describeGateway(root: string): Package {
  return {
    name: 'ikev2-ts',
    version: versionOf(root),
    license: LICENSE,
    depends: {
      opkg: ['libc', 'node (>= 20.20)', 'libstdcpp6', 'libgcc1', 'kmod-tun'],
      apk: ['ikev2-ts-runtime', 'kmod-tun', 'libc'],
    },
    section: 'net',
    description: [
      'IKEv2/IPsec gateway.',
      'Phones and computers reach the home network with the VPN client that they',
      'already have. Negotiates in TypeScript, moves packets in C, needs no IPsec',
      'in the kernel.',
    ],
    conffiles,
    postrm: readFileSync(join(root, 'openwrt/ikev2-ts/files/ikev2.postrm'), 'utf8'),
  };
}

const describeRuntime = (root: string, cpu: Cpu): Package => ({
  name: 'ikev2-ts-runtime',
  version: `${pinOf(root, runtimeName(cpu)).version}-r1`,
  license: 'MIT AND LGPL-2.1-or-later AND GPL-3.0-or-later WITH GCC-exception-3.1',
  depends: { opkg: ['libc'], apk: ['libc'] },
  section: 'net',
  description: [
    'Node.js for ikev2-ts:',
    'in a folder of its own, with the C library that it was built with',
  ],
  conffiles: [],
});

const describePage = (root: string): Package => ({
  name: 'luci-app-ikev2',
  version: versionOf(root),
  license: LICENSE,
  depends: {
    opkg: ['libc', 'luci-base', 'ikev2-ts', 'luci-lib-uqr'],
    apk: ['ikev2-ts', 'libc', 'luci-base', 'luci-lib-uqr'],
  },
  section: 'luci',
  description: ['LuCI page of the IKEv2/IPsec gateway ikev2-ts'],
  conffiles: [],
});

/** LuCI's own have their names like this. */
const describeLanguage = (root: string, code: string): Package => ({
  name: `luci-i18n-ikev2-${code.replaceAll('_', '-').toLowerCase()}`,
  version: versionOf(root),
  license: LICENSE,
  depends: { opkg: ['libc', 'luci-app-ikev2'], apk: ['libc', 'luci-app-ikev2'] },
  section: 'luci',
  description: [`Translation for luci-app-ikev2 - ${languageNames[code] ?? code}`],
  conffiles: [],
});

function ipk(build: Build, about: Package, tree: Tree, architecture: string): Ipk {
  const control: Control = {
    Package: about.name,
    Version: about.version,
    Depends: about.depends.opkg.join(', '),
    License: about.license,
    Section: about.section,
    Maintainer: MAINTAINER,
    Description: about.description,
  };
  const scripts: Scripts = about.postrm === undefined ? {} : { postrm: about.postrm };
  return packIpk(control, architecture, tree, about.conffiles, scripts, build.seconds);
}

function apk(build: Build, about: Package, tree: Tree, architecture: string): Apk {
  const info = {
    name: about.name,
    version: about.version,
    description: about.description.join(' '),
    arch: architecture,
    license: about.license,
    origin: 'ikev2-ts',
    maintainer: MAINTAINER,
    depends: about.depends.apk,
  };
  return packApk(info, withLists(about, tree), apkScripts(about), build.seconds);
}

/** What OpenWrt's functions want to know of a package, and find in no database of apk. */
function withLists(about: Package, tree: Tree): Tree {
  const full = tree.copy();
  const folder = `lib/apk/packages/${about.name}`;
  const paths = tree.entries().flatMap(({ kind, path }) => (kind === 'directory' ? [] : [path]));
  full.file(`${folder}.list`, paths.map((path) => `/${path}\n`).join(''));
  if (about.conffiles.length > 0) {
    full.file(`${folder}.conffiles`, about.conffiles.map((path) => `${path}\n`).join(''));
    const sums = tree
      .files()
      .filter(({ path }) => about.conffiles.includes(`/${path}`))
      .map(({ path, data }) => `/${path} ${createHash('sha256').update(data).digest('hex')}\n`);
    full.file(`${folder}.conffiles_static`, sums.join(''));
  }
  return full;
}

function apkScripts({ name, postrm }: Package): ApkScripts {
  const begin = `[ -s "\${IPKG_INSTROOT}/lib/functions.sh" ] || exit 0
. "\${IPKG_INSTROOT}/lib/functions.sh"
export root="\${IPKG_INSTROOT}"
export pkgname="${name}"
`;
  const install = `[ "\${IPKG_NO_SCRIPT}" = "1" ] && exit 0
${begin}add_group_and_user
default_postinst
`;
  return {
    'post-install': `#!/bin/sh\n${install}`,
    'post-upgrade': `#!/bin/sh\nexport PKG_UPGRADE=1\n${install}`,
    'pre-deinstall': `#!/bin/sh\n${begin}default_prerm\n`,
    ...(postrm === undefined ? {} : { 'post-deinstall': postrm }),
  };
}

const LICENSE = 'Apache-2.0';
const MAINTAINER = 'The ikev2-ts authors';
