// The language of the program `ip`: what we put into the kernel's tables as its words, and its answers read.
// iproute2 and BusyBox take the same words. `nodad` is not among them: BusyBox has none, and no duplicate is
// looked for on a TUN device, which is NOARP; that it may be a source of routes takes a moment all the same.
import { formatPrefix, type Ip, isIpv4, type Prefix, parseIp, parsePrefix } from '../base/ip.ts';

/** Something that we put into the kernel's tables. */
export type Entry =
  /** An address of the TUN device. */
  | { readonly kind: 'address'; readonly prefix: Prefix }
  /** A network behind the TUN device; `source` is what the host itself calls it from. */
  | { readonly kind: 'route'; readonly prefix: Prefix; readonly source: Ip | undefined }
  | Bypass;

/** A peer keeps the way it has, whatever our other routes say: the tunnel's own packets go there. */
export interface Bypass {
  readonly kind: 'bypass';
  readonly peer: Ip;
  /** Undefined: a neighbour. */
  readonly via: Ip | undefined;
  readonly device: string;
}

/** The arguments of `ip` that put an entry in or take it out. */
export function wordsFor(action: 'add' | 'del', entry: Entry, tun: string): readonly string[] {
  switch (entry.kind) {
    case 'address':
      return [familyOf(entry.prefix.ip), 'address', action, formatPrefix(entry.prefix), 'dev', tun];
    case 'route': {
      const { prefix, source } = entry;
      const words = [familyOf(prefix.ip), 'route', action, formatPrefix(prefix), 'dev', tun];
      return source === undefined ? words : [...words, 'src', source];
    }
    case 'bypass':
      return [familyOf(entry.peer), 'route', action, ...formatBypass(entry).split(' ')];
  }
}

/** `203.0.113.2 via 192.168.7.1 dev wlan0` */
export function formatBypass({ peer, via, device }: Bypass): string {
  return via === undefined ? `${peer} dev ${device}` : `${peer} via ${via} dev ${device}`;
}

/** Reads what `formatBypass` writes, and an answer to `askWay`; undefined when it leads to no device. */
export function readBypass(line: string): Bypass | undefined {
  const words = line.trim().split(/\s+/);
  const peer = parseIp(words[0] ?? '');
  const device = wordAfter('dev', words);
  if (peer === undefined || device === undefined) return undefined;
  return { kind: 'bypass', peer, via: parseIp(wordAfter('via', words) ?? ''), device };
}

/** Asks which way packets of ours take; of a destination on the host itself the answer is no bypass. */
export const askWay = (from: Ip | undefined, to: Ip): readonly string[] => [
  familyOf(to),
  'route',
  'get',
  to,
  ...(from === undefined ? [] : ['from', from]),
];

/** Our address in an answer to `ip route get`. */
export const readSource = (answer: string): Ip | undefined =>
  parseIp(wordAfter('src', answer.trim().split(/\s+/)) ?? '');

/** A line of the routing table. */
export interface TableRoute {
  readonly prefix: Prefix;
  readonly device: string;
  /** Undefined: neighbours. */
  readonly via: Ip | undefined;
  readonly metric: number;
  /** Its link is down; the kernel may use it all the same. */
  readonly isDead: boolean;
}

/** The tables of these families, as `ip route show` prints them. */
export async function existingRoutes(
  run: (program: string, args: readonly string[]) => Promise<string>,
  ...families: readonly ('-4' | '-6')[]
): Promise<readonly TableRoute[]> {
  const tables = await Promise.all(
    families.map(async (family) => {
      const table = await run('ip', [family, 'route', 'show']).catch(() => '');
      return table.split('\n').flatMap((line) => readRoute(line, family) ?? []);
    }),
  );
  return tables.flat();
}

function readRoute(line: string, family: '-4' | '-6'): TableRoute | undefined {
  const words = line.trim().split(/\s+/);
  const everything = family === '-4' ? '0.0.0.0/0' : '::/0';
  const prefix = parsePrefix(words[0] === 'default' ? everything : (words[0] ?? ''));
  const device = wordAfter('dev', words);
  if (prefix === undefined || device === undefined) return undefined;
  return {
    prefix,
    device,
    via: parseIp(wordAfter('via', words) ?? ''),
    metric: Number(wordAfter('metric', words) ?? 0),
    isDead: words.includes('linkdown') || words.includes('dead'),
  };
}

function wordAfter(name: string, words: readonly string[]): string | undefined {
  const at = words.indexOf(name);
  return at < 0 ? undefined : words[at + 1];
}

export const familyOf = (ip: Ip): '-4' | '-6' => (isIpv4(ip) ? '-4' : '-6');
