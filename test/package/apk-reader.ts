// What a package or an index of apk says, as an installer reads it.
import { createHash } from 'node:crypto';
import { type AdbFile, type AdbValue, BadDatabase, readAdb } from './adb-reader.ts';
import type { TarEntry } from './tar-reader.ts';

export interface ApkAbout {
  readonly name: string;
  readonly version: string;
  readonly arch: string;
  readonly depends: readonly string[];
  readonly hash: Buffer;
  readonly installedSize: number;
  readonly fileSize: number;
}

export interface ApkContent {
  readonly about: ApkAbout;
  readonly database: AdbFile;
  readonly scripts: ReadonlyMap<string, string>;
  readonly files: ReadonlyMap<string, TarEntry>;
}

/** @throws BadDatabase */
export function readApk(bytes: Buffer): ApkContent {
  const database = readAdb(bytes);
  if (database.schema !== 'pckg') throw new BadDatabase('no package');
  const about = readAbout(database.root.slot(1));
  const files = readFiles(database);
  const size = [...files.values()].reduce((sum, { data }) => sum + data.length, 0);
  if (size !== about.installedSize) throw new BadDatabase('installed-size is wrong');
  const scripts = new Map<string, string>();
  for (const [at, name] of SCRIPTS.entries()) {
    const text = database.root.slot(3).slot(at + 1).text;
    if (text !== '') scripts.set(name, text);
  }
  return { about, database, scripts, files };
}

/** @throws BadDatabase */
export function readApkIndex(bytes: Buffer): {
  readonly packages: ApkAbout[];
  readonly file: AdbFile;
} {
  const file = readAdb(bytes);
  if (file.schema !== 'indx') throw new BadDatabase('no index');
  return { packages: file.root.slot(2).items.map(readAbout), file };
}

function readAbout(info: AdbValue): ApkAbout {
  return {
    name: info.slot(1).text,
    version: info.slot(2).text,
    hash: info.slot(3).blob,
    arch: info.slot(5).text,
    installedSize: info.slot(12).number,
    fileSize: info.slot(13).isNull ? 0 : info.slot(13).number,
    depends: sorted(info.slot(15).items.map((one) => one.slot(1).text)),
  };
}

function readFiles({ root, data }: AdbFile): Map<string, TarEntry> {
  const files = new Map<string, TarEntry>();
  const unclaimed = new Map(data.map((block) => [`${block.folder}/${block.file}`, block.bytes]));
  const folders = root.slot(2).items;
  const known = new Set(['']);
  sorted(folders.map((folder) => folder.slot(1).text));
  for (const [at, folder] of folders.entries()) {
    const path = folder.slot(1).text;
    const parent = path.slice(0, Math.max(0, path.lastIndexOf('/')));
    if (!known.has(parent)) throw new BadDatabase(`${path}: its folder is missing`);
    known.add(path);
    if (path !== '')
      files.set(`/${path}`, { ...entryOf('directory', folder.slot(2)), name: `/${path}` });
    sorted(folder.slot(3).items.map((file) => file.slot(1).text));
    for (const [index, file] of folder.slot(3).items.entries()) {
      const name = `${path === '' ? '' : '/'}${path}/${file.slot(1).text}`;
      const place = `${at + 1}/${index + 1}`;
      files.set(name, readFile(name, file, unclaimed.get(place) ?? Buffer.alloc(0)));
      unclaimed.delete(place);
    }
  }
  if (unclaimed.size > 0) throw new BadDatabase('data that belong to no file');
  return files;
}

function readFile(name: string, file: AdbValue, data: Buffer): TarEntry {
  const target = file.slot(6).blob;
  const kind = target.length > 0 ? 'link' : 'file';
  if (kind === 'file') {
    if (file.slot(3).number !== data.length) throw new BadDatabase(`${name}: not of its size`);
    const hash = createHash('sha256').update(data).digest();
    if (!file.slot(5).blob.equals(hash)) throw new BadDatabase(`${name}: not of its hash`);
  }
  return {
    ...entryOf(kind, file.slot(2)),
    name,
    data,
    seconds: file.slot(4).number,
    target: target.subarray(2).toString(),
  };
}

function entryOf(kind: TarEntry['kind'], acl: AdbValue): TarEntry {
  if (acl.slot(2).text !== 'root' || acl.slot(3).text !== 'root')
    throw new BadDatabase('not root’s');
  return {
    name: '',
    kind,
    mode: acl.slot(1).number,
    seconds: 0,
    data: Buffer.alloc(0),
    target: '',
  };
}

/** apk looks names up by halving: out of order they are not found. */
function sorted(names: readonly string[]): readonly string[] {
  const inOrder = [...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  if (inOrder.join('\n') !== names.join('\n')) throw new BadDatabase(`out of order: ${names}`);
  if (new Set(names).size < names.length) throw new BadDatabase(`twice: ${names}`);
  return names;
}

const SCRIPTS = [
  'trigger',
  'pre-install',
  'post-install',
  'pre-deinstall',
  'post-deinstall',
  'pre-upgrade',
  'post-upgrade',
];
