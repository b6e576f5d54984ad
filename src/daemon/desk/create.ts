// `ikectl cert init`: the home CA and the certificate of the gateway, and what the configuration says of them.
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { toHex } from '../../base/bytes.ts';
import type { Configuration } from '../../config/configuration.ts';
import { type OptionEdits, type SectionName, setOptions } from '../../config/edit.ts';
import { type Certificate, readCertificate } from '../../pki/certificate.ts';
import { issueServer, makeAuthority, type ServerSubject } from '../../pki/issue.ts';
import { exportPrivateKey, makeRsaKey } from '../../pki/keys.ts';
import { certificatePem } from '../../pki/pem.ts';
import type { CreatedAuthority, NewAuthority } from '../../rpc/certificates.ts';
import { Refused } from '../../rpc/method.ts';
import { writeAtomically } from '../atomic-file.ts';
import { editConfiguration } from '../config-file.ts';
import { factsOf } from './facts.ts';
import { homeSection, serverSubject } from './home-ca.ts';
import { combined } from './import.ts';
import { configurationOf, type DeskPlace, making } from './place.ts';

export async function createAuthority(
  { names, force }: NewAuthority,
  place: DeskPlace,
): Promise<CreatedAuthority> {
  const configuration = configurationBefore(place);
  const subject = serverSubject(names);
  const files = filesIn(configuration);
  const wasThere = refuseOther(configuration, files, force);
  const made = await make(subject, place);
  // Another call may have come first while the keys were made.
  refuseOther(configurationBefore(place), files, force);
  mkdirSync(files.folder, { recursive: true, mode: 0o700 });
  const dialled = configuration.service.identity ? undefined : (names[0] ?? '');
  const edit = (text: string): string => configured(text, files, dialled);
  edit(''); // what cannot be written is found out before anything is
  if (wasThere) keepOld(files);
  writeKey(files.authorityKey, made.authorityKeyPem);
  writeAtomically(files.authority, certificatePem(made.authority.der));
  writeKey(files.gateway, made.gatewayPem);
  editConfiguration(place.configFile, edit);
  await place.configured();
  return report(made, files, { wasThere, dialled, place });
}

/**
 * Connections may speak of certificates already, and those be what is lacking: then the configuration is judged with
 * two in it. @throws Refused for any other error
 */
function configurationBefore(place: DeskPlace): Configuration {
  return configurationOf(place, (text) => {
    const file = '/lacking';
    const withAuthority = setOptions(text, { type: 'authority', name: 'lacking' }, { file });
    return setOptions(
      withAuthority,
      { type: 'certificate', name: 'lacking_too' },
      { file, key: file },
    );
  });
}

interface Files {
  readonly folder: string;
  readonly authority: string;
  readonly authorityKey: string;
  readonly gateway: string;
}

/** Those of a home CA that is there, or new ones in the gateway's folder. */
function filesIn(configuration: Configuration): Files {
  const { folder } = configuration.service;
  const home = homeSection(configuration);
  return {
    folder,
    authority: home?.file ?? join(folder, 'ca.pem'),
    authorityKey: home?.key ?? join(folder, 'ca.key'),
    gateway: join(folder, 'gateway.pem'),
  };
}

/** @returns whether there is one already. @throws Refused for that, unless `force` */
function refuseOther(configuration: Configuration, files: Files, force: boolean): boolean {
  const isThere =
    homeSection(configuration) !== undefined ||
    existsSync(files.authority) ||
    existsSync(files.authorityKey);
  if (!isThere || force) return isThere;
  throw new Refused(
    `there is a home CA already (${files.authority}): devices that trust it would have to be set up anew; ` +
      '--force makes another one all the same, «ikectl cert renew --name …» changes the names of the gateway',
  );
}

interface Made {
  readonly authority: Certificate;
  readonly gateway: Certificate;
  readonly authorityKeyPem: Uint8Array;
  readonly gatewayPem: Uint8Array;
}

async function make(subject: ServerSubject, place: DeskPlace): Promise<Made> {
  const name = subject.names[0] ?? subject.addresses[0] ?? '';
  const authorityKey = await makeRsaKey(authorityBits);
  const gatewayKey = await makeRsaKey(gatewayBits);
  const first = making(place);
  // Two of one name with different keys confuse whoever has to choose between them.
  const mark = toHex(first.serial.subarray(12));
  const commonName = `${name.slice(0, 48)} CA ${mark}`;
  const der = makeAuthority({ commonName, organization: 'Home VPN' }, authorityKey, first);
  const authority = certificateOf(der);
  const issuer = { certificate: authority, key: authorityKey };
  const gateway = certificateOf(issueServer(issuer, subject, gatewayKey.spki, making(place)));
  return {
    authority,
    gateway,
    authorityKeyPem: exportPrivateKey(authorityKey),
    gatewayPem: combined([gateway], gatewayKey),
  };
}

/** What this program wrote it reads. */
function certificateOf(der: Uint8Array): Certificate {
  const reading = readCertificate(der);
  if (!reading.ok) throw new Error(reading.why);
  return reading.certificate;
}

function configured(text: string, files: Files, dialled: string | undefined): string {
  const set = (before: string, section: SectionName, options: OptionEdits): string =>
    setOptions(before, section, options);
  const authority = { file: files.authority, key: files.authorityKey };
  const withAuthority = set(text, { type: 'authority', name: 'home' }, authority);
  const certificate = { file: files.gateway, key: files.gateway };
  const withBoth = set(withAuthority, { type: 'certificate', name: 'gateway' }, certificate);
  if (dialled === undefined) return withBoth;
  return set(withBoth, { type: 'service', name: 'main' }, { identity: dialled });
}

/** The old CA is moved aside, not lost: who made another one by mistake can go back. */
function keepOld({ authority, authorityKey }: Files): void {
  for (const file of [authority, authorityKey]) {
    if (existsSync(file)) renameSync(file, `${file}.old`);
  }
}

/** @param pem is wiped */
function writeKey(file: string, pem: Uint8Array): void {
  writeAtomically(file, pem);
  pem.fill(0);
}

function report(
  { authority, gateway }: Made,
  files: Files,
  about: {
    readonly wasThere: boolean;
    readonly dialled: string | undefined;
    readonly place: DeskPlace;
  },
): CreatedAuthority {
  const { wasThere, dialled, place } = about;
  const common = { isOurs: true, isBelieved: true, revokedAt: undefined };
  const authorityFacts = factsOf(authority, {
    ...common,
    kind: 'authority',
    name: 'home',
    file: files.authority,
    isBelieved: false,
  });
  const gatewayFacts = factsOf(gateway, {
    ...common,
    kind: 'gateway',
    name: 'gateway',
    file: files.gateway,
  });
  return {
    authority: authorityFacts,
    gateway: gatewayFacts,
    done: [
      `Made the home CA ${authorityFacts.subject}: ${files.authority}, its key in ${files.authorityKey}.`,
      `Made the certificate of the gateway for ${gatewayFacts.names.join(', ')}: ${files.gateway}; it is renewed by itself.`,
      `Wrote authority 'home' and certificate 'gateway' into ${place.configFile}${dialled === undefined ? '' : `, and that clients dial ${dialled}`}.`,
      ...(wasThere
        ? [
            `The home CA from before is ${files.authority}.old; nobody trusts the new one yet: «ikectl device list» says which profiles are stale.`,
          ]
        : []),
    ],
    next: [
      `Keep a copy of ${files.authorityKey} and ${files.authority} where the router is not.`,
      'Add a device; its profile holds all that it needs: ikectl device add anna-iphone --platform ios',
      'Devices with a password need the home CA alone: ikectl cert export --out ca.crt',
    ],
  };
}

/** Every client takes RSA; ten years want more of it than two. */
const authorityBits = 3072;
const gatewayBits = 2048;
