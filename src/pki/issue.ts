// The home CA: certificates of our own making (RFC 5280 §4.1) that every client accepts. RSA and SHA-256, because
// iPhones go silent on ECDSA servers; less than 825 days, because Apple refuses more of a private authority.
import { createHash } from 'node:crypto';
import { fromText } from '../base/bytes.ts';
import { type Ip, ipBytes } from '../base/ip.ts';
import { schemes } from '../ike/auth/schemes.ts';
import type { Scheme } from '../ike/core.ts';
import type { Certificate } from './certificate.ts';
import { readElement } from './der.ts';
import * as der from './der-write.ts';
import { NameForm } from './extensions.ts';
import { type PrivateKey, signWith } from './keys.ts';

/** Who signs. */
export interface Issuer {
  readonly certificate: Certificate;
  readonly key: PrivateKey;
}

/** What every certificate is made with. */
export interface Making {
  readonly now: Date;
  /** 16 random bytes: nobody can guess the next one, and no two are the same (RFC 5280 §4.1.2.2). */
  readonly serial: Uint8Array;
}

export interface AuthoritySubject {
  readonly commonName: string;
  readonly organization: string;
}
export interface ServerSubject {
  /** Host names that clients dial; the first becomes the common name. */
  readonly names: readonly string[];
  readonly addresses: readonly Ip[];
}
export interface DeviceSubject {
  readonly commonName: string;
  readonly owner: string | undefined;
  /** Mail-like names, and names like a host's: what the device may call itself in IDi. */
  readonly mailboxes: readonly string[];
  readonly hostNames: readonly string[];
}

/** A root that issues to devices and gateways alone, for ten years. */
export function makeAuthority(
  subject: AuthoritySubject,
  key: PrivateKey,
  making: Making,
): Uint8Array {
  const name = nameOf({ O: subject.organization, CN: subject.commonName });
  return sign(key, {
    ...making,
    issuer: name,
    subject: name,
    spki: key.spki,
    days: authorityDays,
    notAfter: undefined,
    extensions: [
      extension(oids.basicConstraints, der.sequence(der.truth(), der.integer(0)), 'critical'),
      keyUsage(0x06, 1), // keyCertSign, cRLSign
      extension(oids.subjectKeyIdentifier, der.octets(keyIdentifier(key.spki))),
    ],
  });
}

/** The certificate of the gateway itself. */
export function issueServer(
  issuer: Issuer,
  { names, addresses }: ServerSubject,
  spki: Uint8Array,
  making: Making,
): Uint8Array {
  const [first = addresses[0] ?? ''] = names;
  const alternatives = [
    ...names.map(dnsName),
    ...addresses.map((ip) => der.implicit(NameForm.IP & 0x1f, ipBytes(ip))),
    // Windows, and Apple's EAP-TLS, look for an address that was dialled among the host names.
    ...addresses.map(dnsName),
  ];
  return issue(issuer, spki, making, {
    subject: nameOf({ CN: first }),
    keyUsage: keyUsage(0xa0, 5), // digitalSignature, keyEncipherment
    purposes: [oids.serverAuth, oids.ikeIntermediate],
    alternatives,
  });
}

/** The certificate of one device. */
export function issueDevice(
  issuer: Issuer,
  { commonName, owner, mailboxes, hostNames }: DeviceSubject,
  spki: Uint8Array,
  making: Making,
): Uint8Array {
  return issue(issuer, spki, making, {
    subject: nameOf({ OU: owner, CN: commonName }),
    keyUsage: keyUsage(0x80, 7), // digitalSignature
    // Of several certificates Windows takes the one with ikeIntermediate.
    purposes: [oids.clientAuth, oids.ikeIntermediate],
    alternatives: [
      ...mailboxes.map((name) => der.implicit(NameForm.EMAIL & 0x1f, fromText(name))),
      ...hostNames.map(dnsName),
    ],
  });
}

/** What subjectKeyIdentifier says of a key (RFC 5280 §4.2.1.2 (1)). @param spki DER */
function keyIdentifier(spki: Uint8Array): Uint8Array {
  const [, key] = readElement(spki).parts;
  // Of the BIT STRING, without its count of unused bits.
  return new Uint8Array(
    createHash('sha1')
      .update(key?.body.subarray(1) ?? '')
      .digest(),
  );
}

interface Leaf {
  readonly subject: Uint8Array;
  readonly keyUsage: Uint8Array;
  readonly purposes: readonly string[];
  readonly alternatives: readonly Uint8Array[];
}
interface Contents extends Making {
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  readonly spki: Uint8Array;
  readonly days: number;
  /** Of the issuer: nothing below it lives longer. */
  readonly notAfter: Date | undefined;
  readonly extensions: readonly Uint8Array[];
}

function issue(
  { certificate, key }: Issuer,
  spki: Uint8Array,
  making: Making,
  leaf: Leaf,
): Uint8Array {
  const authority = certificate.extensions.subjectKeyId ?? keyIdentifier(certificate.spki);
  return sign(key, {
    ...making,
    issuer: certificate.subject,
    subject: leaf.subject,
    spki,
    days: leafDays,
    notAfter: certificate.notAfter,
    extensions: [
      extension(oids.basicConstraints, der.sequence(), 'critical'),
      leaf.keyUsage,
      extension(oids.extKeyUsage, der.sequence(...leaf.purposes.map(der.oid))),
      extension(oids.subjectAltName, der.sequence(...leaf.alternatives)),
      extension(oids.subjectKeyIdentifier, der.octets(keyIdentifier(spki))),
      extension(oids.authorityKeyIdentifier, der.sequence(der.implicit(0, authority))),
    ],
  });
}

function sign(key: PrivateKey, contents: Contents): Uint8Array {
  const scheme = schemeFor[key.keyType];
  const algorithm = schemes[scheme].algorithms[0] ?? new Uint8Array();
  const { serial, issuer, subject, spki, now, days, notAfter } = contents;
  const from = new Date(Math.floor((now.getTime() - dayMs) / 1000) * 1000);
  const until = new Date(from.getTime() + days * dayMs - 1000);
  const tbs = der.sequence(
    der.explicit(0, der.integer(2)), // v3
    der.integer(positive(serial)),
    algorithm,
    issuer,
    der.sequence(der.time(from), der.time(notAfter && notAfter < until ? notAfter : until)),
    subject,
    spki,
    der.explicit(3, der.sequence(...contents.extensions)),
  );
  return der.sequence(tbs, algorithm, der.bits(signWith(key, scheme, tbs)));
}

/** Of the same length always, and never zero or negative. */
const positive = (serial: Uint8Array): Uint8Array =>
  serial.map((octet, i) => (i === 0 ? (octet & 0x3f) | 0x40 : octet));

function nameOf(attributes: Readonly<Record<string, string | undefined>>): Uint8Array {
  const sets = Object.entries(attributes).flatMap(([type, value]) => {
    if (value === undefined) return [];
    const pair = der.sequence(der.oid(attributeOids[type] ?? ''), der.utf8(clip(value)));
    return [der.setOf(pair)];
  });
  return der.sequence(...sets);
}

/** ub-common-name and its like (RFC 5280 A.1); who needs the whole name looks at subjectAltName. */
const clip = (value: string): string => [...value].slice(0, 64).join('');

const dnsName = (name: string): Uint8Array => der.implicit(NameForm.DNS & 0x1f, fromText(name));

const keyUsage = (octet: number, unused: number): Uint8Array =>
  extension(oids.keyUsage, der.bits(Uint8Array.of(octet), unused), 'critical');

function extension(id: string, value: Uint8Array, critical?: 'critical'): Uint8Array {
  return der.sequence(der.oid(id), ...(critical ? [der.truth()] : []), der.octets(value));
}

const dayMs = 86_400_000;
const authorityDays = 3652;
/** Apple counts both ends, and a month of margin harms nobody. */
const leafDays = 795;

const schemeFor: Readonly<Record<PrivateKey['keyType'], Scheme>> = {
  rsa: 'rsa-sha256',
  p256: 'ecdsa-sha256',
  p384: 'ecdsa-sha384',
  p521: 'ecdsa-sha512',
  ed25519: 'ed25519',
};

const attributeOids: Readonly<Record<string, string>> = {
  CN: '2.5.4.3',
  O: '2.5.4.10',
  OU: '2.5.4.11',
};

const oids = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  /** iKEIntermediate, from a draft that never became an RFC; Windows looks for it. */
  ikeIntermediate: '1.3.6.1.5.5.8.2.2',
} as const;
