// The names in a certificate: what it proves to IKE (RFC 4945 §3.1), and how it is called in front of people.
import { toText } from '../base/bytes.ts';
import { IdType } from '../iana/identities.ts';
import { formatDn } from '../policy/dn.ts';
import { formatIdentity, type Identity } from '../policy/identity.ts';
import type { Certificate } from './certificate.ts';
import { type GeneralName, NameForm } from './extensions.ts';

/**
 * The identities that a certificate proves: its subject, byte for byte, and its subjectAltNames. Never the
 * common name as a host name: RFC 4945 §5.1.3.1 wants names where they belong.
 */
export function provenIdentities({ subject, extensions }: Certificate): Identity[] {
  const names = extensions.names.flatMap((name) => identityOf(name) ?? []);
  const isEmpty = subject.length <= 2;
  return isEmpty ? names : [{ type: IdType.ID_DER_ASN1_DN, data: subject }, ...names];
}

/** One line for people: the subject, or the first other name; bounded, without control characters. */
export function describe(certificate: Certificate): string {
  const [first] = provenIdentities(certificate);
  return first ? `«${clip(formatIdentity(first))}»` : 'a certificate without a name';
}

/** The name of who issued it, for people. */
export const describeIssuer = ({ issuer }: Certificate): string =>
  `«${clip(formatDn(issuer) ?? 'unreadable')}»`;

/** A host name in letters, digits, hyphens and dots: no NUL that hides an ending, no wildcard. */
export const isHostName = (name: string): boolean =>
  name.length <= 253 && name.split('.').every((label) => /^(?!-)[\w-]{1,63}(?<!-)$/.test(label));

/** A mailbox whose host is one; the local part is printable and free of spaces and quotes. */
export function isMailbox(name: string): boolean {
  const at = name.lastIndexOf('@');
  return at > 0 && /^[!#-?A-~]+$/.test(name.slice(0, at)) && isHostName(name.slice(at + 1));
}

/** Undefined: nothing that anybody could be called by. A wildcard names no single peer. */
function identityOf({ form, value }: GeneralName): Identity | undefined {
  switch (form) {
    case NameForm.DNS:
      return isHostName(toText(value)) ? { type: IdType.ID_FQDN, data: value } : undefined;
    case NameForm.EMAIL:
      return isMailbox(toText(value)) ? { type: IdType.ID_RFC822_ADDR, data: value } : undefined;
    case NameForm.IP:
      if (value.length === 4) return { type: IdType.ID_IPV4_ADDR, data: value };
      return value.length === 16 ? { type: IdType.ID_IPV6_ADDR, data: value } : undefined;
    default:
      return undefined;
  }
}

const clip = (text: string): string => (text.length <= 200 ? text : `${text.slice(0, 199)}…`);
