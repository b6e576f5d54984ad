// The home CA as it lies on the disk: opened for one signature and forgotten again, so that its key is in memory no
// longer than it is needed.
import { equal } from '../../base/bytes.ts';
import { parseIp } from '../../base/ip.ts';
import type { Configuration } from '../../config/configuration.ts';
import type { Certificate } from '../../pki/certificate.ts';
import { type Loaded, type ReadFile, readChainFile, readKeyFile } from '../../pki/files.ts';
import type { Issuer, ServerSubject } from '../../pki/issue.ts';
import { describe, isHostName } from '../../pki/names.ts';
import { Refused } from '../../rpc/method.ts';

export interface HomeCa extends Issuer {
  /** Its section in the configuration. */
  readonly section: string;
}

type AuthoritySection = Configuration['authorities'][number] & { readonly key: string };

/** The first authority that has a key. */
export function homeSection({ authorities }: Configuration): AuthoritySection | undefined {
  for (const section of authorities) {
    const { key } = section;
    if (key !== undefined) return { ...section, key };
  }
  return undefined;
}

/** @throws Refused where there is none, or its files cannot be used */
export function openHomeCa(configuration: Configuration, read: ReadFile): HomeCa {
  const section = homeSection(configuration);
  if (!section) throw new Refused('there is no home CA yet: make one with «ikectl cert init»');
  const [certificate] = use(readChainFile(section.file, read));
  const key = use(readKeyFile(section.key, read));
  if (!equal(certificate.spki, key.spki)) {
    throw new Refused(`the key ${section.key} does not belong to ${describe(certificate)}`);
  }
  if (!certificate.extensions.isCa) throw new Refused(`${describe(certificate)} is no authority`);
  return { section: section.name, certificate, key };
}

/** @throws Refused with what is wrong with the file */
export function use<T>(loaded: Loaded<T>): T {
  if (loaded.ok) return loaded.value;
  throw new Refused(`${loaded.why}. ${loaded.cure}`);
}

/** Whether this authority signed it, judged by the names: who holds both files needs no proof. */
export const isIssuedBy = (certificate: Certificate, issuer: Certificate): boolean =>
  equal(certificate.issuer, issuer.subject) && !equal(certificate.der, issuer.der);

/** Host names and addresses that clients dial, told apart. @throws Refused for what is neither */
export function serverSubject(words: readonly string[]): ServerSubject {
  const addresses = words.flatMap((word) => parseIp(word) ?? []);
  const names = words.filter((word) => parseIp(word) === undefined);
  const odd = names.find((name) => !isHostName(name) || !/[a-z]/i.test(name));
  if (odd !== undefined) throw new Refused(`'${odd}' is neither a host name nor an address`);
  if (words.length === 0) throw new Refused('name the host name that clients dial');
  return { names: [...new Set(names)], addresses: [...new Set(addresses)] };
}
