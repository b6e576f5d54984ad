// Certificates of devices: a file for each in the gateway's folder, without its key, which only the device has.
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Certificate } from '../../pki/certificate.ts';
import { type ReadFile, readChainFile } from '../../pki/files.ts';
import type { DeviceSubject } from '../../pki/issue.ts';
import { isHostName, isMailbox } from '../../pki/names.ts';
import { certificatePem } from '../../pki/pem.ts';
import { Refused } from '../../rpc/method.ts';
import { writeAtomically } from '../atomic-file.ts';
import { codeOf } from '../trouble.ts';

export interface Device {
  readonly name: string;
  readonly file: string;
  readonly certificate: Certificate;
}

/** Every device whose file can be read, by name. */
export function readDevices(folder: string, read: ReadFile): readonly Device[] {
  return namesIn(join(folder, devicesFolder)).flatMap((entry) => {
    const file = join(folder, devicesFolder, entry);
    const chain = readChainFile(file, read);
    return chain.ok
      ? [{ name: entry.slice(0, -ending.length), file, certificate: chain.value[0] }]
      : [];
  });
}

/** @returns the file. @throws what the file system throws */
export function writeDevice(folder: string, name: string, der: Uint8Array): string {
  mkdirSync(join(folder, devicesFolder), { recursive: true, mode: 0o700 });
  const file = join(folder, devicesFolder, `${name}${ending}`);
  writeAtomically(file, certificatePem(der));
  return file;
}

/**
 * What a device of that name calls itself: a mailbox, which every system can send, and the bare name.
 * @param domain of the mailbox, where the name is none itself
 * @throws Refused for a name that is no word
 */
export function deviceSubject(
  name: string,
  owner: string | undefined,
  domain: string,
): DeviceSubject {
  if (!/^[A-Za-z0-9][\w.@-]{0,62}$/.test(name)) {
    throw new Refused(`'${name}' is no name for a device: use letters, digits, '-' and '.'`);
  }
  if (owner !== undefined && !/^[\w.@ -]{1,64}$/.test(owner)) {
    throw new Refused(`'${owner}' is no name for an owner: use letters, digits, '-' and '.'`);
  }
  const mailbox = name.includes('@') ? name : `${name}@${domain}`;
  if (!isMailbox(mailbox)) throw new Refused(`'${mailbox}' is no address that a device can have`);
  return {
    commonName: name,
    owner,
    mailboxes: [mailbox],
    hostNames: isHostName(name) ? [name] : [],
  };
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((entry) => entry.endsWith(ending))
      .sort();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

const devicesFolder = 'devices';
const ending = '.pem';
