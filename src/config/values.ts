// The kinds of values that only this configuration knows: identities, peers, proposals, selectors, secrets.
import { fromHex, fromText } from '../base/bytes.ts';
import { isHomeAddress } from '../base/home.ts';
import {
  compareIp,
  type IpRange,
  parseIp,
  parsePrefix,
  prefixRange,
  type SocketAddress,
  sameFamily,
} from '../base/ip.ts';
import { printable } from '../base/printable.ts';
import { Secret } from '../base/secret.ts';
import {
  type Identity,
  type IdentityPattern,
  parseIdentity,
  parseIdentityPattern,
} from '../policy/identity.ts';
import { type Kind, kind, type Read } from '../schema/describe.ts';
import { accept, cureOfPrefix, quote, refuse } from '../schema/kinds.ts';
import { type Proposal, type ProposalProtocol, parseProposal } from '../transforms/parse.ts';

export const identity: Kind<Identity> = kind('a host name, an address or name@domain', (text) => {
  const parsed = parseIdentity(text);
  if (parsed && !/\s/.test(text)) return accept(parsed);
  return refuse(
    `${quote(text)} is not an identity`,
    'Write a host name, an address, name@domain, or @# and hexadecimal digits.',
  );
});

export const identityPattern: Kind<IdentityPattern> = kind(
  'an identity, *.domain, a distinguished name, or any',
  (text) => {
    const parsed = parseIdentityPattern(text);
    if (parsed) return accept(parsed);
    return refuse(
      `${quote(text)} is not an identity`,
      'Write a host name, an address, name@domain, *.domain, a distinguished name such as CN=anna, or any.',
    );
  },
);

/** Whom a connection talks to. */
export type Remote =
  | { readonly kind: 'any' }
  | { readonly kind: 'range'; readonly range: IpRange }
  | { readonly kind: 'name'; readonly name: string };

export const remote: Kind<Remote> = kind<Remote>(
  'an address, a prefix, a host name, or any',
  (text) => {
    if (text === 'any' || text === '%any') return accept({ kind: 'any' });
    const range = parseRange(text);
    if (range) return accept({ kind: 'range', range });
    if (isHostName(text)) return accept({ kind: 'name', name: text.toLowerCase() });
    const cure = text.includes('/') ? cureOfPrefix(text) : 'Write an address, a host name, or any.';
    return refuse(`${quote(text)} is neither an address nor a host name`, cure);
  },
);

export const proposal = (protocol: ProposalProtocol): Kind<Proposal> =>
  kind('algorithms joined by -', (text) => {
    const parsed = parseProposal(protocol, text);
    if (parsed.ok) return accept(parsed.proposal);
    return refuse(printable(parsed.why, 200), printable(parsed.cure, 600));
  });

/** An address of one's own network, and a port. */
export const homeSocket: Kind<SocketAddress> = kind('an address at home with a port', (text) => {
  const match = /^(?:\[(?<v6>.*)\]|(?<v4>[\d.]+)):(?<port>\d{1,5})$/.exec(text);
  const ip = parseIp(match?.groups?.['v4'] ?? match?.groups?.['v6'] ?? '');
  const port = Number(match?.groups?.['port']);
  const cure = 'Write 127.0.0.1:8500, or an address of the router in the LAN: 192.168.1.1:8500.';
  if (!ip || port < 1 || port > 65_535) {
    return refuse(`${quote(text)} is not an address with a port`, cure);
  }
  if (isHomeAddress(ip)) return accept({ ip, port });
  return refuse(`${ip} is no address that one's own network alone reaches`, cure);
});

/** SubjectPublicKeyInfo in DER; what kind of key it is, is judged elsewhere. */
export const publicKey: Kind<Uint8Array> = kind('a public key in base64', (text) => {
  const isWhole = /^[A-Za-z0-9+/]{40,}={0,2}$/.test(text) && text.length % 4 === 0;
  if (isWhole) return accept(Uint8Array.from(Buffer.from(text, 'base64')));
  return refuse(
    `${quote(text)} is not a public key in base64`,
    'Paste the whole line that «ikectl key show» prints on the other router.',
  );
});

export const deviceName: Kind<string> = kind('a name of at most 15 characters', (text) => {
  if (text.length > 15) {
    return refuse(
      `${quote(text)} has ${text.length} characters, and Linux allows a network device 15`,
      'Shorten the name, such as ipsec0.',
    );
  }
  if (/^[A-Za-z0-9_.-]+$/.test(text) && text !== '.' && text !== '..') return accept(text);
  return refuse(
    `${quote(text)} is no name for a network device`,
    'Use letters, digits, underscore, dot and minus only, such as ipsec0.',
  );
});

export const zoneName: Kind<string> = kind('the name of a firewall zone', (text) => {
  if (/^[A-Za-z0-9_-]{1,32}$/.test(text)) return accept(text);
  return refuse(
    `${quote(text)} is no name for a firewall zone`,
    'Use letters, digits, underscore and minus only, such as vpn.',
  );
});

/** A part of something, from nothing to the whole. */
export const share: Kind<number> = kind('a number from 0 to 1', (text) => {
  const value = /^\d(\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN;
  if (value <= 1) return accept(value);
  return refuse(
    `${quote(text)} is not a number from 0 to 1`,
    'Write a number from 0 to 1 with a point, such as 0.1 for a tenth.',
  );
});

export const domain: Kind<string> = kind('a domain', (text) => {
  const name = text.replace(/^\*?\.|\.$/g, '');
  if (isHostName(name)) return accept(name.toLowerCase());
  return refuse(
    `${quote(text)} is not a domain`,
    'Write a domain such as lan or home.example.org.',
  );
});

/** Never quoted, whatever is wrong with it. `0x` and `0s` stand for hexadecimal and base64, as for strongSwan. */
export const secret: Kind<Secret> = kind(
  'any text; or 0x and hexadecimal; or 0s and base64',
  (text) => {
    if (text.startsWith('0x')) return readHexadecimal(text.slice(2));
    if (text.startsWith('0s')) return readBase64(text.slice(2));
    return accept(new Secret(fromText(text)));
  },
  { isSecret: true },
);

/** PPK_ID of a fixed type (RFC 8784 §5.1). */
export const ppkId: Kind<Uint8Array> = kind('a word, or 0x and hexadecimal', (text) => {
  if (/^0x([0-9a-fA-F]{2}){1,64}$/.test(text)) return accept(fromHex(text.slice(2)));
  if (/^(?!0x)[!-~]{1,64}$/.test(text)) return accept(fromText(text));
  return refuse(
    `${quote(text)} is no id of a PPK`,
    'Write at most 64 letters, digits and signs without spaces, or 0x and hexadecimal digits.',
  );
});

function readHexadecimal(digits: string): Read<Secret> {
  if (/^([0-9a-fA-F]{2})+$/.test(digits)) return accept(new Secret(fromHex(digits)));
  return refuse(
    'what follows 0x is not an even number of hexadecimal digits',
    'Correct the digits; a secret that is a text must not begin with 0x.',
  );
}

function readBase64(text: string): Read<Secret> {
  const isWhole = /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}(==)?|[A-Za-z0-9+/]{3}=?)?$/.test(text);
  if (isWhole && text !== '')
    return accept(new Secret(Uint8Array.from(Buffer.from(text, 'base64'))));
  return refuse(
    'what follows 0s is not base64',
    'Correct it; a secret that is a text must not begin with 0s.',
  );
}

/** `10.3.0.0/24`, `10.3.0.7`, `10.3.0.7-10.3.0.20`. */
export function parseRange(text: string): IpRange | undefined {
  const [from = '', to, more] = text.split('-');
  if (to === undefined) {
    const prefix = parsePrefix(text);
    return prefix && prefixRange(prefix);
  }
  const start = parseIp(from.trim());
  const end = parseIp(to.trim());
  if (!start || !end || more !== undefined) return undefined;
  return sameFamily(start, end) && compareIp(start, end) <= 0 ? { start, end } : undefined;
}

/** RFC 1123 §2.1; the last label is not a number, or a mistyped address would pass. */
function isHostName(text: string): boolean {
  if (text.length > 253) return false;
  const labels = text.split('.');
  const isLabel = (label: string) => /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/.test(label);
  return labels.every(isLabel) && !/^\d+$/.test(labels.at(-1) ?? '');
}
