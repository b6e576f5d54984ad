// Profiles of devices as the desk gives them away.
import type { Account } from '../../config/configuration.ts';
import {
  CannotMake,
  type Device,
  type Onboarding,
  type ProfileFile,
} from '../../onboard/device.ts';
import { type Format, formatNamed, formats } from '../../onboard/formats.ts';
import { type Signer, signedData } from '../../pki/cms.ts';
import type { FileFacts, ProfileFacts } from '../../rpc/accounts.ts';
import { Refused } from '../../rpc/method.ts';

/** @throws Refused where there is none of that name, or it cannot carry the credential, or ask for ML-KEM */
export function formatFor(
  name: string,
  auth: 'password' | 'certificate',
  isPostQuantum = false,
): Format {
  const format = formatNamed(name);
  if (!format) {
    const names = formats.map((one) => one.format).join(', ');
    throw new Refused(`'${name}' is no format: ${names}`);
  }
  if (isPostQuantum && !format.canPostQuantum) {
    throw new Refused(`${format.title}: --post-quantum is for iPhone, iPad and Mac`);
  }
  if (format.auth.includes(auth)) return format;
  throw new Refused(`${format.title}: there it takes a device with a ${format.auth.join(' or ')}`);
}

export const deviceRecord = ({ name, section, routing, isOnDemand }: Account): Device => ({
  ...{ name, routing, isOnDemand },
  key: section ?? name,
});

interface Signature {
  readonly signer: Signer;
  readonly at: Date;
}

/** @param signature put around a format that has one; undefined: around none. @throws Refused */
export function makeProfile(
  format: Format,
  onboarding: Onboarding,
  signature: Signature | undefined,
): ProfileFacts {
  try {
    const { file: plain, extras, secret, steps } = format.make(onboarding);
    const file = format.isSigned && signature ? signed(plain, signature) : plain;
    const { credential } = onboarding;
    return {
      ...{ format: format.format, file: fileFacts(file), extras: extras.map(fileFacts) },
      ...{ secret, steps },
      password: credential.kind === 'password' ? credential.password : undefined,
      passphrase: credential.kind === 'certificate' ? credential.passphrase : undefined,
    };
  } catch (error) {
    throw error instanceof CannotMake ? new Refused(error.message) : error;
  }
}

/** As it is where the gateway's key cannot sign: systems say so, and take it all the same. */
function signed(file: ProfileFile, { signer, at }: Signature): ProfileFile {
  const content = signedData(Buffer.from(file.content), signer, at);
  return content ? { ...file, content } : file;
}

function fileFacts({ filename, type, content }: ProfileFile): FileFacts {
  if (typeof content === 'string') return { filename, type, encoding: 'text', content };
  return { filename, type, encoding: 'base64', content: Buffer.from(content).toString('base64') };
}
