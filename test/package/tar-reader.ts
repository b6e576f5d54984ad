// Reads tar archives as strictly as opkg ought to: plain ustar and nothing else, every folder before what is in
// it, sorted, owned by 0:0, one date. Shares nothing with the writer.

export interface TarEntry {
  /** `./etc/config/ikev2`; folders without the slash at their end. */
  readonly name: string;
  readonly kind: 'file' | 'directory' | 'link';
  readonly mode: number;
  readonly seconds: number;
  readonly data: Buffer;
  readonly target: string;
}

/** What opkg would stumble over, or drop without a word. */
export class BadArchive extends Error {}

/** @throws BadArchive, with the name of the entry */
export function readTar(archive: Buffer): TarEntry[] {
  if (archive.length % BLOCK !== 0) throw new BadArchive('the archive ends within a block');
  const entries: TarEntry[] = [];
  let at = 0;
  while (!isEmpty(archive.subarray(at, at + BLOCK))) {
    const entry = readEntry(archive, at);
    entries.push(entry);
    at += BLOCK + Math.ceil(entry.data.length / BLOCK) * BLOCK;
    if (at >= archive.length) throw new BadArchive('the archive has no end');
  }
  if (!isEmpty(archive.subarray(at))) throw new BadArchive('something follows the end');
  if (archive.length - at < 2 * BLOCK)
    throw new BadArchive('the archive ends with one empty block');
  return entries;
}

/** As `readTar`, for the files of a package: folders first, in order. @throws BadArchive */
export function readFileTree(archive: Buffer): TarEntry[] {
  const entries = readTar(archive);
  if (entries[0]?.name !== '.' || entries[0].kind !== 'directory') {
    throw new BadArchive('the archive does not begin with ./');
  }
  const folders = new Set<string>();
  let before = '';
  for (const { name, kind } of entries) {
    if (name !== '.' && !folders.has(name.slice(0, name.lastIndexOf('/')))) {
      throw new BadArchive(`${name}: its folder is missing`);
    }
    if (Buffer.compare(Buffer.from(name), Buffer.from(before)) <= 0) {
      throw new BadArchive(`${name}: out of order`);
    }
    if (kind === 'directory') folders.add(name);
    before = name;
  }
  if (new Set(entries.map(({ seconds }) => seconds)).size > 1) {
    throw new BadArchive('entries of different dates');
  }
  return entries;
}

function readEntry(archive: Buffer, at: number): TarEntry {
  const head = archive.subarray(at, at + BLOCK);
  const text = (from: number, length: number): string => {
    const field = head.subarray(from, from + length);
    const end = field.indexOf(0);
    return field.subarray(0, end < 0 ? length : end).toString();
  };
  const raw = text(0, 100);
  const refuse = (why: string): never => {
    throw new BadArchive(`${raw}: ${why}`);
  };
  const octal = (from: number, length: number): number => {
    const digits = text(from, length).trim();
    return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : refuse(`no number: ${digits}`);
  };
  if (head.toString('latin1', 257, 265) !== 'ustar\x0000') refuse('not ustar');
  const sum = head.reduce(
    (total, byte, index) => total + (index >= 148 && index < 156 ? 32 : byte),
    0,
  );
  if (octal(148, 8) !== sum) refuse('its checksum is wrong');
  const type = text(156, 1);
  const kind = KINDS[type] ?? refuse(`an entry of type «${type}», which opkg does not know`);
  if (octal(108, 8) !== 0 || octal(116, 8) !== 0) refuse('not owned by 0:0');
  if (text(265, 32) !== '' || text(297, 32) !== '') refuse('its owner has a name');
  if (text(345, 155) !== '') refuse('a name in two parts');
  if (!/^\.(?:\/[^/]+)*\/?$/.test(raw) || raw.split('/').includes('..')) refuse('no plain name');
  if (kind === 'directory' && !raw.endsWith('/')) refuse('a folder without a slash');
  const size = octal(124, 12);
  if (kind !== 'file' && size !== 0) refuse('content in what is no file');
  const end = at + BLOCK + size;
  if (end > archive.length) refuse('cut off');
  return {
    name: raw.replace(/\/$/, ''),
    kind,
    mode: octal(100, 8),
    seconds: octal(136, 12),
    data: archive.subarray(at + BLOCK, end),
    target: text(157, 100),
  };
}

const isEmpty = (bytes: Buffer): boolean => bytes.every((byte) => byte === 0);

const BLOCK = 512;
const KINDS: Readonly<Record<string, TarEntry['kind']>> = {
  '0': 'file',
  '2': 'link',
  '5': 'directory',
};
