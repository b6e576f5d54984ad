// Reads .ipk files as opkg does, and refuses what OpenWrt's own build would never make.
import { gunzipSync } from 'node:zlib';
import { BadArchive, readFileTree, readTar, type TarEntry } from './tar-reader.ts';

export interface IpkContent {
  /** Fields of `control`, and the rest of Description in its lines. */
  readonly control: ReadonlyMap<string, string>;
  readonly conffiles: readonly string[];
  /** postinst, prerm, …: the text of each. */
  readonly scripts: ReadonlyMap<string, string>;
  /** Everything it puts onto the router, by names like `/etc/config/ikev2`; the root left out. */
  readonly files: ReadonlyMap<string, TarEntry>;
}

/** @throws BadArchive */
export function readIpk(bytes: Buffer): IpkContent {
  const members = readTar(unzip(bytes, 'the package'));
  const names = members.map(({ name }) => name).join(' ');
  if (names !== './debian-binary ./data.tar.gz ./control.tar.gz') {
    throw new BadArchive(`members out of order: ${names}`);
  }
  const [version, data, control] = members;
  if (version?.data.toString() !== '2.0\n') throw new BadArchive('another version of the format');
  const dataTar = unzip(data?.data ?? Buffer.alloc(0), 'data.tar.gz');
  const files = readFileTree(dataTar);
  const about = readFileTree(unzip(control?.data ?? Buffer.alloc(0), 'control.tar.gz'));
  const content = readControl(about);
  if (content.control.get('Installed-Size') !== `${dataTar.length}`) {
    throw new BadArchive('Installed-Size is not the size of data.tar');
  }
  const placed = new Map(files.slice(1).map((entry) => [entry.name.slice(1), entry]));
  for (const path of content.conffiles) {
    if (placed.get(path)?.kind !== 'file') throw new BadArchive(`no such conffile: ${path}`);
  }
  return { ...content, files: placed };
}

function readControl(entries: readonly TarEntry[]): Omit<IpkContent, 'files'> {
  const scripts = new Map<string, string>();
  let control = new Map<string, string>();
  let conffiles: string[] = [];
  for (const { name, mode, data } of entries.slice(1)) {
    const text = data.toString();
    if (name === './control') control = readFields(text);
    else if (name === './conffiles') conffiles = text.trimEnd().split('\n');
    else if (SCRIPTS.includes(name.slice(2))) scripts.set(name.slice(2), text);
    else throw new BadArchive(`${name}: opkg does not know it`);
    const isScript = scripts.has(name.slice(2));
    if (mode !== (isScript ? 0o755 : 0o644))
      throw new BadArchive(`${name}: mode ${mode.toString(8)}`);
    if (!text.endsWith('\n')) throw new BadArchive(`${name}: does not end with a newline`);
  }
  return { control, conffiles, scripts };
}

/** One stanza: `Name: value`, and lines that begin with a space go on with the last one. */
export function readFields(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  let last = '';
  for (const line of text.trimEnd().split('\n')) {
    const [, name = '', value = ''] = /^([A-Z][A-Za-z0-9-]*): (\S.*)$/.exec(line) ?? [];
    if (name !== '' && !fields.has(name)) fields.set(name, value);
    else if (/^ \S/.test(line) && last === 'Description')
      fields.set(last, `${fields.get(last)}\n${line}`);
    else throw new BadArchive(`no field: ${line}`);
    last = name || last;
  }
  for (const name of ['Package', 'Version', 'Architecture', 'Description']) {
    if (!fields.has(name)) throw new BadArchive(`no ${name}`);
  }
  if (!/^[a-zA-Z0-9_.+-]+$/.test(fields.get('Package') ?? ''))
    throw new BadArchive('no name for a package');
  return fields;
}

/** gzip says when and where it was made, unless it is told not to. */
function unzip(bytes: Buffer, what: string): Buffer {
  if (bytes.readUInt16BE(0) !== 0x1f8b || bytes[3] !== 0 || bytes.readUInt32LE(4) !== 0) {
    throw new BadArchive(`${what}: not as «gzip -n» makes it`);
  }
  return gunzipSync(bytes);
}

const SCRIPTS = ['postinst', 'postinst-pkg', 'postrm', 'preinst', 'prerm', 'prerm-pkg'];
