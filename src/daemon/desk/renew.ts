// A certificate of the gateway that the home CA issued, issued anew: for the same names or for others.
import type { Configuration } from '../../config/configuration.ts';
import { readChainFile, readKeyFile } from '../../pki/files.ts';
import { issueServer } from '../../pki/issue.ts';
import { makeRsaKey } from '../../pki/keys.ts';
import { certificatePem } from '../../pki/pem.ts';
import type { CertificateFacts, Renewal } from '../../rpc/certificates.ts';
import { Refused } from '../../rpc/method.ts';
import { writeAtomically } from '../atomic-file.ts';
import { catalogue } from './catalogue.ts';
import { dialledNames } from './facts.ts';
import { openHomeCa, serverSubject, use } from './home-ca.ts';
import { combined } from './import.ts';
import { configurationOf, type DeskPlace, making, readWhole } from './place.ts';

export async function renewGateway(
  { name, names }: Renewal,
  place: DeskPlace,
): Promise<CertificateFacts> {
  const configuration = configurationOf(place);
  const section = sectionToRenew(configuration, name);
  const [old] = use(readChainFile(section.file, readWhole));
  const subject = serverSubject(names.length > 0 ? names : dialledNames(old));
  // Where key and certificate are one file, both can be new at once; else the key stays.
  const isOneFile = section.file === section.key;
  const key = isOneFile ? await makeRsaKey(2048) : use(readKeyFile(section.key, readWhole));
  const issuer = openHomeCa(configuration, readWhole);
  const der = issueServer(issuer, subject, key.spki, making(place));
  const file = isOneFile ? combined([{ der }], key) : Buffer.from(certificatePem(der), 'latin1');
  writeAtomically(section.file, file);
  file.fill(0);
  place.filesChanged();
  return factsNamed(configuration, section.name);
}

function sectionToRenew(configuration: Configuration, name: string | undefined) {
  const ours = catalogue(configuration)
    .filter(({ facts }) => facts.kind === 'gateway' && facts.isOurs)
    .map(({ facts }) => facts.name);
  const wanted = name ?? (ours.length === 1 ? ours[0] : undefined);
  const section = configuration.certificates.find((one) => one.name === wanted);
  if (section && ours.includes(section.name)) return section;
  if (name !== undefined) throw new Refused(`the home CA did not issue a certificate '${name}'`);
  throw new Refused(
    ours.length === 0
      ? 'the home CA issued no certificate of this gateway'
      : `say which: ${ours.join(', ')}`,
  );
}

function factsNamed(configuration: Configuration, name: string): CertificateFacts {
  const entry = catalogue(configuration).find(
    ({ facts }) => facts.kind === 'gateway' && facts.name === name,
  );
  if (!entry) throw new Refused(`the certificate '${name}' cannot be read`);
  return entry.facts;
}
