// The .apk of OpenWrt from 25.12 on (apk-tools 3), and the index of a repository of them. As in OpenWrt's own
// repositories the index is signed, and holds the hash of each package.
import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { p256 } from '@noble/curves/nist.js';
import { Adb, block, NULL, type Value } from './adb.ts';
import { gzip } from './tar.ts';
import { compareBytes, type Entry, type Tree } from './tree.ts';

export interface ApkInfo {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly arch: string;
  readonly license: string;
  readonly origin: string;
  readonly maintainer: string;
  /** Names alone. */
  readonly depends: readonly string[];
}

export type ApkScripts = Readonly<
  Partial<Record<'post-install' | 'pre-deinstall' | 'post-deinstall' | 'post-upgrade', string>>
>;

export interface Apk {
  readonly fileName: string;
  readonly info: ApkInfo;
  /** Bytes of its files. */
  readonly installedSize: number;
  /** What the index calls it by: the SHA-256 of its database. */
  readonly hash: Buffer;
  readonly bytes: Buffer;
}

type File = Extract<Entry, { kind: 'file' }>;
type Named = Exclude<Entry, { kind: 'directory' }>;

/** @param seconds what every file is dated, since 1970 */
export function packApk(info: ApkInfo, tree: Tree, scripts: ApkScripts, seconds: number): Apk {
  const folders = foldersOf(tree);
  const installedSize = tree.files().reduce((sum, { data }) => sum + data.length, 0);
  // Its identity is the beginning of a hash over the database in which the identity itself is nought.
  const nameless = database(info, Buffer.alloc(20), installedSize, folders, scripts, seconds);
  const identity = sha256(nameless).subarray(0, 20);
  const adb = database(info, identity, installedSize, folders, scripts, seconds);
  const data = folders.flatMap(({ names }, folder) =>
    names.flatMap((entry, at) => (hasBytes(entry) ? [dataBlock(folder, at, entry.data)] : [])),
  );
  const head = Buffer.concat([fileHeader('pckg'), block('database', adb)]);
  const bytes = compress(head, Buffer.concat(data));
  return {
    fileName: `${info.name}-${info.version}.apk`,
    info,
    installedSize,
    hash: sha256(adb),
    bytes,
  };
}

/** @param key a private key on P-256 */
export function indexApks(apks: readonly Apk[], description: string, key: KeyObject): Buffer {
  const adb = new Adb();
  const packages = [...apks]
    .sort((a, b) => compareBytes(a.info.name, b.info.name))
    .map((apk) => packageInfo(adb, apk.info, apk.hash, apk.installedSize, apk.bytes.length));
  const root = adb.object({ 1: adb.blob(description), 2: adb.array(packages) });
  const content = adb.finish(root);
  const head = Buffer.concat([fileHeader('indx'), block('database', content)]);
  return compress(head, block('signature', signature('indx', content, key)));
}

/** A folder with what lies in it; the root itself has the path ''. */
interface Folder {
  readonly path: string;
  readonly mode: number;
  readonly names: readonly Named[];
}

function foldersOf(tree: Tree): Folder[] {
  const entries = tree.entries();
  const inside = (path: string): Named[] =>
    entries.filter((entry): entry is Named => {
      const slash = entry.path.lastIndexOf('/');
      return entry.kind !== 'directory' && entry.path.slice(0, Math.max(slash, 0)) === path;
    });
  const folders = entries.filter((entry) => entry.kind === 'directory');
  return [
    { path: '', mode: 0o755, names: inside('') },
    ...folders.map(({ path, mode }) => ({ path, mode, names: inside(path) })),
  ];
}

function database(
  info: ApkInfo,
  identity: Buffer,
  installedSize: number,
  folders: readonly Folder[],
  scripts: ApkScripts,
  seconds: number,
): Buffer {
  const adb = new Adb();
  const about = packageInfo(adb, info, identity, installedSize);
  const paths = folders.map(({ path, mode, names }) =>
    adb.object({
      1: adb.blob(path),
      2: ownedByRoot(adb, mode),
      3: adb.array(names.map((entry) => fileInfo(adb, entry, seconds))),
    }),
  );
  const script = (name: keyof ApkScripts): Value => adb.blob(scripts[name] ?? '');
  const allScripts = adb.object({
    3: script('post-install'),
    4: script('pre-deinstall'),
    5: script('post-deinstall'),
    7: script('post-upgrade'),
  });
  return adb.finish(adb.object({ 1: about, 2: adb.array(paths), 3: allScripts }));
}

function packageInfo(
  adb: Adb,
  info: ApkInfo,
  hash: Buffer,
  installedSize: number,
  fileSize?: number,
): Value {
  const depends = [...info.depends].sort(compareBytes);
  return adb.object({
    1: adb.blob(info.name),
    2: adb.blob(info.version),
    3: adb.blob(hash),
    4: adb.blob(info.description),
    5: adb.blob(info.arch),
    6: adb.blob(info.license),
    7: adb.blob(info.origin),
    8: adb.blob(info.maintainer),
    12: adb.integer(installedSize),
    13: fileSize === undefined ? NULL : adb.integer(fileSize),
    15: adb.array(depends.map((name) => adb.object({ 1: adb.blob(name) }))),
  });
}

function fileInfo(adb: Adb, entry: Named, seconds: number): Value {
  const name = entry.path.slice(entry.path.lastIndexOf('/') + 1);
  const common = { 1: adb.blob(name), 4: adb.integer(seconds) };
  if (entry.kind === 'link') {
    const target = Buffer.concat([Buffer.from([0x00, 0xa0]), Buffer.from(entry.target)]); // S_IFLNK
    return adb.object({ ...common, 2: ownedByRoot(adb, 0o777), 6: adb.blob(target) });
  }
  return adb.object({
    ...common,
    2: ownedByRoot(adb, entry.mode),
    3: adb.integer(entry.data.length),
    5: adb.blob(sha256(entry.data)),
  });
}

const ownedByRoot = (adb: Adb, mode: number): Value =>
  adb.object({ 1: adb.integer(mode), 2: adb.blob('root'), 3: adb.blob('root') });

const hasBytes = (entry: Named): entry is File => entry.kind === 'file' && entry.data.length > 0;

/** Folder and file are counted from one. */
function dataBlock(folder: number, at: number, data: Buffer): Buffer {
  const place = Buffer.alloc(8);
  place.writeUInt32LE(folder + 1, 0);
  place.writeUInt32LE(at + 1, 4);
  return block('data', place, data);
}

const fileHeader = (schema: 'pckg' | 'indx'): Buffer => Buffer.from(`ADB.${schema}`);

/**
 * Deflate (RFC 1951) without a header or a sum; gzip has both around it. The head is stored as it is, so that files
 * that differ in nothing else are compressed once.
 */
function compress(head: Buffer, rest: Buffer): Buffer {
  const stored: Buffer[] = [];
  for (let at = 0; at < head.length; at += 0xffff) {
    const piece = head.subarray(at, at + 0xffff);
    const lengths = Buffer.alloc(5);
    lengths.writeUInt16LE(piece.length, 1);
    lengths.writeUInt16LE(piece.length ^ 0xffff, 3);
    stored.push(lengths, piece);
  }
  return Buffer.concat([Buffer.from('ADBd'), ...stored, gzip(rest).subarray(10, -8)]);
}

/** Of schema, the signature's own head, and the hash of the database; the same each time (RFC 6979). */
function signature(schema: string, database: Buffer, key: KeyObject): Buffer {
  const point = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-65);
  const head = Buffer.concat([Buffer.from([0, SHA512]), sha512(point).subarray(0, 16)]);
  const signed = sha512(Buffer.concat([Buffer.from(schema), head, sha512(database)]));
  const scalar = Buffer.from(key.export({ format: 'jwk' }).d ?? '', 'base64url');
  const bytes = p256.sign(signed, scalar, { prehash: false, format: 'der' });
  return Buffer.concat([head, bytes]);
}

const sha256 = (data: Buffer): Buffer => createHash('sha256').update(data).digest();
const sha512 = (data: Buffer): Buffer => createHash('sha512').update(data).digest();

/** As apk-tools number their digests. */
const SHA512 = 4;
