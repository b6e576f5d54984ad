// A gateway in use: twenty clients, strongSwan and ghosts of the native ones, that come and go, renew their keys, roam and
// carry traffic, for as long as SOAK_SECONDS says. It neither falls nor grows, keeps no address that nobody has, and logs
// no error. `make soak HOURS=8` is the long one.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { android13 } from '../ghost/android.ts';
import { ios17 } from '../ghost/apple.ts';
import { networkManager } from '../ghost/networkmanager.ts';
import { inCheckout } from '../lab/checkout.ts';
import { attempt, run } from '../lab/command.ts';
import { Gateway } from '../lab/gateway.ts';
import { address } from '../lab/home.ts';
import { basics, presharedKey, pskGuests } from '../lab/household.ts';
import { type Dial, gatewayName, startPhone } from '../lab/phone.ts';
import { stage } from '../lab/stage.ts';
import { until } from '../lab/until.ts';
import { restartNat } from '../lab/uplink.ts';
import { seeded } from '../sim/chance.ts';
import type { GhostReport, GhostSetup } from './ghost-run.ts';
import { aDay } from './ghosts.ts';

const seconds = Number(process.env['SOAK_SECONDS'] ?? 60);
const secret = 'correct horse battery';
const swans = Array.from({ length: 12 }, (_, i) => `swan${i}@example.org`);
const ghosts = Array.from({ length: 8 }, (_, i) => ({
  name: `ghost${i}@example.org`,
  model: [ios17, android13, networkManager][i % 3] ?? ios17,
  from: `203.0.113.${100 + i}`,
  elsewhere: `203.0.113.${150 + i}`,
}));
const nameOf = (id: string): string => id.replace(/@.*/, '');

const scene = stage({
  needs: ['our gateway', 'strongSwan', 'iperf3'],
  async play(home) {
    const places = ghosts.flatMap(({ from, elsewhere }) => [`${from}/24`, `${elsewhere}/24`]);
    home.internet.address('isp', ...places);
    const people = [...swans, ...ghosts.map(({ name }) => name)];
    const gateway = await Gateway.start(home.lab, home.router, [
      ...basics({ log: 'info' }),
      pskGuests({ suite: 'compatible', dpd: 20 }),
      ...people.map((name) => presharedKey(name, secret)),
    ]);
    const dials = Object.fromEntries(
      swans.map((id): [string, Dial] => [nameOf(id), { login: { kind: 'psk', id, secret } }]),
    );
    const phone = await startPhone(home, dials, { retransmit: 1 });
    const bundler = [process.execPath, inCheckout('cross/bundle-tool.mjs')];
    const program = inCheckout((await run([...bundler, 'test/interop/ghost-run.ts'])).trim());
    const server = home.lab.start(home.lan, 'iperf-server', ['iperf3', '-s', '--forceflush']);
    await until('iperf3 listens', () => server.log.includes('listening'));
    return { gateway, phone, program };
  },
});

/** What was done, and what came to nothing. */
const tally = { dials: 0, renewals: 0, days: 0, moves: 0, streams: 0, megabytes: 0, failed: 0 };

test(`${swans.length + ghosts.length} clients come, go, roam and renew for ${seconds} s`, {
  timeout: 180_000 + 2_000 * seconds,
  retry: 0,
}, async () => {
  const { gateway } = scene();
  const end = performance.now() + 1000 * seconds;
  const goesOn = (): boolean => performance.now() < end;
  const memory: number[] = [];

  await Promise.all([
    ...swans.map((id, i) => liveAsSwan(nameOf(id), i, goesOn)),
    ...ghosts.map((ghost) => liveAsGhost(ghost, goesOn)),
    streamNowAndThen(goesOn),
    moveNowAndThen(goesOn),
    weighNowAndThen(memory, goesOn),
  ]);

  console.info(`${JSON.stringify(tally)}; MiB: ${memory.join(' ')}`);
  expect(gateway.isRunning).toBe(true);
  expect(tally.dials).toBeGreaterThan(0);
  expect(tally.days).toBeGreaterThan(0);
  await until(
    'nobody is there any more, and every address is free',
    async () => {
      const { sas, pools } = await gateway.status();
      return sas.length === 0 && pools.every(({ used }) => used === 0);
    },
    120_000,
  );
  expect(gateway.log).not.toMatch(/^error: |bug in ikev2d/m);
  // V8 takes room in the first minutes; from then on it stands.
  const early = memory[Math.floor(memory.length / 3)] ?? 0;
  expect((memory.at(-1) ?? 0) - early).toBeLessThan(48);
});

async function liveAsSwan(name: string, seed: number, goesOn: () => boolean): Promise<void> {
  const { phone } = scene();
  const rng = seeded(seed + 1);
  const chance = (): number => (rng(1)[0] ?? 0) / 256;
  while (goesOn()) {
    const { code } = await phone.initiate(name);
    if (code === 0) tally.dials++;
    else tally.failed++;
    for (let acts = Math.floor(chance() * 5); acts > 0 && goesOn(); acts--) {
      await pause(500 + 4000 * chance());
      await phone.control(['--rekey', chance() < 0.5 ? '--child' : '--ike', name]);
      tally.renewals++;
    }
    await pause(2000 * chance());
    await phone.terminate(name);
  }
}

async function liveAsGhost(who: (typeof ghosts)[number], goesOn: () => boolean): Promise<void> {
  const { home, program } = scene();
  const { name, model, from, elsewhere } = who;
  const steps = aDay('v4').map((step) =>
    step.kind === 'move' ? { ...step, to: elsewhere } : step,
  );
  const setup: GhostSetup = {
    ...{ model: model.name, server: gatewayName, name, from, gateway: address.router },
    ...{ login: { secret }, steps },
  };
  const file = join(home.lab.dir, `${nameOf(name)}.json`);
  writeFileSync(file, JSON.stringify(setup), { mode: 0o600 });
  while (goesOn()) {
    const words = [process.execPath, program, file];
    const { code, stdout } = await home.internet.attempt(words, { limit: 60_000 });
    const report: GhostReport | undefined = code === 0 ? JSON.parse(stdout) : undefined;
    if (report?.steps.length === steps.length && report.complaints.length === 0) tally.days++;
    else tally.failed++;
    await pause(1000);
  }
}

/** Through whatever tunnel strongSwan has at the moment. */
async function streamNowAndThen(goesOn: () => boolean): Promise<void> {
  const { home, phone } = scene();
  while (goesOn()) {
    const sas = await phone.listSas();
    const from = sas.flatMap((sa) => sa.virtualAddresses).find((one) => !one.includes(':'));
    const words = ['iperf3', '-J', '-c', address.lan, '-B', `${from}`, '-t', '3', '-b', '20M'];
    const outcome = from && (await attempt(home.phone.inside(words), { limit: 20_000 }));
    if (outcome && outcome.code === 0) {
      tally.streams++;
      tally.megabytes += Math.round(JSON.parse(outcome.stdout).end.sum_received.bytes / 1e6);
    }
    await pause(1000);
  }
}

async function moveNowAndThen(goesOn: () => boolean): Promise<void> {
  while (goesOn()) {
    await pause(20_000);
    restartNat(scene().home);
    tally.moves++;
  }
}

async function weighNowAndThen(memory: number[], goesOn: () => boolean): Promise<void> {
  const { pid } = scene().gateway;
  const every = Math.max(5_000, (seconds * 1000) / 24);
  while (goesOn()) {
    await pause(every);
    const [, kib = ''] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    memory.push(Math.round(Number(kib) / 1024));
  }
}
