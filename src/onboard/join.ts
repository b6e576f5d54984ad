// A text by which a second router with this program joins as a device: pasted there once, it becomes a connection that
// dials by itself.
import { formatPrefix } from '../base/ip.ts';
import { CannotMake, fileStem, type Onboarding, type Profile } from './device.ts';

/** What the text says, whoever reads it. */
export interface Invitation {
  /** What is dialled. */
  readonly gateway: string;
  readonly userName: string;
  readonly password: string;
  /** PEM; undefined: the certificate of the gateway comes from elsewhere. */
  readonly authority: string | undefined;
  /** What is reached through the tunnel. */
  readonly networks: readonly string[];
}

/** @throws CannotMake */
export function joinText(onboarding: Onboarding): Profile {
  const { gateway, device, credential } = onboarding;
  if (credential.kind !== 'password' || credential.password === undefined) {
    throw new CannotMake('a join text holds a password: make a new one for it (renew)');
  }
  const invitation: Invitation = {
    gateway: gateway.name,
    userName: credential.userName,
    password: credential.password,
    authority: gateway.authority?.pem,
    networks: gateway.networks.map(formatPrefix),
  };
  const text = `${mark}${Buffer.from(JSON.stringify(invitation)).toString('base64url')}\n`;
  return {
    file: { filename: `${fileStem(device)}.join`, type: 'text/plain', content: text },
    extras: [],
    secret: 'inside',
    steps: [
      'Copy the file to the other router, by scp or into its terminal.',
      `There: ikectl join ${fileStem(device)}.join`,
      'The tunnel comes up by itself; «ikectl status» shows it on both routers.',
    ],
  };
}

/** @returns undefined for a text that is none, or of a later version */
export function readJoinText(text: string): Invitation | undefined {
  const packed = text.trim();
  if (!packed.startsWith(mark) || packed.length > longest) return undefined;
  const plain = Buffer.from(packed.slice(mark.length), 'base64url').toString('utf8');
  return invitationOf(parsed(plain));
}

function invitationOf(value: unknown): Invitation | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { gateway, userName, password, authority, networks } = Object.fromEntries(
    Object.entries(value),
  );
  const isWhole =
    [gateway, userName, password].every((each) => typeof each === 'string' && each !== '') &&
    (authority === undefined || typeof authority === 'string') &&
    Array.isArray(networks) &&
    networks.every((each) => typeof each === 'string');
  return isWhole ? { gateway, userName, password, authority, networks } : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const mark = 'ikev2-ts-join-1:';
const longest = 16_384;
