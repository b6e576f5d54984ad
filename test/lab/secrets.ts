// Looks for secrets where none may be: in logs, answers and events, in every form in which bytes get printed.
import { createPrivateKey } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromHex } from '../../src/base/bytes.ts';
import { ntHash } from '../../src/crypto/nt-hash.ts';
import type { UciSection } from './uci.ts';

export interface KnownSecret {
  /** For the report, which must not print it either. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Names of the secrets that `text` shows. */
export function shown(text: string, secrets: readonly KnownSecret[]): readonly string[] {
  const lower = text.toLowerCase();
  const dense = lower.replace(/[\s:"[\]{}]+/g, '');
  return [
    ...new Set(
      secrets.filter(({ bytes }) => isThere(bytes, { text, lower, dense })).map(({ name }) => name),
    ),
  ];
}

interface Haystack {
  readonly text: string;
  readonly lower: string;
  /** Without what stands between the bytes of a dump. */
  readonly dense: string;
}

function isThere(bytes: Uint8Array, { text, lower, dense }: Haystack): boolean {
  if (bytes.length < least) return false;
  const hex = Buffer.from(bytes).toString('hex');
  if (lower.includes(hex) || dense.includes(hex)) return true;
  if (dense.includes([...bytes].join(','))) return true;
  if (dense.includes([...bytes].map((byte, i) => `${i}${byte}`).join(','))) return true;
  // The last characters of base64 depend on what follows.
  const base64 = Buffer.from(bytes).toString('base64').replace(/=+$/, '').slice(0, -2);
  if (text.includes(base64) || text.includes(base64.replaceAll('+', '-').replaceAll('/', '_')))
    return true;
  return isText(bytes) && text.includes(Buffer.from(bytes).toString('utf8'));
}

const isText = (bytes: Uint8Array): boolean => bytes.every((byte) => byte >= 0x20 && byte !== 0x7f);

/** Those of a configuration: passwords, their hashes, shared secrets, private keys in the files that it names. */
export const secretsIn = (sections: readonly UciSection[]): readonly KnownSecret[] =>
  sections.flatMap(({ type, name, options }) =>
    Object.entries(options).flatMap(([option, value]) => {
      const told = { name: `option ${option} of ${type} '${name}'`, text: `${value}` };
      if (value === undefined || !Object.hasOwn(readers, option)) return [];
      return (readers[option]?.(told.text) ?? []).map((bytes) => ({ name: told.name, bytes }));
    }),
  );

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const shared = (text: string): Uint8Array[] => {
  if (text.startsWith('0x')) return [fromHex(text.slice(2))];
  if (text.startsWith('0s')) return [Buffer.from(text.slice(2), 'base64')];
  return [utf8(text)];
};
const readers: Readonly<Record<string, (text: string) => Uint8Array[]>> = {
  password: (text) => [utf8(text), ntHash(utf8(text))],
  nthash: (text) => [fromHex(text)],
  secret: shared,
  psk: shared,
  key: (file) => (existsSync(file) ? privateNumbers(readFileSync(file)) : []),
  keylog: (dir) => loggedKeys(dir).map(({ bytes }) => bytes),
  // What the gateway made itself: the home CA, its own key.
  folder: (dir) =>
    existsSync(dir)
      ? readdirSync(dir, { withFileTypes: true })
          .filter((entry) => entry.isFile())
          .flatMap((entry) => privateNumbers(readFileSync(join(dir, entry.name))))
      : [],
};

/** The numbers that make a key private, and the text of its file. */
function privateNumbers(pem: Uint8Array): Uint8Array[] {
  const text = Buffer.from(pem).toString('latin1');
  const block = /-----BEGIN [A-Z ]*PRIVATE KEY-----([^-]+)-----END/.exec(text)?.[1];
  if (block === undefined) return [];
  const { d, p, q } = createPrivateKey({ key: text, format: 'pem' }).export({ format: 'jwk' });
  return [
    ...[d, p, q].flatMap((number) => (number ? Buffer.from(`${number}`, 'base64url') : [])),
    ...block.trim().split(/\s+/).slice(1).map(utf8),
  ];
}

/** SK_e, SK_a and the keys of ESP, from the files that a gateway writes for Wireshark, in whatever company they are. */
export function loggedKeys(folder: string): readonly KnownSecret[] {
  const files = ['ikev2_decryption_table', 'esp_sa'];
  return files
    .filter((file) => existsSync(join(folder, file)))
    .flatMap((file) =>
      readFileSync(join(folder, file), 'utf8')
        .split('\n')
        // Shorter ones are SPIs.
        .flatMap((row) =>
          [...row.matchAll(/\b(?:0x)?([0-9a-f]{32,})\b/g)].map(([, hex]) => hex ?? ''),
        )
        .map((hex) => ({ name: `a key of ${file}`, bytes: fromHex(hex) })),
    );
}

/** Shorter ones are words that any log has. */
const least = 8;
