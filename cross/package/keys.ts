// The keys that a feed is signed with: made when there are none, kept in a folder that is nobody else's.
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type FeedKey,
  feedKeyFrom,
  formatPublicKey,
  formatSecretKey,
  parseSecretKey,
} from './usign.ts';

export interface Keys {
  /** Ed25519, for opkg; the public half as a file of /etc/opkg/keys. */
  readonly opkg: FeedKey & { readonly file: string };
  /** P-256, for apk; the public half as a file of /etc/apk/keys. */
  readonly apk: { readonly secret: KeyObject; readonly file: string };
}

export function feedKeys(folder: string): Keys {
  const opkg = parseSecretKey(
    kept(folder, 'opkg.sec', () => formatSecretKey(feedKeyFrom(randomBytes(32)))),
  );
  const secret = createPrivateKey(kept(folder, 'apk.pem', newEcKey));
  const file = createPublicKey(secret).export({ format: 'pem', type: 'spki' }).toString();
  return { opkg: { ...opkg, file: formatPublicKey(opkg) }, apk: { secret, file } };
}

function kept(folder: string, name: string, make: () => string): string {
  const path = join(folder, name);
  if (!existsSync(path)) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(path, make(), { mode: 0o600, flag: 'wx' });
    process.stderr.write(
      `a new key to sign feeds with: ${path}; keep it, routers will believe no other\n`,
    );
  }
  return readFileSync(path, 'utf8');
}

function newEcKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
}
