// A certificate as it is shown: what the desk tells of each.
import { toHex, toText } from '../../base/bytes.ts';
import { ipFromBytes } from '../../base/ip.ts';
import type { Certificate } from '../../pki/certificate.ts';
import { NameForm } from '../../pki/extensions.ts';
import { describe, describeIssuer } from '../../pki/names.ts';
import { unitIn } from '../../pki/rdn.ts';
import type { CertificateFacts } from '../../rpc/certificates.ts';

export function factsOf(
  certificate: Certificate,
  about: Pick<CertificateFacts, 'kind' | 'name' | 'isOurs' | 'isBelieved' | 'file'> & {
    readonly revokedAt: Date | undefined;
  },
): CertificateFacts {
  return {
    ...about,
    subject: unquoted(describe(certificate)),
    owner: about.kind === 'device' ? unitIn(certificate.subject) : undefined,
    issuer: unquoted(describeIssuer(certificate)),
    serial: toHex(certificate.serial),
    names: dialledNames(certificate),
    notBefore: seconds(certificate.notBefore),
    notAfter: seconds(certificate.notAfter),
    revokedAt: about.revokedAt && seconds(about.revokedAt),
  };
}

/** Its subjectAltNames that name a host, an address or a mailbox; an address that stands there twice once. */
export function dialledNames({ extensions }: Certificate): readonly string[] {
  const names = extensions.names.flatMap(({ form, value }) => {
    if (form === NameForm.DNS || form === NameForm.EMAIL) return toText(value);
    const isAddress = form === NameForm.IP && (value.length === 4 || value.length === 16);
    return isAddress ? ipFromBytes(value) : [];
  });
  return [...new Set(names)];
}

const unquoted = (text: string): string => text.replace(/^«|»$/g, '');
const seconds = (time: Date): number => Math.floor(time.getTime() / 1000);
