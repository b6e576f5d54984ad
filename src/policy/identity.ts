// Identities as IKE carries them (RFC 7296 §3.5), and the patterns that an administrator writes.
import { equal, fromHex, fromText, toHex, toText } from '../base/bytes.ts';
import { ipBytes, ipFromBytes, parseIp } from '../base/ip.ts';
import { IdType } from '../iana/identities.ts';
import { canonicalDn, fitsDn, formatDn, lowerAscii, openValues } from './dn.ts';

export interface Identity {
  /** One of IdType. */
  readonly type: number;
  readonly data: Uint8Array;
}
/** `any`, one identity, or a text with a leading `*` that fits names and mail addresses by their end. */
export type IdentityPattern =
  | { readonly kind: 'any' }
  | { readonly kind: 'exact'; readonly identity: Identity }
  | { readonly kind: 'suffix'; readonly suffix: string }
  /** The canonical text of a distinguished name; a value `*` in it is any value. */
  | { readonly kind: 'dn'; readonly dn: string };

export const anyIdentity: IdentityPattern = { kind: 'any' };

export const sameIdentity = (a: Identity, b: Identity): boolean =>
  a.type === b.type && (equal(a.data, b.data) || (isName(a) && sameName(a, b)));

/**
 * Reads an identity as strongSwan's users write it: `10.0.0.1`, `vpn.example.org`, `anna@example.org`,
 * `@#0102` (KEY_ID in hexadecimal), `@name` (FQDN whatever it looks like).
 */
export function parseIdentity(text: string): Identity | undefined {
  if (/^@{0,2}$/.test(text)) return undefined;
  if (text.startsWith('@#'))
    return /^@#([0-9a-fA-F]{2})+$/.test(text) ? keyId(fromHex(text.slice(2))) : undefined;
  if (text.startsWith('@@')) return { type: IdType.ID_RFC822_ADDR, data: fromText(text.slice(2)) };
  if (text.startsWith('@')) return { type: IdType.ID_FQDN, data: fromText(text.slice(1)) };
  const ip = parseIp(text);
  if (ip) {
    const data = ipBytes(ip);
    return { type: data.length === 4 ? IdType.ID_IPV4_ADDR : IdType.ID_IPV6_ADDR, data };
  }
  if (text.includes('@')) return { type: IdType.ID_RFC822_ADDR, data: fromText(text) };
  if (text.includes('=')) return undefined;
  return { type: IdType.ID_FQDN, data: fromText(text) };
}

/** A user name as an identity: a mail address where it looks like one, else a plain name, whatever it looks like. */
export function userIdentity(name: string): Identity {
  const type = name.includes('@') ? IdType.ID_RFC822_ADDR : IdType.ID_FQDN;
  return { type, data: fromText(name) };
}

/** As `parseIdentity`, and besides `%any`, `any` or `*`, `*.example.org`, and a distinguished name. */
export function parseIdentityPattern(text: string): IdentityPattern | undefined {
  if (text === '%any' || text === 'any' || text === '*') return anyIdentity;
  if (text.startsWith('*')) return { kind: 'suffix', suffix: lowerAscii(text.slice(1)) };
  if (/^[A-Za-z0-9.]+\s*=/.test(text)) return { kind: 'dn', dn: canonicalDn(text) };
  const identity = parseIdentity(text);
  return identity && { kind: 'exact', identity };
}

export function matchesIdentity(pattern: IdentityPattern, identity: Identity): boolean {
  switch (pattern.kind) {
    case 'any':
      return true;
    case 'exact':
      return sameIdentity(pattern.identity, identity);
    case 'suffix':
      return isName(identity) && endsWith(identity.data.map(lower), fromText(pattern.suffix));
    case 'dn': {
      const dn = identity.type === IdType.ID_DER_ASN1_DN ? formatDn(identity.data) : undefined;
      return dn !== undefined && fitsDn(pattern.dn, canonicalDn(dn));
    }
  }
}

/**
 * How exactly a pattern names those whom it fits: 0 for anybody, 1 for one identity alone. Of suffixes the longer is
 * more exact, of distinguished names the one that leaves fewer values open.
 */
export function exactness(pattern: IdentityPattern): number {
  switch (pattern.kind) {
    case 'any':
      return 0;
    case 'exact':
      return 1;
    case 'suffix':
      return 1 - 1 / (1 + pattern.suffix.length);
    case 'dn':
      return 1 / (1 + openValues(pattern.dn));
  }
}

/**
 * One line for people, and a key for tables: different identities never look the same, and control characters
 * never come through. `parseIdentity` reads what it writes, but for distinguished names and `ID_7=#0a0b`, the
 * form of what only its bytes can tell.
 */
export function formatIdentity(identity: Identity): string {
  const { type, data } = identity;
  return readable(identity) ?? `ID_${type}=#${toHex(data)}`;
}

function readable(identity: Identity): string | undefined {
  switch (identity.type) {
    case IdType.ID_IPV4_ADDR:
      return formatAddress(identity.data, 4);
    case IdType.ID_IPV6_ADDR:
      return formatAddress(identity.data, 16);
    case IdType.ID_FQDN:
      return formatName(identity, '@');
    case IdType.ID_RFC822_ADDR:
      return formatName(identity, '@@');
    case IdType.ID_DER_ASN1_DN:
      return formatDn(identity.data);
    case IdType.ID_KEY_ID:
      return identity.data.length > 0 ? `@#${toHex(identity.data)}` : undefined;
    default:
      return undefined;
  }
}

/** Undefined for a wrong length, and for an IPv4-mapped address: its text is that of another identity. */
function formatAddress(data: Uint8Array, length: number): string | undefined {
  if (data.length !== length) return undefined;
  const ip = ipFromBytes(data);
  return equal(ipBytes(ip), data) ? ip : undefined;
}

/** The bare name where it reads as what it is, else with the mark that says so. */
function formatName(identity: Identity, mark: string): string | undefined {
  const name = toText(identity.data);
  return [name, mark + name].find((text) => {
    const parsed = parseIdentity(text);
    return parsed?.type === identity.type && equal(parsed.data, identity.data);
  });
}

const keyId = (data: Uint8Array): Identity => ({ type: IdType.ID_KEY_ID, data });
const isName = ({ type }: Identity): boolean =>
  type === IdType.ID_FQDN || type === IdType.ID_RFC822_ADDR;
/** Host names and mail domains compare without regard to case (RFC 4945 §3.1). */
const sameName = (a: Identity, b: Identity): boolean =>
  a.data.length === b.data.length && a.data.every((byte, i) => lower(byte) === lower(b.data[i]));
/** Of ASCII letters, on the bytes: text could make one of names that differ. */
const lower = (byte = 0): number => (byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte);
const endsWith = (name: Uint8Array, suffix: Uint8Array): boolean =>
  name.length >= suffix.length && equal(name.subarray(name.length - suffix.length), suffix);
