// Keys and signatures of opkg's feeds: Ed25519 in the form of OpenWrt's usign, which OpenBSD's signify shares.
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';

/** A key to sign feeds with. */
export interface FeedKey {
  readonly seed: Buffer;
  readonly publicKey: Buffer;
  /** What a signature names its key by; on the router the name of its file. */
  readonly id: Buffer;
}

/** @param seed 32 random bytes, the whole secret */
export function feedKeyFrom(seed: Buffer): FeedKey {
  const publicKey = rawPublicKey(privateKeyOf(seed));
  // usign draws it at random; any eight bytes that differ between keys will do.
  const id = createHash('sha512').update(publicKey).digest().subarray(0, 8);
  return { seed, publicKey, id };
}

/** As usign writes and reads a secret key, without a passphrase. */
export function formatSecretKey({ seed, publicKey, id }: FeedKey): string {
  const secret = Buffer.concat([seed, publicKey]);
  const checksum = createHash('sha512').update(secret).digest().subarray(0, 8);
  // No rounds of key derivation: then the salt says nothing, either.
  const head = Buffer.concat([Buffer.from('EdBK'), Buffer.alloc(4 + 16), checksum]);
  return formatFile('ikev2-ts feed secret key', Buffer.concat([head, id, secret]));
}

/** Reads what `formatSecretKey` or usign wrote. @throws when it is something else */
export function parseSecretKey(text: string): FeedKey {
  const bytes = Buffer.from(text.split('\n')[1] ?? '', 'base64');
  if (bytes.length !== 104 || bytes.toString('latin1', 0, 4) !== 'EdBK' || bytes.readUInt32BE(4)) {
    throw new Error('no secret key of usign, or one with a passphrase');
  }
  const { seed, publicKey } = feedKeyFrom(bytes.subarray(40, 72));
  if (!publicKey.equals(bytes.subarray(72))) throw new Error('the secret key is damaged');
  return { seed, publicKey, id: bytes.subarray(32, 40) };
}

export const formatPublicKey = ({ publicKey, id }: FeedKey): string =>
  formatFile('ikev2-ts feed public key', Buffer.concat([Buffer.from('Ed'), id, publicKey]));

/** What goes into `Packages.sig`. */
export function signFeed(key: FeedKey, data: Buffer): string {
  const signature = sign(null, data, privateKeyOf(key.seed));
  const id = key.id.toString('hex');
  return formatFile(`signed by key ${id}`, Buffer.concat([Buffer.from('Ed'), key.id, signature]));
}

const formatFile = (comment: string, bytes: Buffer): string =>
  `untrusted comment: ${comment}\n${bytes.toString('base64')}\n`;

/** RFC 8410 §7: the seed in its PKCS#8 wrapping. */
const privateKeyOf = (seed: Buffer): KeyObject =>
  createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, seed]), format: 'der', type: 'pkcs8' });

const rawPublicKey = (key: KeyObject): Buffer =>
  createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32);

const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');
