// The shapes of what methods return, and how the daemon's own values become them. Times are seconds since
// 1970; counts of bytes are numbers, exact up to eight million gigabytes.
import * as z from 'zod/mini';
import { formatSocket } from '../base/ip.ts';
import type { ChildSnapshot, SaSnapshot } from '../ike/core.ts';
import type { Problem } from '../policy/problem.ts';
import type { ChildFigures, DaemonApi } from './api.ts';

export const counts = z.record(z.string(), z.number());

export const childShape = z.object({
  id: z.number(),
  suite: z.string(),
  encap: z.enum(['udp', 'raw']),
  local: z.array(z.string()),
  remote: z.array(z.string()),
  spiIn: z.string(),
  spiOut: z.string(),
  since: z.number(),
  /** When this side asks for new keys. */
  rekey: z.optional(z.number()),
  rxPackets: z.number(),
  rxBytes: z.number(),
  txPackets: z.number(),
  txBytes: z.number(),
  /** Seconds since an authenticated packet last came in. */
  idle: z.optional(z.number()),
  /** The largest packets in bytes: outside as far as the path is known, and IPv4 inside. */
  pathMtu: z.optional(z.number()),
  mtu: z.optional(z.number()),
  drops: counts,
});

export const saShape = z.object({
  id: z.number(),
  phase: z.string(),
  role: z.enum(['initiator', 'responder']),
  connection: z.optional(z.string()),
  peer: z.optional(z.string()),
  /** The user or device whose password let it in. */
  user: z.optional(z.string()),
  /** Serial number of the certificate that it proved itself with. */
  certificate: z.optional(z.string()),
  local: z.string(),
  remote: z.string(),
  nat: z.enum(['none', 'local', 'remote', 'both']),
  suite: z.optional(z.string()),
  /** ML-KEM is in its keys, and in those of its tunnels. */
  postQuantum: z.boolean(),
  /** The id of the post-quantum pre-shared key in its keys. */
  ppk: z.optional(z.string()),
  addresses: z.array(z.string()),
  spiI: z.string(),
  spiR: z.string(),
  created: z.number(),
  /** Absent until the peer has proved who it is. */
  since: z.optional(z.number()),
  rekey: z.optional(z.number()),
  rxBytes: z.number(),
  txBytes: z.number(),
  children: z.array(childShape),
});
export type SaView = z.infer<typeof saShape>;
export type ChildView = z.infer<typeof childShape>;

export const problemShape = z.object({
  severity: z.enum(['error', 'warning']),
  section: z.string(),
  option: z.optional(z.string()),
  line: z.optional(z.number()),
  why: z.string(),
  cure: z.string(),
});

export const poolShape = z.object({
  name: z.string(),
  ranges: z.array(z.string()),
  used: z.number(),
  size: z.number(),
});

export function viewSa(daemon: DaemonApi, sa: SaSnapshot): SaView {
  const children = sa.children.map((child) => viewChild(daemon, child));
  const before = daemon.carriedBefore(sa.id);
  return {
    id: sa.id,
    phase: sa.phase,
    role: sa.role,
    ...(sa.connection === undefined ? {} : { connection: sa.connection }),
    ...(sa.peer === undefined ? {} : { peer: sa.peer }),
    ...(sa.user === undefined ? {} : { user: sa.user }),
    ...(sa.certificate === undefined ? {} : { certificate: serialOf(sa.certificate) }),
    local: formatSocket(sa.path.local),
    remote: formatSocket(sa.path.remote),
    nat: natSide(sa.nat),
    ...(sa.suite === undefined ? {} : { suite: sa.suite }),
    postQuantum: sa.postQuantum,
    ...(sa.ppk === undefined ? {} : { ppk: sa.ppk }),
    addresses: [...sa.addresses],
    spiI: sa.spiI,
    spiR: sa.spiR,
    created: daemon.wallSeconds(sa.createdAt),
    ...(sa.establishedAt === undefined ? {} : { since: daemon.wallSeconds(sa.establishedAt) }),
    ...(sa.rekeyAt === undefined ? {} : { rekey: daemon.wallSeconds(sa.rekeyAt) }),
    rxBytes: Number(before.rxBytes) + sum(children.map(({ rxBytes }) => rxBytes)),
    txBytes: Number(before.txBytes) + sum(children.map(({ txBytes }) => txBytes)),
    children,
  };
}

export function viewProblem({ severity, section, option, line, why, cure }: Problem) {
  return {
    severity,
    section,
    ...(option === undefined ? {} : { option }),
    ...(line === undefined ? {} : { line }),
    why,
    cure,
  };
}

export function viewPools(daemon: DaemonApi): z.infer<typeof poolShape>[] {
  return daemon.pools().map(({ ranges, ...usage }) => ({ ...usage, ranges: [...ranges] }));
}

export function viewCounts(counters: Readonly<Record<string, number | bigint>>) {
  return Object.fromEntries(Object.entries(counters).map(([name, n]) => [name, Number(n)]));
}

function viewChild(daemon: DaemonApi, child: ChildSnapshot): ChildView {
  const figures = daemon.childFigures(child.ref);
  return {
    id: child.ref,
    suite: child.suite,
    encap: child.encap,
    local: [...child.local],
    remote: [...child.remote],
    spiIn: child.spiIn,
    spiOut: child.spiOut,
    since: daemon.wallSeconds(child.createdAt),
    ...(child.rekeyAt === undefined ? {} : { rekey: daemon.wallSeconds(child.rekeyAt) }),
    rxPackets: Number(figures?.rxPackets ?? 0),
    rxBytes: Number(figures?.rxBytes ?? 0),
    txPackets: Number(figures?.txPackets ?? 0),
    txBytes: Number(figures?.txBytes ?? 0),
    ...(figures === undefined ? {} : viewNow(figures)),
    drops: viewCounts(figures?.drops ?? {}),
  };
}

function viewNow({ idleMs, pathMtu, innerMtu }: ChildFigures) {
  return { idle: Math.round(idleMs / 1000), pathMtu, mtu: innerMtu };
}

/** Of a certificate as the verdict on its chain named it: `issuer:serial`. */
const serialOf = (certificate: string): string =>
  certificate.slice(certificate.lastIndexOf(':') + 1);

function natSide({ local, remote }: SaSnapshot['nat']): SaView['nat'] {
  if (local) return remote ? 'both' : 'local';
  return remote ? 'remote' : 'none';
}

const sum = (values: readonly number[]): number => values.reduce((total, n) => total + n, 0);
