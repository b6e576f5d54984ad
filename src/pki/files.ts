// Certificate and key files: what is in them, or what is wrong and what to do about it.
import { type Certificate, readCertificate } from './certificate.ts';
import { type Crl, readCrl } from './crl.ts';
import { type PrivateKey, readPrivateKey } from './keys.ts';
import { readCertificateFile } from './pem.ts';
import { type Revocation, readRevoked } from './revoked.ts';

/** Gives a fresh array each time, since key files are wiped after use. @throws as node:fs does */
export type ReadFile = (path: string) => Uint8Array;

export interface Trouble {
  readonly why: string;
  readonly cure: string;
}
export type Loaded<T> =
  | { readonly ok: true; readonly value: T }
  | ({ readonly ok: false; readonly isMissing?: boolean } & Trouble);

/** All certificates of a file, at least one. */
export function readChainFile(
  path: string,
  readFile: ReadFile,
): Loaded<readonly [Certificate, ...Certificate[]]> {
  const bytes = load(path, readFile);
  if (!bytes.ok) return bytes;
  const certificates: Certificate[] = [];
  for (const der of readCertificateFile(bytes.value) ?? []) {
    const reading = readCertificate(der);
    if (!reading.ok) return refuse(`${path} holds a broken certificate: ${reading.why}`, giveChain);
    certificates.push(reading.certificate);
  }
  const [first, ...rest] = certificates;
  if (!first) return refuse(`${path} holds no certificate that can be read`, giveChain);
  return { ok: true, value: [first, ...rest] };
}

/** A private key; the bytes of its file are wiped. */
export function readKeyFile(path: string, readFile: ReadFile): Loaded<PrivateKey> {
  const bytes = load(path, readFile);
  if (!bytes.ok) return bytes;
  const reading = readPrivateKey(bytes.value);
  bytes.value.fill(0);
  return reading.ok
    ? { ok: true, value: reading.key }
    : refuse(`${path} ${reading.why}`, reading.cure);
}

/** A list of an authority; whether it is one of that authority shows when it is used. */
export function readCrlFile(path: string, readFile: ReadFile): Loaded<Crl> {
  const bytes = load(path, readFile);
  if (!bytes.ok) return bytes;
  const reading = readCrl(bytes.value);
  if (reading.ok) return { ok: true, value: reading.crl };
  return refuse(`${path} is no list of revoked certificates: ${reading.why}`, giveCrl);
}

/** Certificates that were revoked here; a file that is not there revokes none. */
export function readRevokedFile(path: string, readFile: ReadFile): Loaded<readonly Revocation[]> {
  const bytes = load(path, readFile);
  if (!bytes.ok) return bytes.isMissing ? { ok: true, value: [] } : bytes;
  const list = readRevoked(Buffer.from(bytes.value).toString('latin1'));
  if (!('brokenLine' in list)) return { ok: true, value: list };
  const why = `line ${list.brokenLine} of ${path} does not name a revoked certificate`;
  return refuse(why, 'Restore the file, or take that line out');
}

function load(path: string, readFile: ReadFile): Loaded<Uint8Array> {
  try {
    return { ok: true, value: readFile(path) };
  } catch (error) {
    return explain(path, error);
  }
}

function explain(path: string, error: unknown): Loaded<never> {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'ENOENT':
      return {
        ...refuse(`there is no file ${path}`, 'Put the file there, or correct the path'),
        isMissing: true,
      };
    case 'EACCES':
    case 'EPERM':
      return refuse(
        `${path} may not be read by this service`,
        `Give it to the user that the service runs as: chown, and chmod 0600 ${path}`,
      );
    default:
      return refuse(`${path} cannot be read (${code ?? 'unknown reason'})`, 'Check the path');
  }
}

const refuse = (why: string, cure: string) => ({ ok: false, why, cure }) as const;

const giveCrl = 'Give the CRL of the authority, in DER or PEM';
const giveChain =
  'Give a PEM file with «-----BEGIN CERTIFICATE-----», the own certificate first, or one certificate in DER';
