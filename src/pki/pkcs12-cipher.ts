// Encryption by a passphrase as PKCS#12 has it: the old form that Apple's systems import, 3DES with a key derived by
// SHA-1 (RFC 7292 appendices B and C), and the one of today, AES-256 with PBKDF2 (RFC 8018 §6.2).
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  pbkdf2Sync,
  timingSafeEqual,
} from 'node:crypto';
import { concat, toHex } from '../base/bytes.ts';
import { type Element, NotDer, Tag } from './der.ts';
import * as der from './der-write.ts';

/** `legacy` is for systems that read nothing else. */
export type Pkcs12Form = 'legacy' | 'modern';
/** @returns so many random bytes */
export type Random = (bytes: number) => Uint8Array;

export interface Encrypted {
  /** AlgorithmIdentifier, DER. */
  readonly algorithm: Uint8Array;
  readonly ciphertext: Uint8Array;
}

/** @param passphrase ASCII, so that both derivations agree on its bytes */
export function encrypt(
  form: Pkcs12Form,
  passphrase: string,
  plain: Uint8Array,
  random: Random,
): Encrypted {
  const salt = random(saltBytes);
  const iv = form === 'legacy' ? derive('sha1', Purpose.IV, passphrase, salt, 8) : random(16);
  const { name, key } =
    form === 'legacy'
      ? { name: tripleDes, key: derive('sha1', Purpose.KEY, passphrase, salt, 24) }
      : { name: 'aes-256-cbc', key: pbkdf2Sync(passphrase, salt, rounds, 32, 'sha256') };
  const cipher = createCipheriv(name, key, iv);
  const ciphertext = concat(cipher.update(plain), cipher.final());
  key.fill(0);
  const algorithm = form === 'legacy' ? legacyAlgorithm(salt) : modernAlgorithm(salt, iv);
  return { algorithm, ciphertext };
}

/** What one file is read with: its passphrase, and the work that all of it together may be. */
export class Opening {
  readonly passphrase: string;
  #left = mostRounds;

  constructor(passphrase: string) {
    this.passphrase = passphrase;
  }

  /**
   * Pays for a derivation before it is made: a file that keeps the router busy for minutes is no gift, and a part that
   * is modest may stand there a hundred times.
   * @returns the iterations. @throws NotDer
   */
  rounds(element: Element | undefined, digests: number): number {
    const n = [...(element?.body ?? [])].reduce((sum, octet) => sum * 256 + octet, 0);
    this.#left -= n * digests;
    if (n < 1 || this.#left < 0) throw new NotDer('it wants an absurd number of iterations');
    return n;
  }
}

/** @param algorithm AlgorithmIdentifier. @throws NotDer when it is none that we know, or the passphrase is wrong */
export function decrypt(algorithm: Element, opening: Opening, ciphertext: Uint8Array): Uint8Array {
  const { name, key, iv } = keyOf(algorithm, opening);
  try {
    const cipher = createDecipheriv(name, key, iv);
    return concat(cipher.update(ciphertext), cipher.final());
  } catch {
    throw new NotDer('the passphrase is wrong, or the file is damaged');
  } finally {
    key.fill(0);
  }
}

/** MacData over the AuthenticatedSafe (RFC 7292 §4). */
export function makeMac(form: Pkcs12Form, passphrase: string, content: Uint8Array, random: Random) {
  const salt = random(saltBytes);
  const hash = form === 'legacy' ? 'sha1' : 'sha256';
  const digest = macOf(hash, passphrase, salt, rounds, content);
  const algorithm = der.sequence(der.oid(oidOfHash[hash]), der.nothing());
  return der.sequence(
    der.sequence(algorithm, der.octets(digest)),
    der.octets(salt),
    der.integer(rounds),
  );
}

/** Whether the passphrase is right and nothing was changed. @throws NotDer */
export function isMacTrue(macData: Element, opening: Opening, content: Uint8Array): boolean {
  const [info, salt, iterations] = macData.parts;
  const [algorithm, digest] = info?.parts ?? [];
  const hash = hashNamed(algorithm?.parts[0], macHashes);
  if (!hash || !digest || !salt) throw new NotDer('its checksum is of a kind that we do not know');
  const expected = macOf(
    hash,
    opening.passphrase,
    salt.body,
    opening.rounds(iterations, 1),
    content,
  );
  return expected.length === digest.body.length && timingSafeEqual(expected, digest.body);
}

function macOf(hash: string, passphrase: string, salt: Uint8Array, n: number, content: Uint8Array) {
  const key = derive(hash, Purpose.MAC, passphrase, salt, sizeOf(hash), n);
  const mac = createHmac(hash, key).update(content).digest();
  key.fill(0);
  return mac;
}

interface CipherKey {
  readonly name: string;
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
}

function keyOf({ parts: [id, parameters] }: Element, opening: Opening): CipherKey {
  const { passphrase } = opening;
  switch (id && toHex(id.body)) {
    case hexOf(oids.pbeWithSha3Des): {
      const [salt, iterations] = parameters?.parts ?? [];
      if (!salt) break;
      const n = opening.rounds(iterations, 3); // 24 and 8 bytes of SHA-1
      const key = derive('sha1', Purpose.KEY, passphrase, salt.body, 24, n);
      return { name: tripleDes, key, iv: derive('sha1', Purpose.IV, passphrase, salt.body, 8, n) };
    }
    case hexOf(oids.pbes2):
      return modernKey(parameters?.parts ?? [], opening);
  }
  throw new NotDer('it is encrypted in a way that we do not know');
}

/** RFC 8018 A.4: how the key is derived, and what it is for. */
function modernKey([kdf, scheme]: readonly Element[], opening: Opening): CipherKey {
  const [kdfId, parameters] = kdf?.parts ?? [];
  const [schemeId, iv] = scheme?.parts ?? [];
  const [salt, iterations, ...rest] = parameters?.parts ?? [];
  const cipher = aesCiphers.find(({ id }) => schemeId && toHex(schemeId.body) === hexOf(id));
  const isPbkdf2 = kdfId && toHex(kdfId.body) === hexOf(oids.pbkdf2);
  const prf = rest.find(({ tag }) => tag === Tag.SEQUENCE);
  const hash = prf ? hashNamed(prf.parts[0], prfHashes) : 'sha1';
  if (!cipher || !isPbkdf2 || !salt || !iv || !hash) {
    throw new NotDer('it is encrypted in a way that we do not know');
  }
  const n = opening.rounds(iterations, Math.ceil(cipher.keyBytes / sizeOf(hash)));
  const key = pbkdf2Sync(opening.passphrase, salt.body, n, cipher.keyBytes, hash);
  return { name: cipher.name, key, iv: iv.body };
}

const Purpose = { KEY: 1, IV: 2, MAC: 3 } as const;

/** RFC 7292 appendix B.2. */
function derive(
  hash: string,
  purpose: number,
  passphrase: string,
  salt: Uint8Array,
  bytes: number,
  n = rounds,
): Uint8Array {
  const block = hash === 'sha384' || hash === 'sha512' ? 128 : 64;
  const diversifier = new Uint8Array(block).fill(purpose);
  const input = concat(filled(salt, block), filled(bmpString(passphrase), block));
  const out: Uint8Array[] = [];
  for (let have = 0; have < bytes; have += out.at(-1)?.length ?? bytes) {
    let digest: Uint8Array = createHash(hash).update(diversifier).update(input).digest();
    for (let i = 1; i < n; i++) digest = createHash(hash).update(digest).digest();
    out.push(digest);
    addToBlocks(input, repeated(digest, block));
  }
  input.fill(0);
  return concat(...out).slice(0, bytes);
}

/** Each block of `input` becomes itself plus `b` plus 1, as a big-endian number that may overflow. */
function addToBlocks(input: Uint8Array, b: Uint8Array): void {
  for (let start = 0; start < input.length; start += b.length) {
    let carry = 1;
    for (let i = b.length - 1; i >= 0; i--) {
      carry += (input[start + i] ?? 0) + (b[i] ?? 0);
      input[start + i] = carry & 0xff;
      carry >>= 8;
    }
  }
}

/** Copies of `value`, as many as fill whole blocks; nothing of nothing. */
const filled = (value: Uint8Array, block: number): Uint8Array =>
  repeated(value, block * Math.ceil(value.length / block));
const repeated = (value: Uint8Array, length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => value[i % value.length] ?? 0);

/** UTF-16, big-endian, with the zero at its end. */
const bmpString = (text: string): Uint8Array => Buffer.from(`${text}\0`, 'utf16le').swap16();

const sizeOf = (hash: string): number => createHash(hash).digest().length;

function hashNamed(id: Element | undefined, known: Readonly<Record<string, string>>) {
  const dotted = Object.keys(known).find((one) => id && toHex(id.body) === hexOf(one));
  return dotted === undefined ? undefined : known[dotted];
}

const legacyAlgorithm = (salt: Uint8Array): Uint8Array =>
  der.sequence(der.oid(oids.pbeWithSha3Des), der.sequence(der.octets(salt), der.integer(rounds)));

const modernAlgorithm = (salt: Uint8Array, iv: Uint8Array): Uint8Array =>
  der.sequence(
    der.oid(oids.pbes2),
    der.sequence(
      der.sequence(
        der.oid(oids.pbkdf2),
        der.sequence(
          der.octets(salt),
          der.integer(rounds),
          der.sequence(der.oid(oids.hmacWithSha256), der.nothing()),
        ),
      ),
      der.sequence(der.oid(oids.aes256Cbc), der.octets(iv)),
    ),
  );

/** Content octets of an OID, in hexadecimal. */
const hexOf = (dotted: string): string => toHex(der.oid(dotted).subarray(2));

const oids = {
  pbes2: '1.2.840.113549.1.5.13',
  pbkdf2: '1.2.840.113549.1.5.12',
  pbeWithSha3Des: '1.2.840.113549.1.12.1.3',
  hmacWithSha256: '1.2.840.113549.2.9',
  aes256Cbc: '2.16.840.1.101.3.4.1.42',
} as const;

const aesCiphers = [
  { id: '2.16.840.1.101.3.4.1.2', name: 'aes-128-cbc', keyBytes: 16 },
  { id: '2.16.840.1.101.3.4.1.22', name: 'aes-192-cbc', keyBytes: 24 },
  { id: oids.aes256Cbc, name: 'aes-256-cbc', keyBytes: 32 },
] as const;
const tripleDes = 'des-ede3-cbc';

const oidOfHash = { sha1: '1.3.14.3.2.26', sha256: '2.16.840.1.101.3.4.2.1' } as const;
const macHashes: Readonly<Record<string, string>> = {
  [oidOfHash.sha1]: 'sha1',
  [oidOfHash.sha256]: 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};
const prfHashes: Readonly<Record<string, string>> = {
  '1.2.840.113549.2.7': 'sha1',
  [oids.hmacWithSha256]: 'sha256',
  '1.2.840.113549.2.10': 'sha384',
  '1.2.840.113549.2.11': 'sha512',
};

const saltBytes = 16;
/** The passphrases that we give away are random; this slows down who guesses at a worse one. */
const rounds = 10_000;
/** In one file: ten times what the most careful tools write. */
const mostRounds = 1_000_000;
