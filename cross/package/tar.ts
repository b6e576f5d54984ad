// Archives as opkg reads them: plain ustar (POSIX.1-1988) with an entry for every folder, owned by 0:0. opkg
// knows no PAX headers and drops files without a word when their folder is missing.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import type { Entry } from './tree.ts';

/**
 * @param seconds what every entry is dated, since 1970
 * @throws when a name is longer than 100 bytes: then it would need an extension
 */
export function tar(entries: readonly Entry[], seconds: number): Buffer {
  const blocks = entries.flatMap((entry) => {
    const data = entry.kind === 'file' ? entry.data : Buffer.alloc(0);
    return [header(entry, data.length, seconds), data, Buffer.alloc(-data.length & (BLOCK - 1))];
  });
  const length = blocks.reduce((sum, { length: bytes }) => sum + bytes, 0) + 2 * BLOCK;
  // Two empty blocks end it, and it fills its last record.
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK + (-length & (RECORD - 1)))]);
}

/**
 * Compressed by gzip itself: what zlib inside Node makes depends on the processor it runs on. Remembers: packages for
 * several architectures differ in little.
 */
export function gzip(data: Buffer): Buffer {
  const name = createHash('sha256').update(data).digest('hex');
  const made = known.get(name) ?? compress(data);
  known.set(name, made);
  return made;
}

const known = new Map<string, Buffer>();

function compress(data: Buffer): Buffer {
  const { status, stdout, stderr } = spawnSync('gzip', ['-9', '-n', '-c'], {
    input: data,
    maxBuffer: Number.MAX_SAFE_INTEGER,
  });
  if (status !== 0) throw new Error(`gzip failed: ${stderr}`);
  return stdout;
}

function header(entry: Entry, size: number, seconds: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  const isFolder = entry.kind === 'directory' && entry.path !== '';
  const name = `./${entry.path}${isFolder ? '/' : ''}`;
  if (Buffer.byteLength(name) > 100) throw new Error(`too long a name for ustar: ${name}`);
  block.write(name, 0);
  block.write(octal(entry.kind === 'link' ? 0o777 : entry.mode, 7), 100);
  block.write(octal(0, 7), 108);
  block.write(octal(0, 7), 116);
  block.write(octal(size, 11), 124);
  block.write(octal(seconds, 11), 136);
  block.fill(' ', 148, 156);
  block.write(TYPES[entry.kind], 156);
  if (entry.kind === 'link') block.write(entry.target, 157);
  block.write('ustar\x0000', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 6)}\0 `, 148);
  return block;
}

const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, '0');

const BLOCK = 512;
const RECORD = 16 * BLOCK; // a power of two; GNU tar's 20 blocks are a habit, not a rule
const TYPES = { file: '0', link: '2', directory: '5' } as const;
