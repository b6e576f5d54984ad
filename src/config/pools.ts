// The sections `pool`: ranges must have room for the router and a client, and must not overlap.
import {
  compareIp,
  formatPrefix,
  type IpRange,
  isIpv4,
  type Prefix,
  prefixRange,
} from '../base/ip.ts';
import { type PoolSettings, rangeFault } from '../policy/pool.ts';
import type { Findings, Place } from './findings.ts';
import { named, type Section } from './read.ts';

export function loadPools(
  sections: readonly Section<'pool'>[],
  findings: Findings,
): readonly PoolSettings[] {
  for (const pool of sections) checkRanges(pool, findings);
  checkOverlaps(sections, findings);
  return named(sections, findings).map(({ name, options }) => {
    const { range: ranges, dns, domain: domains, sticky } = options;
    return { name, ranges, dns, domains, sticky };
  });
}

function checkRanges({ section, options }: Section<'pool'>, findings: Findings): void {
  const option = 'range';
  for (const [index, range] of options.range.entries()) {
    const complaint = complaintAbout(range);
    if (complaint) findings.error({ section, option, index }, ...complaint);
  }
  if (options.domain.length > 0 && options.dns.length === 0) {
    findings.warning(
      { section, option: 'domain' },
      'domains are of no use to clients without a DNS server',
      'Add the address of the router in this pool as list dns.',
    );
  }
}

function complaintAbout(range: Prefix): readonly [why: string, cure: string] | undefined {
  const text = formatPrefix(range);
  const isV4 = isIpv4(range.ip);
  switch (rangeFault(range)) {
    case 'too-small':
      return [
        `${text} is too small: it has no room for the router and a client`,
        `Write a length of at most ${isV4 ? 30 : 126}; usual is ${isV4 ? '/24' : '/64'}.`,
      ];
    case 'too-large':
      return [
        `${text} is too large: it takes in addresses of the Internet`,
        `Write a private range, such as ${isV4 ? '10.3.0.0/24' : 'fd00:3::/64'}.`,
      ];
    case 'router-is-broadcast':
      return [
        `${range.ip} would be the router, and it is the broadcast address of ${text}`,
        'Write another address of the range before the slash, usually the first.',
      ];
    default:
      return undefined;
  }
}

interface Placed {
  readonly place: Place;
  readonly prefix: Prefix;
  readonly range: IpRange;
}

/** Sorted by their start, ranges overlap only if one begins before the end of those before it. */
function checkOverlaps(sections: readonly Section<'pool'>[], findings: Findings): void {
  const all: Placed[] = sections.flatMap(({ section, options }) =>
    options.range.map((prefix, index) => ({
      place: { section, option: 'range', index },
      prefix,
      range: prefixRange(prefix),
    })),
  );
  const sound = all.filter(({ prefix }) => !rangeFault(prefix));
  let widest: Placed | undefined;
  for (const next of sound.toSorted((a, b) => compareIp(a.range.start, b.range.start))) {
    if (widest && reaches(widest.range, next.range)) reportOverlap(widest, next, findings);
    if (!widest || isLonger(next.range, widest.range)) widest = next;
  }
}

const reaches = (before: IpRange, next: IpRange): boolean => compareIp(next.start, before.end) <= 0;
const isLonger = (a: IpRange, b: IpRange): boolean => compareIp(a.end, b.end) > 0;

/** The later one in the file is at fault. */
function reportOverlap(a: Placed, b: Placed, findings: Findings): void {
  const [first, second] = isBefore(a.place, b.place) ? [a, b] : [b, a];
  findings.error(
    second.place,
    `${formatPrefix(second.prefix)} overlaps ${formatPrefix(first.prefix)} of ${first.place.section.label}`,
    'Give every pool addresses of its own.',
  );
}

function isBefore(a: Place, b: Place): boolean {
  if (a.section !== b.section) return a.section.line < b.section.line;
  return (a.index ?? 0) < (b.index ?? 0);
}
