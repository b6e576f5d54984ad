// A certificate that was made elsewhere, in whatever form its maker gave it, becomes one file: certificates in their
// order and the key, as the gateway reads it.
import { equal } from '../../base/bytes.ts';
import { type Certificate, isSelfIssued, readCertificate } from '../../pki/certificate.ts';
import { exportPrivateKey, type PrivateKey, readPrivateKey } from '../../pki/keys.ts';
import { describe } from '../../pki/names.ts';
import { certificatePem, readCertificateFile } from '../../pki/pem.ts';
import { looksLikePkcs12, readPkcs12 } from '../../pki/pkcs12.ts';
import type { ForeignCertificate } from '../../rpc/certificates.ts';
import { Refused } from '../../rpc/method.ts';

export interface Taken {
  readonly leaf: Certificate;
  /** PEM of the chain and the key. */
  readonly file: Uint8Array;
}

/** @throws Refused with what is wrong */
export function takeApart({ content, key, passphrase }: ForeignCertificate): Taken {
  const found = looksLikePkcs12(content)
    ? fromPkcs12(content, passphrase)
    : { ders: readCertificateFile(content), key: readKey(key ?? content, passphrase) };
  const certificates = (found.ders ?? []).flatMap((der) => {
    const reading = readCertificate(der);
    if (!reading.ok) throw new Refused(`a certificate is broken: ${reading.why}`);
    return [reading.certificate];
  });
  const leaf = certificates.find(({ spki }) => equal(spki, found.key.spki));
  if (!leaf) throw new Refused('no certificate in it belongs to the private key');
  if (leaf.extensions.isCa) throw new Refused(`${describe(leaf)} is an authority, no gateway`);
  const links = certificates.filter((one) => one !== leaf && !isSelfIssued(one));
  return { leaf, file: combined([leaf, ...links], found.key) };
}

/** The one file that a renewal can replace at once: certificates, then the key. */
export function combined(chain: readonly Pick<Certificate, 'der'>[], key: PrivateKey): Uint8Array {
  const secret = exportPrivateKey(key);
  const file = Buffer.concat([
    ...chain.map(({ der }) => Buffer.from(certificatePem(der), 'latin1')),
    secret,
  ]);
  secret.fill(0);
  return file;
}

function fromPkcs12(content: Uint8Array, passphrase: string | undefined) {
  if (passphrase === undefined) throw new Refused('a PKCS#12 file needs its passphrase');
  const reading = readPkcs12(content, passphrase);
  if (!reading.ok) throw new Refused(`the PKCS#12 file cannot be used: ${reading.why}`);
  return { ders: reading.certificates, key: reading.key };
}

function readKey(pem: Uint8Array, passphrase: string | undefined): PrivateKey {
  const reading = readPrivateKey(pem, passphrase);
  if (!reading.ok) throw new Refused(`the file ${reading.why}. ${reading.cure}`);
  return reading.key;
}
