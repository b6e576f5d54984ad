// All certificates that the gateway knows, and the list of those it revoked.
import { fromHex, toHex } from '../../base/bytes.ts';
import type { Configuration } from '../../config/configuration.ts';
import type { Certificate } from '../../pki/certificate.ts';
import { readChainFile, readRevokedFile } from '../../pki/files.ts';
import { formatRevoked, type Revocation, referenceTo } from '../../pki/revoked.ts';
import type { CertificateFacts } from '../../rpc/certificates.ts';
import { Refused } from '../../rpc/method.ts';
import { writeAtomically } from '../atomic-file.ts';
import { revokedFile } from '../gather.ts';
import { readDevices } from './devices.ts';
import { factsOf } from './facts.ts';
import { homeSection, isIssuedBy, use } from './home-ca.ts';
import { readWhole } from './place.ts';

export interface Entry {
  readonly facts: CertificateFacts;
  readonly certificate: Certificate;
  /** Where its issuer is one of the authorities: how lists name it. */
  readonly reference: string | undefined;
}

/** Authorities, own certificates, devices; a file that cannot be read is left out. */
export function catalogue(configuration: Configuration): readonly Entry[] {
  const { authorities, certificates, service } = configuration;
  const all: readonly Found[] = [
    ...authorities.flatMap(({ name, file }) => found('authority', name, file)),
    ...certificates.flatMap(({ name, file }) => found('gateway', name, file).slice(0, 1)),
    ...readDevices(service.folder, readWhole).map((device) => ({
      ...device,
      kind: 'device' as const,
    })),
  ];
  const issuers = all.filter(({ kind }) => kind === 'authority').map((one) => one.certificate);
  const revoked = readRevoked(service.folder);
  const home = homeSection(configuration)?.name;
  const homeCa = all.find(({ kind, name }) => kind === 'authority' && name === home)?.certificate;
  return all.map(({ kind, name, file, certificate }) => {
    const issuer = issuers.find((one) => isIssuedBy(certificate, one));
    const reference = issuer && referenceTo(certificate, issuer);
    const revokedAt = revoked.find((one) => one.reference === reference)?.at;
    const isOurs = homeCa !== undefined && [certificate, issuer].includes(homeCa);
    const isBelieved = issuer !== undefined;
    const facts = factsOf(certificate, { kind, name, file, isOurs, isBelieved, revokedAt });
    return { facts, certificate, reference };
  });
}

/** Serial numbers of devices' certificates that no authority of the configuration issued: they let nobody in. */
export function disowned({ authorities, service }: Configuration): ReadonlySet<string> {
  const issuers = authorities.flatMap(({ name, file }) => found('authority', name, file));
  const strangers = readDevices(service.folder, readWhole).filter(
    ({ certificate }) => !issuers.some((issuer) => isIssuedBy(certificate, issuer.certificate)),
  );
  return new Set(strangers.map(({ certificate }) => toHex(certificate.serial)));
}

/** @throws Refused when the list is damaged */
export const readRevoked = (folder: string): readonly Revocation[] =>
  use(readRevokedFile(revokedFile(folder), readWhole));

/** @throws what the file system throws */
export function addRevoked(folder: string, entry: Revocation): void {
  writeAtomically(revokedFile(folder), formatRevoked([...readRevoked(folder), entry]));
}

/**
 * The certificate that the owner means: by the name of a device, or by a serial number, which may be that of a
 * certificate that only its device has. @throws Refused
 */
export function toRevoke(
  which: string,
  configuration: Configuration,
): { readonly reference: string; readonly name: string; readonly serial: string } {
  const all = catalogue(configuration);
  const serial = which.replaceAll(':', '').toLowerCase();
  const found = all.filter(({ facts }) => facts.name === which || facts.serial === serial);
  const device = found.find(({ facts }) => facts.kind === 'device');
  if (device?.reference) {
    return { reference: device.reference, name: device.facts.name, serial: device.facts.serial };
  }
  if (device)
    throw new Refused(`no authority of this gateway issued ${which}: nobody gets in with it`);
  const [other] = found;
  if (other) throw new Refused(`${which} ${notRevocable[other.facts.kind]}`);
  const authorities = all.filter(({ facts }) => facts.kind === 'authority');
  const [authority] = authorities;
  const isSerial = /^([0-9a-f]{2}){4,20}$/.test(serial);
  if (!isSerial || !authority || authorities.length > 1) {
    throw new Refused(`there is no certificate '${which}'; «ikectl cert list» shows all`);
  }
  const bytes = { serial: fromHex(serial) };
  return { reference: referenceTo(bytes, authority.certificate), name: serial, serial };
}

const notRevocable = {
  authority: 'is an authority: take its section out of the configuration',
  gateway: "is the gateway's own: make another one with «ikectl cert renew»",
  device: 'is none of ours',
} as const;

type Found = Pick<CertificateFacts, 'kind' | 'name' | 'file'> & {
  readonly certificate: Certificate;
};

function found(kind: CertificateFacts['kind'], name: string, file: string): readonly Found[] {
  const chain = readChainFile(file, readWhole);
  return chain.ok ? chain.value.map((certificate) => ({ kind, name, file, certificate })) : [];
}
