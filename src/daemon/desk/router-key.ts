// The key of this router for peers that know it without any certificate (RFC 7670): one file, made when it is asked for.
import { existsSync, mkdirSync } from 'node:fs';
import { routerKey } from '../../config/proofs.ts';
import { readKeyFile } from '../../pki/files.ts';
import { exportPrivateKey, makeEd25519Key } from '../../pki/keys.ts';
import type { RouterKey } from '../../rpc/certificates.ts';
import { writeAtomically } from '../atomic-file.ts';
import { use } from './home-ca.ts';
import { configurationOf, type DeskPlace, readWhole } from './place.ts';

/** Never makes a second one: peers know the first. @throws Refused where the file cannot be used */
export function routerKeyOf(place: DeskPlace): RouterKey {
  const { folder } = configurationOf(place).service;
  const file = routerKey(folder);
  const isMade = !existsSync(file);
  if (isMade) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const pem = exportPrivateKey(makeEd25519Key());
    writeAtomically(file, pem);
    pem.fill(0);
  }
  const { spki } = use(readKeyFile(file, readWhole));
  return { publicKey: Buffer.from(spki).toString('base64'), file, isMade };
}
