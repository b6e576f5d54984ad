// The index of opkg's feed: what each package says of itself, where it is, and a signature over all of it.
import { createHash } from 'node:crypto';
import type { Ipk } from './ipk.ts';
import { gzip } from './tar.ts';
import { compareBytes } from './tree.ts';
import { type FeedKey, signFeed } from './usign.ts';

/** @returns file name → content, to stand beside the packages */
export function indexFeed(packages: readonly Ipk[], key: FeedKey): ReadonlyMap<string, Buffer> {
  const sorted = [...packages].sort((a, b) => compareBytes(a.fileName, b.fileName));
  const index = padded(Buffer.from(sorted.map(stanza).join('')));
  return new Map([
    ['Packages', index],
    ['Packages.gz', gzip(index)],
    ['Packages.sig', Buffer.from(signFeed(key, index))],
  ]);
}

function stanza({ fileName, control, bytes }: Ipk): string {
  const sum = createHash('sha256').update(bytes).digest('hex');
  const place = `Filename: ${fileName}\nSize: ${bytes.length}\nSHA256sum: ${sum}\n`;
  return `${control.replace(/^(?:Maintainer|Source.*): .*\n/gm, '').replace(/^Description: /m, `${place}$&`)}\n`;
}

/** usign's SHA-512 stumbles over two lengths; blank lines at the end mean nothing to opkg. */
function padded(index: Buffer): Buffer {
  const remainder = (index.length + 64) % 128;
  if (remainder !== 110 && remainder !== 111) return index;
  return Buffer.concat([index, Buffer.alloc(112 - remainder, '\n')]);
}
