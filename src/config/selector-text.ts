// Traffic selectors as one writes them: `10.3.0.0/24`, `10.3.0.7-10.3.0.9`, `10.3.0.0/24[tcp/443]`, `dynamic`.
import { anyPort, type Selector } from '../policy/selectors.ts';
import { type Kind, kind } from '../schema/describe.ts';
import { accept, cureOfPrefix, quote, refuse } from '../schema/kinds.ts';
import { parseRange } from './values.ts';

export const selector: Kind<Selector | 'dynamic'> = kind<Selector | 'dynamic'>(
  'dynamic, or a prefix or range of addresses',
  (text) => {
    if (text === 'dynamic') return accept('dynamic');
    const [, addresses = text, traffic] = /^([^[\]]*)\[([^[\]]*)\]$/.exec(text) ?? [];
    const range = parseRange(addresses);
    if (!range) return refuse(`${quote(addresses)} is not a range of addresses`, cureOf(addresses));
    const narrowed = traffic === undefined ? anyTraffic : parseTraffic(traffic);
    if (narrowed) return accept({ range, ...narrowed });
    return refuse(
      `${quote(`[${traffic}]`)} is not a protocol and a port`,
      'Write for example [tcp/443], [udp/5000-5010] or [icmp].',
    );
  },
);

type Traffic = Omit<Selector, 'range'>;
const anyTraffic: Traffic = { protocol: 0, ports: anyPort };

function parseTraffic(text: string): Traffic | undefined {
  const [name = '', portText = 'any', more] = text.split('/');
  const protocol = protocols.get(name) ?? wholeUpTo(name, 255);
  const ports = parsePorts(portText);
  if (protocol === undefined || !ports || more !== undefined) return undefined;
  // Ports mean something only where the protocol is known to have them (RFC 7296 §3.13.1).
  return protocol === 0 && ports !== anyPort ? undefined : { protocol, ports };
}

function parsePorts(text: string): Selector['ports'] | undefined {
  if (text === 'any') return anyPort;
  const [from = '', to = from, more] = text.split('-');
  const start = wholeUpTo(from, 65535);
  const end = wholeUpTo(to, 65535);
  if (start === undefined || end === undefined || more !== undefined) return undefined;
  return start <= end ? { start, end } : undefined;
}

function wholeUpTo(text: string, most: number): number | undefined {
  return /^\d{1,5}$/.test(text) && Number(text) <= most ? Number(text) : undefined;
}

function cureOf(addresses: string): string {
  if (!addresses.includes('-')) return cureOfPrefix(addresses);
  return 'Write the lowest and the highest address, such as 10.3.0.7-10.3.0.20.';
}

/** The names that people use; any other protocol by its number. */
const protocols: ReadonlyMap<string, number> = new Map([
  ['any', 0],
  ['icmp', 1],
  ['tcp', 6],
  ['udp', 17],
  ['gre', 47],
  ['ipv6-icmp', 58],
  ['sctp', 132],
]);
