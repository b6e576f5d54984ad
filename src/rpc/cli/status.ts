// `ikectl status` in words: one line for the service, one row for each device, one line for each pool.
import type * as z from 'zod/mini';
import { printable } from '../../base/printable.ts';
import type { poolsShape } from '../methods/pool.ts';
import type { selfTestShape, statusShape } from '../methods/service.ts';
import type { SaView } from '../shapes.ts';
import { formatBytes, formatDuration, formatTable } from './text.ts';

export type Status = z.infer<typeof statusShape>;

/** @param now seconds since 1970 */
export function formatStatus(status: Status, now: number): string {
  return [serviceLine(status, now), formatSas(status.sas, now), formatPools(status.pools)]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** Empty when nobody is connected. */
export function formatSas(sas: readonly SaView[], now: number): string {
  const up = sas.filter(({ since }) => since !== undefined);
  if (up.length === 0) return '';
  return formatTable(
    headings,
    up.map((sa) => rowOf(sa, now)),
  );
}

/** One line for each pool. */
export function formatPools(pools: z.infer<typeof poolsShape>['pools']): string {
  return pools
    .map(
      ({ name, ranges, used, size }) =>
        `pool ${name}: ${used} of ${size} used, ${ranges.join(' ')}`,
    )
    .join('\n');
}

function serviceLine(
  { version, uptime, device, listen, aead, keylog, connections, certificates, sas }: Status,
  now: number,
): string {
  const up = sas.filter(({ since }) => since !== undefined).length;
  const halfOpen = sas.length - up;
  const lines = [
    `ikev2d ${version}, running for ${formatDuration(uptime)}, ${count(up, 'peer')} connected` +
      `${halfOpen > 0 ? `, ${count(halfOpen, 'handshake')} under way` : ''}`,
    `${device}, ${aead}, listening on ${listen.join(' ')}`,
    ...certificateLine(certificates, now),
    `${connections.length === 1 ? 'connection' : 'connections'}: ${connections.join(', ') || 'none'}`,
  ];
  if (keylog !== undefined)
    lines.push(`KEYS ARE WRITTEN to ${keylog}: who reads them reads the traffic`);
  return lines.join('\n');
}

/** How long they are good for; none where there are none. */
function certificateLine(certificates: Status['certificates'], now: number): readonly string[] {
  if (certificates.length === 0) return [];
  const words = certificates.map(({ name, notAfter }) => {
    const days = Math.floor((notAfter - now) / 86_400);
    return days < 0 ? `${name} EXPIRED` : `${name} ${days} d`;
  });
  return [`certificates: ${words.join(', ')}`];
}

const headings = ['id', 'peer', 'from', 'address', 'up', 'in', 'out', 'suite', 'nat'];

function rowOf(sa: SaView, now: number): string[] {
  return [
    `${sa.id}`,
    printable(sa.peer ?? '?', 28),
    sa.remote,
    sa.addresses.join('\n'),
    formatDuration(now - (sa.since ?? now)),
    formatBytes(sa.rxBytes),
    formatBytes(sa.txBytes),
    suitesOf(sa),
    natWords[sa.nat],
  ];
}

/** What is in the keys of the IKE SA is in the keys of all its tunnels. */
function suitesOf({ children, postQuantum, ppk }: SaView): string {
  const more = [...(postQuantum ? ['post-quantum'] : []), ...(ppk === undefined ? [] : ['PPK'])];
  const suites = [...new Set(children.map(({ suite }) => suite))];
  return suites.map((suite) => [suite, ...more].join(', ')).join('\n') || 'no tunnel';
}

const natWords = { none: 'no', local: 'ours', remote: 'theirs', both: 'both' } as const;
const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;

/** `ikectl selftest` in words: a mark, what was looked at, what was seen, and below it what helps. */
export function formatChecks(checks: z.infer<typeof selfTestShape>['checks']): string {
  return checks
    .map(({ name, state, says, cure }) => {
      const line = `${marks[state].padEnd(9)}${name}: ${printable(says, 300)}`;
      return cure === undefined ? line : `${line}\n${' '.repeat(9)}${printable(cure, 300)}`;
    })
    .join('\n');
}

const marks = { fine: 'fine', doubtful: 'perhaps', broken: 'BROKEN', unknown: 'unknown' } as const;
