// An authority from elsewhere, such as that of a provider whom this router dials, becomes a file and a section.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setOptions } from '../../config/edit.ts';
import { readCertificate } from '../../pki/certificate.ts';
import { describe } from '../../pki/names.ts';
import { certificatePem, readCertificateFile } from '../../pki/pem.ts';
import type { CertificateFacts, ForeignAuthority } from '../../rpc/certificates.ts';
import { Refused } from '../../rpc/method.ts';
import { writeAtomically } from '../atomic-file.ts';
import { editConfiguration } from '../config-file.ts';
import { catalogue } from './catalogue.ts';
import { configurationOf, type DeskPlace } from './place.ts';

/** An authority of that name is replaced, unless it is one that issues here. @throws Refused */
export async function trustAuthority(
  { name, content, vouchesFor }: ForeignAuthority,
  place: DeskPlace,
): Promise<CertificateFacts> {
  if (!/^\w{1,40}$/.test(name))
    throw new Refused(`'${name}': use letters, digits and _ for a name`);
  const pem = authoritiesIn(content);
  const { authorities, service } = configurationOf(place);
  if (authorities.some((one) => one.name === name && one.key !== undefined))
    throw new Refused(`'${name}' is the home CA: choose another name`);
  const file = join(service.folder, `authority-${name}.pem`);
  mkdirSync(service.folder, { recursive: true, mode: 0o700 });
  writeAtomically(file, Buffer.from(pem, 'latin1'));
  editConfiguration(place.configFile, (text) =>
    setOptions(text, { type: 'authority', name }, { file, vouches_for: vouchesFor }),
  );
  await place.configured();
  const entry = catalogue(configurationOf(place)).find(
    ({ facts }) => facts.kind === 'authority' && facts.name === name,
  );
  if (!entry) throw new Refused(`the certificate '${name}' cannot be read`);
  return entry.facts;
}

/** PEM, whatever it was. */
function authoritiesIn(content: Uint8Array): string {
  const ders = readCertificateFile(content) ?? [];
  if (ders.length === 0) throw new Refused('there is no certificate in it');
  for (const der of ders) {
    const reading = readCertificate(der);
    if (!reading.ok) throw new Refused(`a certificate is broken: ${reading.why}`);
    const { certificate } = reading;
    if (!certificate.extensions.isCa) throw new Refused(`${describe(certificate)} is no authority`);
  }
  return ders.map((der) => certificatePem(der)).join('');
}
