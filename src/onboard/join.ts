// A text by which a second router with this program joins as a device: pasted there once, it becomes a connection that
// dials by itself.
import { formatPrefix, parseIp } from '../base/ip.ts';
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
  /** Name servers there, and the domains that they know; none: nothing is asked there. */
  readonly dns: readonly string[];
  readonly domains: readonly string[];
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
    ...{ dns: gateway.dns, domains: gateway.domains },
  };
  const text = `${mark}${Buffer.from(JSON.stringify(invitation)).toString('base64url')}\n`;
  return {
    file: { filename: `${fileStem(device)}.join`, type: 'text/plain', content: text },
    extras: [],
    secret: 'inside',
    steps: [
      'Copy the file to the other router, by scp or into its terminal.',
      'There: ikectl join, with the name of that file.',
      'The tunnel comes up by itself; «ikectl status» shows it on both routers.',
    ],
  };
}

/** What the other router is left to do after it took the text in, a sentence each. @param zone of its firewall */
export function afterJoining(
  { networks, dns: [server], domains }: Invitation,
  zone: string,
): string[] {
  const names = domains.filter((domain) => /^[\w.-]+$/.test(domain));
  const hosts =
    networks.length === 0
      ? []
      : [
          `Hosts behind this router reach it once zone ${zone} of the firewall has option masq '1', for the other side knows this router alone.`,
        ];
  if (server === undefined || !parseIp(server) || names.length === 0) return hosts;
  // It is told and not done: dnsmasq drops private addresses in answers from elsewhere (rebind_protection), and whom to
  // except from that, and to ask about what, is for the owner of this router to say. Whoever joins again says it again.
  const settings = names.flatMap((domain) => [
    listed('server', `/${domain}/${server}`),
    listed('rebind_domain', domain),
  ]);
  const commands = [...settings, 'uci commit dhcp', 'service dnsmasq restart'].join('; ');
  return [...hosts, `To find names of ${names.join(' and ')} from here: ${commands}`];
}

/** Puts it into the list once, however often. */
const listed = (option: string, value: string): string =>
  `uci -q del_list dhcp.@dnsmasq[0].${option}='${value}'; uci add_list dhcp.@dnsmasq[0].${option}='${value}'`;

/** @returns undefined for a text that is none, or of a later version */
export function readJoinText(text: string): Invitation | undefined {
  const packed = text.trim();
  if (!packed.startsWith(mark) || packed.length > longest) return undefined;
  const plain = Buffer.from(packed.slice(mark.length), 'base64url').toString('utf8');
  return invitationOf(parsed(plain));
}

function invitationOf(value: unknown): Invitation | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { gateway, userName, password, authority, networks, dns, domains } = Object.fromEntries(
    Object.entries(value),
  );
  const isWhole =
    [gateway, userName, password].every((each) => typeof each === 'string' && each !== '') &&
    (authority === undefined || typeof authority === 'string') &&
    [networks, dns, domains].every(isTexts);
  return isWhole ? { gateway, userName, password, authority, networks, dns, domains } : undefined;
}

const isTexts = (value: unknown): boolean =>
  Array.isArray(value) && value.every((each) => typeof each === 'string');

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const mark = 'ikev2-ts-join-1:';
const longest = 16_384;
