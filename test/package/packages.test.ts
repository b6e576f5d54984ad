// Every package of every architecture as it lies in dist/: what is in it, what the indexes say of it, who signed.
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { inCheckout } from '../lab/checkout.ts';
import { attempt, run, runNow } from '../lab/command.ts';
import { isSignedBy } from './adb-reader.ts';
import { readApk, readApkIndex } from './apk-reader.ts';
import { architectures, inFeed, packageIn } from './dist.ts';
import { readFields, readIpk } from './ipk-reader.ts';
import type { TarEntry } from './tar-reader.ts';

const scratch = mkdtempSync(join(tmpdir(), 'ikev2-packages-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const npmName = (architecture: string): string => (architecture === 'x86_64' ? 'x64' : 'arm64');
const machine = (architecture: string): number => (architecture === 'x86_64' ? 62 : 183); // EM_X86_64, EM_AARCH64

/** What goes onto the router, with its modes. */
const placed = (architecture: string, libc: 'musl' | 'linux'): [string, string][] => {
  const koffi = `/usr/lib/ikev2-ts/node_modules/@koromix/koffi-linux-${npmName(architecture)}`;
  return [
    ['/etc/capabilities/ikev2.json', '644'],
    ['/etc/config/ikev2', '600'],
    ['/etc/init.d/ikev2', '755'],
    ['/etc/uci-defaults/90-ikev2-ts', '755'],
    ['/lib/upgrade/keep.d/ikev2-ts', '644'],
    ['/usr/lib/ikev2-ts/ikev2.mjs', '644'],
    ['/usr/lib/ikev2-ts/sbom.cdx.json', '644'],
    ['/usr/lib/ikev2-ts/libikev2esp.so', '755'],
    [`${koffi}/index.js`, '644'],
    [`${koffi}/${libc}_${npmName(architecture)}/koffi.node`, '644'],
    [`${koffi}/package.json`, '644'],
    ['/usr/sbin/ikectl', '755'],
    ['/usr/sbin/ikev2d', '755'],
  ];
};

const modesOf = (files: ReadonlyMap<string, TarEntry>): [string, string][] =>
  [...files]
    .filter(([, { kind }]) => kind !== 'directory')
    .map(([path, { mode }]): [string, string] => [path, mode.toString(8)])
    .sort();

describe.each(architectures)('for %s', (architecture) => {
  test('the ipk is what opkg wants, and has all files', () => {
    const { control, conffiles, scripts, files } = readIpk(
      packageIn('opkg', architecture, 'ikev2-ts'),
    );

    expect(control.get('Architecture')).toBe(architecture);
    expect(control.get('Depends')).toContain('node (>= 20.20), ');
    expect(conffiles).toEqual(['/etc/config/ikev2']);
    expect([...scripts.keys()].sort()).toEqual(['postinst', 'postrm', 'prerm']);
    expect(modesOf(files)).toEqual(placed(architecture, 'musl').sort());
    expect(files.get('/etc/ikev2')).toMatchObject({ kind: 'directory', mode: 0o700 });
  });

  test('the apk is what apk wants, and has the same files and its own lists', () => {
    const { about, scripts, files } = readApk(packageIn('apk', architecture, 'ikev2-ts'));
    const lists = ['list', 'conffiles', 'conffiles_static'].map((end): [string, string] => [
      `/lib/apk/packages/ikev2-ts.${end}`,
      '644',
    ]);

    expect(about).toMatchObject({
      arch: architecture,
      depends: expect.arrayContaining(['ikev2-ts-runtime']),
    });
    expect([...scripts.keys()]).toEqual([
      'post-install',
      'pre-deinstall',
      'post-deinstall',
      'post-upgrade',
    ]);
    expect(modesOf(files)).toEqual([...placed(architecture, 'linux'), ...lists].sort());
  });

  test.each([
    ['opkg', 'libc.so'],
    ['apk', 'libc.so.6'],
  ] as const)('what %s brings in C is for this processor and its C library', (kind, libc) => {
    const bytes = packageIn(kind, architecture, 'ikev2-ts');
    const { files } = kind === 'opkg' ? readIpk(bytes) : readApk(bytes);
    const module = files.get('/usr/lib/ikev2-ts/libikev2esp.so')?.data ?? Buffer.alloc(0);
    const file = join(scratch, 'module.so');
    writeFileSync(file, module);

    expect(module.readUInt16LE(18)).toBe(machine(architecture));
    // What the benchmark builds to measure without a cipher (native/src/aead/null.c).
    expect(module.includes('NO CIPHER')).toBe(false);
    const dynamic = runNow(['readelf', '-d', file]);
    expect(dynamic).toContain(`Shared library: [${libc}]`);
    expect(dynamic).not.toMatch(/RPATH|RUNPATH/);
    expect(runNow(['readelf', '-n', file])).not.toContain('Build ID');
  });

  test('is smaller than three megabytes on the router, Node apart', () => {
    const { about } = readApk(packageIn('apk', architecture, 'ikev2-ts'));
    expect(about.installedSize).toBeLessThan(3_000_000);
  });

  test('the index of opkg names each package, and Debian’s signify believes it', async () => {
    const index = readFileSync(inFeed('opkg', architecture, 'Packages'));
    const key = publicKeyFile();

    const stanzas = index.toString().trimEnd().split('\n\n').map(readFields);
    const packages = readdirSync(inFeed('opkg', architecture)).filter((name) =>
      name.endsWith('.ipk'),
    );
    expect(stanzas.map((fields) => fields.get('Filename'))).toEqual(packages.sort());
    for (const fields of stanzas) {
      const bytes = readFileSync(inFeed('opkg', architecture, fields.get('Filename')));
      expect(fields.get('Size')).toBe(`${bytes.length}`);
      expect(fields.get('SHA256sum')).toBe(createHash('sha256').update(bytes).digest('hex'));
    }
    expect(gunzipSync(readFileSync(inFeed('opkg', architecture, 'Packages.gz')))).toEqual(index);
    await run(signify(key, architecture, inFeed('opkg', architecture, 'Packages')));
  });

  test('a changed index is not believed', async () => {
    const index = readFileSync(inFeed('opkg', architecture, 'Packages'), 'utf8');
    const changed = join(scratch, 'Packages');
    writeFileSync(changed, index.replace('ikev2', 'ikev3'));

    expect((await attempt(signify(publicKeyFile(), architecture, changed))).code).toBe(1);
  });

  test('the index of apk names each package by its hash, and is signed', () => {
    const { packages, file } = readApkIndex(
      readFileSync(inFeed('apk', architecture, 'packages.adb')),
    );
    const found = packages.map(({ name }) => {
      const bytes = packageIn('apk', architecture, name);
      const { about, database } = readApk(bytes);
      return { ...about, hash: database.hash, fileSize: bytes.length };
    });

    expect(packages.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['ikev2-ts', 'ikev2-ts-runtime']),
    );
    expect(packages).toEqual(found);
    expect(isSignedBy(file, readFileSync(inCheckout('dist/keys/ikev2-ts.pem'), 'utf8'))).toBe(true);
  });
});

test('scripts please shellcheck and BusyBox', () => {
  const { files, scripts } = readIpk(packageIn('opkg', 'x86_64', 'ikev2-ts'));
  const programs = [...files].filter(([, { data }]) => data.toString('latin1', 0, 3) === '#!/');
  const texts = new Map([
    ...programs.map(([path, { data }]): [string, string] => [path, data.toString()]),
    ...scripts,
  ]);
  for (const [name, text] of readApk(packageIn('apk', 'x86_64', 'ikev2-ts')).scripts)
    texts.set(name, text);

  expect([...texts.keys()]).toEqual(
    expect.arrayContaining(['/etc/init.d/ikev2', 'postinst', 'post-install']),
  );
  for (const [name, text] of texts) {
    const file = join(scratch, name.replaceAll('/', '_'));
    writeFileSync(file, text);
    runNow(['busybox', 'ash', '-n', file]);
    runNow(['shellcheck', '-s', 'dash', '-e', 'SC1091', file]); // which files they source, they know on the router
  }
});

test('the page comes whole, for every processor, with its languages beside it', () => {
  const page = inCheckout('luci-app');
  const below = (folder: string): string[] =>
    existsSync(join(page, folder))
      ? runNow(['find', join(page, folder), '-type', 'f', '-printf', '/%P\n'])
          .trim()
          .split('\n')
      : [];
  const wanted = [...below('htdocs').map((path) => `/www${path}`), ...below('root')].sort();
  const spoken = existsSync(join(page, 'po'))
    ? readdirSync(join(page, 'po')).filter((code) => code !== 'templates')
    : [];

  for (const architecture of architectures) {
    const { control, files } = readIpk(packageIn('opkg', architecture, 'luci-app-ikev2'));
    expect(control.get('Architecture')).toBe('all');
    expect(modesOf(files).map(([path]) => path)).toEqual(wanted);
    expect(files.get('/etc/uci-defaults/90-luci-app-ikev2')?.mode).toBe(0o755);
    expect(readApk(packageIn('apk', architecture, 'luci-app-ikev2')).about.arch).toBe('noarch');
    for (const code of spoken) {
      const language = readIpk(packageIn('opkg', architecture, `luci-i18n-ikev2-${code}`));
      expect([...language.files.keys()]).toContain(`/usr/lib/lua/luci/i18n/ikev2.${code}.lmo`);
      packageIn('apk', architecture, `luci-i18n-ikev2-${code}`);
    }
  }
});

test('the same sources give the same bytes, wherever and whenever they are built', () => {
  const again = join(scratch, 'again');
  const tool = runNow([
    process.execPath,
    'cross/bundle-tool.mjs',
    'cross/package/make-packages.ts',
  ]).trim();
  const { seconds } = readIpk(packageIn('opkg', 'x86_64', 'ikev2-ts')).files.get(
    '/etc/config/ikev2',
  ) ?? { seconds: 0 };
  const copy = join(scratch, 'checkout');
  runNow([
    'sh',
    '-c',
    'mkdir "$1" && cp -r cross native src openwrt luci-app package.json package-lock.json tsconfig.json build/npm build/tools "$1" 2>/dev/null; ln -s "$PWD/node_modules" "$1/"; mkdir -p "$1/build" && mv "$1/npm" "$1/tools" "$1/build"',
    'sh',
    copy,
  ]);

  runNow(
    ['sh', '-c', 'cd "$1" && node "$2" ipk apk --cpu x86_64 --dist "$3"', 'sh', copy, tool, again],
    { limit: 280_000, env: { SOURCE_DATE_EPOCH: `${seconds}` } },
  );

  for (const kind of ['opkg', 'apk'] as const) {
    const folder = join(again, kind, 'x86_64');
    const files = readdirSync(folder);
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) {
      const same = readFileSync(join(folder, file)).equals(
        readFileSync(inFeed(kind, 'x86_64', file)),
      );
      expect(`${file}: ${same}`).toBe(`${file}: true`);
    }
  }
}, 300_000);

/** usign names the file by the key; signify wants an ending. */
function publicKeyFile(): string {
  const [name = ''] = readdirSync(inCheckout('dist/keys')).filter((file) =>
    /^[0-9a-f]{16}$/.test(file),
  );
  const file = join(scratch, 'feed.pub');
  writeFileSync(file, readFileSync(inCheckout('dist/keys', name)));
  return file;
}

const signify = (key: string, architecture: string, message: string): string[] => [
  ...['signify-openbsd', '-V', '-p', key],
  ...['-x', inFeed('opkg', architecture, 'Packages.sig'), '-m', message],
];
