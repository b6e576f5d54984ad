// PKCS#12 (RFC 7292): a private key with its certificates in one file behind a passphrase, as phones and PCs import
// it. Written in two forms; read as far as OpenSSL, Windows and this project write it (DER, password integrity).
import { createPrivateKey } from 'node:crypto';
import { toHex } from '../base/bytes.ts';
import { type Element, NotDer, readElement, Tag } from './der.ts';
import * as der from './der-write.ts';
import { type PrivateKey, type PrivateKeyReading, privateKeyOf } from './keys.ts';
import {
  decrypt,
  type Encrypted,
  encrypt,
  isMacTrue,
  makeMac,
  Opening,
  type Pkcs12Form,
  type Random,
} from './pkcs12-cipher.ts';

export interface Pkcs12Contents {
  readonly key: PrivateKey;
  /** The own certificate first, then what leads to its root; DER. */
  readonly chain: readonly Uint8Array[];
  /** What the device shows. */
  readonly name: string;
}

/** @param passphrase ASCII */
export function writePkcs12(
  { key, chain, name }: Pkcs12Contents,
  passphrase: string,
  form: Pkcs12Form,
  random: Random,
): Uint8Array {
  const pkcs8 = key.object.export({ type: 'pkcs8', format: 'der' });
  const shrouded = encrypt(form, passphrase, pkcs8, random);
  pkcs8.fill(0);
  const keyBag = bag(
    oids.shroudedKeyBag,
    der.sequence(shrouded.algorithm, der.octets(shrouded.ciphertext)),
    ownAttributes(name),
  );
  const certBags = chain.map((certificate, i) =>
    bag(
      oids.certBag,
      der.sequence(der.oid(oids.x509Certificate), der.explicit(0, der.octets(certificate))),
      i === 0 ? ownAttributes(name) : undefined,
    ),
  );
  const certs = encrypt(form, passphrase, der.sequence(...certBags), random);
  const safe = der.sequence(encryptedContent(certs), dataContent(der.sequence(keyBag)));
  const mac = makeMac(form, passphrase, safe, random);
  return der.sequence(der.integer(3), dataContent(safe), mac);
}

export type Pkcs12Reading =
  | {
      readonly ok: true;
      readonly key: PrivateKey;
      /** In the order of the file; DER. */
      readonly certificates: readonly Uint8Array[];
    }
  | { readonly ok: false; readonly why: string };

/** Reads a file with one private key. Never throws. */
export function readPkcs12(bytes: Uint8Array, passphrase: string): Pkcs12Reading {
  try {
    return read(bytes, new Opening(passphrase));
  } catch (error) {
    if (error instanceof NotDer) return { ok: false, why: error.message };
    throw error;
  }
}

/** Whether the bytes begin as such a file does; the rest is for `readPkcs12`. */
export function looksLikePkcs12(bytes: Uint8Array): boolean {
  if (bytes[0] !== Tag.SEQUENCE) return false;
  try {
    const [version, safe] = readElement(bytes, mostElements).parts;
    return version?.tag === 0x02 && safe?.parts[0]?.tag === Tag.OID;
  } catch {
    return false;
  }
}

function read(bytes: Uint8Array, opening: Opening): Pkcs12Reading {
  const [version, authSafe, mac] = readElement(bytes, mostElements).parts;
  if (version?.body[0] !== 3 || !authSafe) throw new NotDer('it is no PKCS#12 file');
  const content = contentOf(authSafe, oids.data);
  if (mac && !isMacTrue(mac, opening, content)) {
    throw new NotDer('the passphrase is wrong, or the file is damaged');
  }
  const bags = readElement(content, mostElements).parts.flatMap((part) => bagsOf(part, opening));
  const keys = bags.flatMap((one) => keyOf(one, opening) ?? []);
  const certificates = bags.flatMap((one) => certificateOf(one) ?? []);
  const [key, ...more] = keys;
  if (!key || more.length > 0) throw new NotDer(`it holds ${keys.length} private keys, not one`);
  if (!key.ok) return { ok: false, why: `it ${key.why}` };
  return { ok: true, key: key.key, certificates };
}

/** SafeBags of one ContentInfo, which may be encrypted as a whole (RFC 7292 §4.1). */
function bagsOf(info: Element, opening: Opening): readonly Element[] {
  const [type] = info.parts;
  if (type && isOid(type, oids.data)) {
    return readElement(contentOf(info, oids.data), mostElements).parts;
  }
  const [, encrypted] = info.parts[1]?.parts[0]?.parts ?? [];
  const [, algorithm, ciphertext] = encrypted?.parts ?? [];
  const isEncrypted = type && isOid(type, oids.encryptedData);
  if (!isEncrypted || !algorithm || ciphertext?.tag !== 0x80) {
    throw new NotDer('it is protected in a way that we do not know');
  }
  return readElement(decrypt(algorithm, opening, ciphertext.body), mostElements).parts;
}

function keyOf({ parts: [type, value] }: Element, opening: Opening): PrivateKeyReading | undefined {
  const key = value?.parts[0];
  if (!type || !key) return undefined;
  if (isOid(type, oids.keyBag)) return readKey(Uint8Array.from(key.der));
  if (!isOid(type, oids.shroudedKeyBag)) return undefined;
  const [algorithm, ciphertext] = key.parts;
  if (!algorithm || !ciphertext) throw new NotDer('a private key is damaged');
  return readKey(decrypt(algorithm, opening, ciphertext.body));
}

/** @param pkcs8 is wiped */
function readKey(pkcs8: Uint8Array): PrivateKeyReading {
  try {
    const key = Buffer.from(pkcs8.buffer, pkcs8.byteOffset, pkcs8.length);
    return privateKeyOf(createPrivateKey({ key, format: 'der', type: 'pkcs8' }));
  } catch {
    throw new NotDer('a private key cannot be read');
  } finally {
    pkcs8.fill(0);
  }
}

function certificateOf({ parts: [type, value] }: Element): Uint8Array | undefined {
  const [kind, content] = value?.parts[0]?.parts ?? [];
  const isCertificate =
    type && isOid(type, oids.certBag) && kind && isOid(kind, oids.x509Certificate);
  return isCertificate ? content?.parts[0]?.body : undefined;
}

function contentOf({ parts: [type, content] }: Element, wanted: string): Uint8Array {
  const value = content?.parts[0];
  if (!type || !isOid(type, wanted) || value?.tag !== Tag.OCTET_STRING) {
    throw new NotDer('it is protected in a way that we do not know');
  }
  return value.body;
}

const isOid = ({ der: bytes }: Element, dotted: string): boolean =>
  toHex(bytes) === toHex(der.oid(dotted));

const dataContent = (content: Uint8Array): Uint8Array =>
  der.sequence(der.oid(oids.data), der.explicit(0, der.octets(content)));

function encryptedContent({ algorithm, ciphertext }: Encrypted): Uint8Array {
  const info = der.sequence(der.oid(oids.data), algorithm, der.implicit(0, ciphertext));
  return der.sequence(
    der.oid(oids.encryptedData),
    der.explicit(0, der.sequence(der.integer(0), info)),
  );
}

function bag(type: string, value: Uint8Array, attributes?: Uint8Array): Uint8Array {
  const parts = [der.oid(type), der.explicit(0, value)];
  return der.sequence(...parts, ...(attributes ? [attributes] : []));
}

/** What joins the key to its certificate, and what people see. */
function ownAttributes(name: string): Uint8Array {
  const attribute = (id: string, value: Uint8Array) => der.sequence(der.oid(id), der.setOf(value));
  const bmp = Buffer.from(name, 'utf16le').swap16();
  return der.setOf(
    attribute(oids.friendlyName, der.tagged(0x1e, bmp)),
    attribute(oids.localKeyId, der.octets(Uint8Array.of(1))),
  );
}

const oids = {
  data: '1.2.840.113549.1.7.1',
  encryptedData: '1.2.840.113549.1.7.6',
  friendlyName: '1.2.840.113549.1.9.20',
  localKeyId: '1.2.840.113549.1.9.21',
  x509Certificate: '1.2.840.113549.1.9.22.1',
  keyBag: '1.2.840.113549.1.12.10.1.1',
  shroudedKeyBag: '1.2.840.113549.1.12.10.1.2',
  certBag: '1.2.840.113549.1.12.10.1.3',
} as const;

/** A key with a long chain has a hundred. */
const mostElements = 1000;
