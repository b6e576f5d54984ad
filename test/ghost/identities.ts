// What clients make of the text in their field for an own name.
import { fromHex, fromText } from '../../src/base/bytes.ts';
import { ip, ipBytes, isIpv4, parseIp } from '../../src/base/ip.ts';
import { IdType } from '../../src/iana/identities.ts';
import type { Identity } from '../../src/policy/identity.ts';
import type { Owner } from './model.ts';

export function addressId(address: string): Identity {
  const data = ipBytes(ip(address));
  return { type: isIpv4(ip(address)) ? IdType.ID_IPV4_ADDR : IdType.ID_IPV6_ADDR, data };
}
const fqdn = (text: string): Identity => ({ type: IdType.ID_FQDN, data: fromText(text) });
const mail = (text: string): Identity => ({ type: IdType.ID_RFC822_ADDR, data: fromText(text) });

/** The subject of the certificate, where there is one; else what `read` makes of the name. */
export const subjectOr =
  (read: (owner: Owner) => Identity) =>
  (owner: Owner): Identity =>
    owner.subject ? { type: IdType.ID_DER_ASN1_DN, data: owner.subject } : read(owner);

/** An address of its own where nothing was typed; whatever has no `@` is a host name. */
export function appleId({ name, address }: Owner): Identity {
  if (name === '') return addressId(address);
  return name.includes('@') ? mail(name) : fqdn(name);
}

export function androidId({ name }: Owner): Identity {
  if (name.startsWith('@#')) return { type: IdType.ID_KEY_ID, data: fromHex(name.slice(2)) };
  if (name.startsWith('@@')) return mail(name.slice(2));
  if (name.startsWith('@')) return fqdn(name.slice(1));
  if (name.includes('@')) return mail(name);
  if (parseIp(name)) return addressId(name);
  if (name.includes(':')) return { type: IdType.ID_KEY_ID, data: fromText(name) };
  return fqdn(name);
}

export function strongSwanId({ name }: Owner): Identity {
  if (parseIp(name)) return addressId(name);
  return name.includes('@') ? mail(name) : fqdn(name);
}
