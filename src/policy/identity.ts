// Identities as IKE carries them (RFC 7296 §3.5), and the patterns that an administrator writes.
import { equal, fromHex, fromText, toHex, toText } from '../base/bytes.ts';
import { ipBytes, ipFromBytes, parseIp } from '../base/ip.ts';
import { IdType } from '../iana/identities.ts';
import { formatDn } from './dn.ts';

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
  /** A distinguished name as text, compared with the text of what the peer sent. */
  | { readonly kind: 'dn'; readonly dn: string };

export const anyIdentity: IdentityPattern = { kind: 'any' };

export const sameIdentity = (a: Identity, b: Identity): boolean =>
  a.type === b.type && (equal(a.data, b.data) || (isName(a) && sameName(a, b)));

/**
 * Reads an identity as strongSwan's users write it: `10.0.0.1`, `vpn.example.org`, `anna@example.org`,
 * `@#0102` (KEY_ID in hexadecimal), `@name` (FQDN whatever it looks like).
 */
export function parseIdentity(text: string): Identity | undefined {
  if (text === '') return undefined;
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

/** As `parseIdentity`, and besides `%any`, `any` or `*`, `*.example.org`, and a distinguished name. */
export function parseIdentityPattern(text: string): IdentityPattern | undefined {
  if (text === '%any' || text === 'any' || text === '*') return anyIdentity;
  if (text.startsWith('*')) return { kind: 'suffix', suffix: text.slice(1).toLowerCase() };
  if (/^[A-Za-z0-9.]+\s*=/.test(text)) return { kind: 'dn', dn: normalizeDn(text) };
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
      return isName(identity) && toText(identity.data).toLowerCase().endsWith(pattern.suffix);
    case 'dn':
      return (
        identity.type === IdType.ID_DER_ASN1_DN &&
        normalizeDn(formatIdentity(identity)) === pattern.dn
      );
  }
}

/** One line for people; control characters never come through. */
export function formatIdentity({ type, data }: Identity): string {
  switch (type) {
    case IdType.ID_IPV4_ADDR:
    case IdType.ID_IPV6_ADDR:
      return data.length === 4 || data.length === 16 ? ipFromBytes(data) : `@#${toHex(data)}`;
    case IdType.ID_FQDN:
    case IdType.ID_RFC822_ADDR:
      return toText(data);
    case IdType.ID_DER_ASN1_DN:
      return formatDn(data) ?? `DN:${toHex(data)}`;
    default:
      return `@#${toHex(data)}`;
  }
}

const keyId = (data: Uint8Array): Identity => ({ type: IdType.ID_KEY_ID, data });
const isName = ({ type }: Identity): boolean =>
  type === IdType.ID_FQDN || type === IdType.ID_RFC822_ADDR;
/** Host names and mail domains compare without regard to case (RFC 4945 §3.1). */
const sameName = (a: Identity, b: Identity): boolean =>
  toText(a.data).toLowerCase() === toText(b.data).toLowerCase();
const normalizeDn = (text: string): string =>
  text
    .split(',')
    .map((part) =>
      part
        .split('=')
        .map((side) => side.trim().toLowerCase())
        .join('='),
    )
    .join(', ');
