// The desk where certificates are made, renewed, revoked and shown. It works on the files and the configuration as
// they are at that moment, so that it serves a running daemon and, where none runs, `ikectl` alone.
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Configuration } from '../../config/configuration.ts';
import { setOptions } from '../../config/edit.ts';
import { IdType } from '../../iana/identities.ts';
import { issueDevice } from '../../pki/issue.ts';
import { exportPrivateKey, makeRsaKey } from '../../pki/keys.ts';
import { isHostName } from '../../pki/names.ts';
import { certificatePem } from '../../pki/pem.ts';
import { writePkcs12 } from '../../pki/pkcs12.ts';
import { formatIdentity } from '../../policy/identity.ts';
import type {
  AuthorityFile,
  CertificateDesk,
  CertificateFacts,
  ForeignCertificate,
  IssuedDevice,
  NewDevice,
} from '../../rpc/certificates.ts';
import { Refused } from '../../rpc/method.ts';
import { writeAtomically } from '../atomic-file.ts';
import { editConfiguration } from '../config-file.ts';
import { addRevoked, catalogue, type Entry, readRevoked, toRevoke } from './catalogue.ts';
import { createAuthority } from './create.ts';
import { deviceSubject, writeDevice } from './devices.ts';
import { openHomeCa } from './home-ca.ts';
import { takeApart } from './import.ts';
import { makePassphrase } from './passphrase.ts';
import { configurationOf, type DeskPlace, later, making, now, readWhole } from './place.ts';
import { renewGateway } from './renew.ts';
import { routerKeyOf } from './router-key.ts';
import { trustAuthority } from './trust.ts';

/** Every method throws Refused, with words for the owner, and nothing else unless we have a bug. */
export function certificateDesk(place: DeskPlace): CertificateDesk {
  return {
    list: () => now(() => catalogue(configurationOf(place)).map(({ facts }) => facts)),
    create: (request) => later(() => createAuthority(request, place)),
    issue: (request) => later(() => issueToDevice(request, place)),
    renew: (request) => later(() => renewGateway(request, place)),
    revoke: (which) => now(() => revoke(which, place)),
    take: (request) => later(() => take(request, place)),
    trust: (request) => later(() => trustAuthority(request, place)),
    authority: () => now(() => authority(configurationOf(place))),
    key: () => now(() => routerKeyOf(place)),
  };
}

async function issueToDevice(
  { name, owner, form }: NewDevice,
  place: DeskPlace,
): Promise<IssuedDevice> {
  const configuration = configurationOf(place);
  const subject = deviceSubject(name, owner, domainOf(configuration));
  refuseSecond(name, configuration);
  const key = await makeRsaKey(2048);
  refuseSecond(name, configuration);
  const ca = openHomeCa(configuration, readWhole);
  const der = issueDevice(ca, subject, key.spki, making(place));
  const passphrase = makePassphrase(place.random);
  const chain = [der, ca.certificate.der];
  const inForm = (each: 'legacy' | 'modern'): Uint8Array =>
    writePkcs12({ key, chain, name }, passphrase, each, place.random);
  const forms = { legacy: inForm('legacy'), modern: inForm('modern') };
  writeDevice(configuration.service.folder, name, der);
  const keyBytes = exportPrivateKey(key);
  const keyPem = Buffer.from(keyBytes).toString('latin1');
  keyBytes.fill(0);
  return {
    device: entryOf('device', name, configuration).facts,
    pkcs12: forms[form],
    ...{ passphrase, forms, certificatePem: certificatePem(der), keyPem },
  };
}

/**
 * One device, one certificate: whoever loses a phone shall know which one to revoke. One that lets nobody in, of a home CA
 * that is not any more, counts as none.
 */
function refuseSecond(name: string, configuration: Configuration): void {
  const before = catalogue(configuration).find(
    ({ facts }) => facts.kind === 'device' && facts.name === name,
  );
  if (!before || before.facts.revokedAt !== undefined || !before.facts.isBelieved) return;
  throw new Refused(`${name} has a certificate already: revoke it first, or choose another name`);
}

function revoke(which: string, place: DeskPlace): { name: string; serial: string } {
  const configuration = configurationOf(place);
  const { reference, name, serial } = toRevoke(which, configuration);
  const { folder } = configuration.service;
  const before = readRevoked(folder).some((entry) => entry.reference === reference);
  if (before) throw new Refused(`${name} was revoked already`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  addRevoked(folder, { reference, at: place.now(), name });
  place.filesChanged();
  return { name, serial };
}

async function take(request: ForeignCertificate, place: DeskPlace): Promise<CertificateFacts> {
  const { name, force } = request;
  if (!/^\w{1,40}$/.test(name))
    throw new Refused(`'${name}': use letters, digits and _ for a name`);
  const configuration = configurationOf(place);
  const { file: content } = takeApart(request);
  const { folder } = configuration.service;
  const file = join(folder, `${name}.pem`);
  const isThere = configuration.certificates.some((one) => one.name === name) || existsSync(file);
  if (isThere && !force)
    throw new Refused(`there is a certificate '${name}' already: --force replaces it`);
  const edit = (text: string): string =>
    setOptions(text, { type: 'certificate', name }, { file, key: file });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeAtomically(file, content);
  content.fill(0);
  editConfiguration(place.configFile, edit);
  await place.configured();
  return entryOf('gateway', name, configurationOf(place)).facts;
}

function authority(configuration: Configuration): AuthorityFile {
  const { certificate, section } = openHomeCa(configuration, readWhole);
  return { name: section, der: certificate.der, pem: certificatePem(certificate.der) };
}

/** What devices' mailboxes end in: the name that is dialled, or a domain that exists in no other home. */
function domainOf({ service: { identity } }: Configuration): string {
  const name = identity?.type === IdType.ID_FQDN ? formatIdentity(identity) : '';
  return isHostName(name) ? name : 'home.arpa';
}

function entryOf(
  kind: CertificateFacts['kind'],
  name: string,
  configuration: Configuration,
): Entry {
  const entry = catalogue(configuration).find(
    ({ facts }) => facts.kind === kind && facts.name === name,
  );
  if (!entry) throw new Refused(`the certificate '${name}' cannot be read`);
  return entry;
}
