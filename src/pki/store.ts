// The certificates, keys and authorities of the configuration, loaded once; what is wrong with them, in words.
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { equal, toHex } from '../base/bytes.ts';
import { fitsKey } from '../ike/auth/schemes.ts';
import type { Scheme } from '../ike/core.ts';
import type { OwnCertificate } from '../policy/policy.ts';
import type { Problem } from '../policy/problem.ts';
import { type Certificate, isSelfIssued } from './certificate.ts';
import type { Anchor } from './chain.ts';
import type { Crl } from './crl.ts';
import {
  type ReadFile,
  readChainFile,
  readCrlFile,
  readKeyFile,
  readRevokedFile,
  type Trouble,
} from './files.ts';
import { exportPrivateKey, type PrivateKey, signWith } from './keys.ts';
import { describe, provenIdentities } from './names.ts';
import type { RevocationPolicy } from './revocation.ts';
import { byReference, type Revocation } from './revoked.ts';
import { formatTime } from './rules.ts';
import { keyIdentity } from './spki.ts';

/** Sections `certificate` and `authority` of the configuration. */
export interface StoreFiles {
  readonly certificates: readonly CertificateFiles[];
  readonly authorities: readonly AuthorityFile[];
  /** Private keys that are used without a certificate. */
  readonly ownKeys?: readonly OwnKeyFile[];
  /** The list of what was revoked here; it need not be there. */
  readonly revoked?: string;
}
export interface CertificateFiles {
  readonly name: string;
  /** The certificate, and behind it its intermediates: PEM or DER. */
  readonly file: string;
  /** The private key: PEM. */
  readonly key: string;
}
export interface OwnKeyFile {
  readonly name: string;
  readonly file: string;
  /** Name of the connection that uses it. */
  readonly connection: string;
}
export interface AuthorityFile {
  readonly name: string;
  /** One authority or several: PEM or DER. */
  readonly file: string;
  readonly vouchesFor?: Anchor['vouchesFor'];
  readonly revocation?: RevocationPolicy['mode'];
  /** Absolute paths of lists, PEM or DER, and addresses to fetch them from. */
  readonly crls?: readonly string[];
  readonly ocsp?: string | undefined;
}

export interface Store {
  /** `keyId` is the section's name. */
  readonly own: readonly OwnCertificate[];
  readonly anchors: readonly Anchor[];
  /** SHA-1 of the SubjectPublicKeyInfo of each authority, as CERTREQ has it (RFC 7296 §3.7). */
  readonly authorityHashes: readonly Uint8Array[];
  /** Own certificates and authorities, for who watches over their days. */
  readonly held: readonly Held[];
  /** What was revoked here, by reference. */
  readonly revoked: ReadonlyMap<string, Revocation>;
  /** Lists of authorities that were files. */
  readonly crls: readonly Crl[];
  /** Undefined: there is no such key, or it does not make such signatures. */
  readonly sign: (keyId: string, scheme: Scheme, octets: Uint8Array) => Uint8Array | undefined;
  /** The private key as PKCS#8 in PEM, for TLS, which takes no other form; whoever takes it wipes it. */
  readonly exportKey: (keyId: string) => Uint8Array | undefined;
  readonly problems: readonly Problem[];
}

export interface Held {
  readonly kind: 'certificate' | 'authority';
  /** Name of the section. */
  readonly name: string;
  readonly certificate: Certificate;
}

/** What else the store looks at. */
export interface StoreSurroundings {
  /** Permission bits of a file that could be read. */
  readonly modeOf: (path: string) => number;
  readonly now: () => Date;
}

/**
 * Loads what can be loaded; the rest is in `problems`.
 */
export function loadStore(
  files: StoreFiles,
  readFile: ReadFile,
  surroundings: StoreSurroundings = router,
): Store {
  const shelf: Shelf = { own: [], keys: new Map(), anchors: [], held: [], crls: [], problems: [] };
  const tools: Tools = { ...surroundings, readFile };
  for (const entry of files.certificates) loadCertificate(entry, tools, shelf);
  for (const entry of files.authorities) loadAuthority(entry, tools, shelf);
  for (const entry of files.ownKeys ?? []) loadOwnKey(entry, tools, shelf);
  const revoked = loadRevoked(files.revoked, readFile, shelf);
  const { own, keys, anchors, held, crls, problems } = shelf;
  return {
    own,
    anchors,
    held,
    crls,
    revoked: byReference(revoked),
    authorityHashes: hashesOf(anchors),
    sign(keyId, scheme, octets) {
      const key = keys.get(keyId);
      return key && fitsKey(scheme, key.keyType) ? signWith(key, scheme, octets) : undefined;
    },
    exportKey(keyId) {
      const key = keys.get(keyId);
      return key && exportPrivateKey(key);
    },
    problems,
  };
}

interface Tools extends StoreSurroundings {
  readonly readFile: ReadFile;
}
/** The store while it is being filled. */
interface Shelf {
  readonly own: OwnCertificate[];
  readonly keys: Map<string, PrivateKey>;
  readonly anchors: Anchor[];
  readonly held: Held[];
  readonly crls: Crl[];
  readonly problems: Problem[];
}
type Complain = (
  option: 'file' | 'key' | 'crl' | 'local_key',
  trouble: Trouble,
  severity?: Problem['severity'],
) => void;

function loadCertificate(
  { name, file, key: keyFile }: CertificateFiles,
  tools: Tools,
  shelf: Shelf,
) {
  const complain = complaining(`certificate '${name}'`, shelf);
  const chain = readChainFile(file, tools.readFile);
  const key = readKeyFile(keyFile, tools.readFile);
  if (!chain.ok) complain('file', chain);
  if (!key.ok) complain('key', key);
  if (!chain.ok || !key.ok) return;
  const [leaf, ...rest] = chain.value;
  const misfit = keyTrouble(leaf, rest, key.value);
  if (misfit) {
    complain('key', misfit);
    return;
  }
  warnOfCertificate(leaf, tools, complain);
  warnOfMode(keyFile, tools, complain);
  // Peers have their roots already; a root in the chain only makes the message longer.
  const links = rest.filter((certificate) => !isSelfIssued(certificate));
  shelf.keys.set(name, key.value);
  shelf.held.push({ kind: 'certificate', name, certificate: leaf });
  shelf.anchors.push(
    ...links.map((certificate) => ({ certificate, kind: 'intermediate' as const })),
  );
  shelf.own.push({
    name,
    keyId: name,
    keyType: key.value.keyType,
    chain: [leaf, ...links].map(({ der }) => der),
    identities: provenIdentities(leaf),
  });
}

/** A key that stands for itself (RFC 7670); its hash is its name where it has no other. */
function loadOwnKey({ name, file, connection }: OwnKeyFile, tools: Tools, shelf: Shelf): void {
  const complain = complaining(`connection '${connection}'`, shelf);
  const key = readKeyFile(file, tools.readFile);
  if (!key.ok) {
    complain('local_key', { why: key.why, cure: '«ikectl key show» makes the key of this router' });
    return;
  }
  warnOfMode(file, tools, (_, trouble) => complain('local_key', trouble, 'warning'));
  const { keyType, spki } = key.value;
  const identities = [keyIdentity(spki)];
  shelf.keys.set(name, key.value);
  shelf.own.push({ name, keyId: name, keyType, chain: [], publicKey: spki, identities });
}

function loadAuthority(section: AuthorityFile, tools: Tools, shelf: Shelf): void {
  const { name, file, vouchesFor, revocation: mode = 'none', crls = [], ocsp: ocspUrl } = section;
  const revocation = { mode, crlUrls: crls.filter((place) => !isPath(place)), ocspUrl };
  const complain = complaining(`authority '${name}'`, shelf);
  const chain = readChainFile(file, tools.readFile);
  if (!chain.ok) complain('file', chain);
  for (const certificate of chain.ok ? chain.value : []) {
    shelf.anchors.push({ certificate, kind: 'authority', vouchesFor, revocation });
    shelf.held.push({ kind: 'authority', name, certificate });
    warnOfExpiry(certificate, tools, complain);
  }
  for (const path of crls.filter(isPath)) {
    const crl = readCrlFile(path, tools.readFile);
    if (crl.ok) shelf.crls.push(crl.value);
    else complain('crl', crl);
  }
}

const isPath = (place: string): boolean => place.startsWith('/');

/** A list that cannot be read must not make anybody welcome again. */
function loadRevoked(
  path: string | undefined,
  readFile: ReadFile,
  { problems }: Shelf,
): readonly Revocation[] {
  if (path === undefined) return [];
  const list = readRevokedFile(path, readFile);
  if (list.ok) return list.value;
  const { why, cure } = list;
  problems.push({
    section: path,
    option: undefined,
    line: undefined,
    why,
    cure,
    severity: 'error',
  });
  return [];
}

function keyTrouble(
  leaf: Certificate,
  rest: readonly Certificate[],
  key: PrivateKey,
): Trouble | undefined {
  if (equal(leaf.spki, key.spki)) return undefined;
  const owner = rest.find(({ spki }) => equal(spki, key.spki));
  if (owner) {
    return {
      why: `the key belongs to ${describe(owner)}, which is not the first in the file`,
      cure: 'Put the own certificate first and its intermediates behind it',
    };
  }
  return {
    why: `the key does not belong to ${describe(leaf)}`,
    cure: 'Give the key that the certificate was requested with, or issue the certificate anew',
  };
}

function warnOfCertificate(leaf: Certificate, tools: Tools, complain: Complain): void {
  warnOfExpiry(leaf, tools, complain);
  if (leaf.extensions.names.length > 0) return;
  const why = `${describe(leaf)} has no subjectAltName: phones and PCs will not accept it as a server`;
  const cure = 'Issue it anew with the name that clients dial as subjectAltName';
  complain('file', { why, cure }, 'warning');
}

function warnOfExpiry(certificate: Certificate, { now }: Tools, complain: Complain): void {
  if (now() <= certificate.notAfter) return;
  const why = `${describe(certificate)} expired on ${formatTime(certificate.notAfter)}`;
  complain('file', { why, cure: 'Renew it' }, 'warning');
}

function warnOfMode(path: string, { modeOf }: Tools, complain: Complain): void {
  const mode = modeOf(path) & 0o777;
  if ((mode & 0o077) === 0) return;
  const why = `${path} is open to other users (mode ${mode.toString(8).padStart(4, '0')})`;
  complain('key', { why, cure: `chmod 0600 ${path}` }, 'warning');
}

function complaining(section: string, { problems }: Shelf): Complain {
  return (option, { why, cure }, severity = 'error') => {
    problems.push({ section, option, line: undefined, why, cure, severity });
  };
}

/** Two certificates of one authority share their key and are asked for once. */
function hashesOf(anchors: readonly Anchor[]): readonly Uint8Array[] {
  const hashes = new Map<string, Uint8Array>();
  for (const { certificate, kind } of anchors) {
    if (kind !== 'authority') continue;
    const hash = new Uint8Array(createHash('sha1').update(certificate.spki).digest());
    hashes.set(toHex(hash), hash);
  }
  return [...hashes.values()];
}

const router: StoreSurroundings = {
  modeOf: (path) => statSync(path, { throwIfNoEntry: false })?.mode ?? 0,
  now: () => new Date(),
};
