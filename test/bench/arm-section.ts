// What sealing costs on processors of routers that are not here: cycles by llvm-mca's models of them, for every
// instruction that a packet takes, and what that makes at the clocks they have. An estimate: caches are perfect in it,
// and all but the cipher is left out.
import { existsSync } from 'node:fs';
import { run } from '../lab/command.ts';
import { type Report, thousands } from '../lab/report.ts';
import { TRACER, traceSeal } from './arm-trace.ts';
import type { Figures } from './probes.ts';
import type { Section } from './section.ts';
import { pick, type Sample } from './statistics.ts';

const CORES = ['cortex-a53', 'cortex-a55', 'cortex-a72', 'cortex-a76'] as const;
/** A packet of a full-sized segment, and one that is ten groups of the widest loop longer. */
const PACKET = 1408;
const LONGER = PACKET + 1280;

/** As the C module calls them; the length of their keys in bytes. */
const CIPHERS = [
  ['AES-128-GCM', 'aes-gcm armv8+pmull', 16],
  ['AES-256-GCM', 'aes-gcm armv8+pmull', 32],
  ['ChaCha20-Poly1305', 'chacha20-poly1305 neon', 32],
  ['AES-128-GCM without AES instructions', 'aes-gcm portable', 16],
] as const;

/** Routers by the core that they have, and its clock in GHz. */
const ROUTERS = [
  ['GL-MT3000', 'cortex-a53', 1.3],
  ['GL-MT6000, BananaPi R3', 'cortex-a53', 2.0],
  ['Linksys E8450', 'cortex-a53', 1.35],
  ['NanoPi R5S', 'cortex-a55', 2.0],
  ['NanoPi R4S', 'cortex-a72', 1.8],
  ['Raspberry Pi 5', 'cortex-a76', 2.4],
] as const;

export function arm(): Section {
  return {
    key: 'arm',
    title:
      'ARMv8 by llvm-mca: cycles per byte of the inner loop, and of a whole packet of 1,408 bytes',
    rows: CIPHERS.map(([title, name, keyBytes]) => ({
      key: title,
      title,
      whyNot,
      measure: () => analyse(name, keyBytes),
    })),
    figures: CORES.flatMap((core) => [
      { key: `${core}-loop`, title: `${core.slice(7)} loop`, digits: 2 },
      { key: `${core}-packet`, title: 'packet', digits: 2 },
    ]),
    seconds: 3,
    once: true,
    counted: true,
  };
}

/** What one core could seal if it did nothing else. */
export function printRouters(report: Report, samples: readonly Sample[]): void {
  const cost = (cipher: string, core: string): number | undefined =>
    pick(samples, 'arm', cipher, `${core}-packet`)[0]?.value;
  const rows = ROUTERS.flatMap(([router, core, gigahertz]) => {
    const speeds = CIPHERS.slice(0, 3).map(([cipher]) => cost(cipher, core));
    if (speeds.some((each) => each === undefined)) return [];
    const megabits = speeds.map((each = 1) => thousands(Math.round((gigahertz * 8000) / each)));
    return [[`${router} (${core.slice(7)}, ${gigahertz} GHz)`, ...megabits]];
  });
  if (rows.length === 0) return;
  report.title('estimate: Mb/s that one core of a router seals, the cipher alone');
  report.table([['', ...CIPHERS.slice(0, 3).map(([cipher]) => cipher)], ...rows]);
}

function whyNot(): string | undefined {
  if (!existsSync('/usr/bin/llvm-mca')) return 'missing: llvm-mca';
  return existsSync(TRACER) ? undefined : 'make -C native arm64-trace';
}

async function analyse(name: string, keyBytes: number): Promise<Figures> {
  const packet = await traceSeal(name, keyBytes, PACKET);
  const longer = await traceSeal(name, keyBytes, LONGER);
  const figures: Record<string, number> = {};
  for (const core of CORES) {
    const spent = await cycles(core, packet);
    figures[`${core}-packet`] = spent / PACKET;
    figures[`${core}-loop`] = ((await cycles(core, longer)) - spent) / (LONGER - PACKET);
  }
  return figures;
}

async function cycles(core: string, assembly: string): Promise<number> {
  const argv = ['llvm-mca', '-mtriple=aarch64', '-mattr=+crypto', `-mcpu=${core}`];
  const text = await run([...argv, '-iterations=1', '-'], { input: assembly, limit: 120_000 });
  const total = /^Total Cycles: +(\d+)$/m.exec(text)?.[1];
  if (total === undefined) throw new Error('llvm-mca gave no cycles');
  return Number(total);
}
