// What a gateway costs and how fast it answers, charon beside ours, a hundred clients of charon's in front of both:
// how soon it listens, how long a handshake takes and what it costs, what a hundred tunnels take in memory and rest.
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { SUITE } from '../lab/phone.ts';
import { whyNot } from '../lab/ready.ts';
import { CLIENTS, handshakeFigures, handshakes } from './crowd.ts';
import { inPair } from './pair.ts';
import type { Figures } from './probes.ts';
import type { Section } from './section.ts';
import { open, ours, type Start, swan } from './servers.ts';

/** V8 goes on compiling what the handshakes ran for some seconds: no rest yet. */
const SETTLE_SECONDS = 12;
const REST_SECONDS = 8;

export function gateways(): Section {
  return {
    key: 'gateway',
    title: `a gateway and ${CLIENTS} clients (${SUITE.ike}, shared key)`,
    rows: [
      {
        key: 'ours',
        title: 'ikev2-ts',
        whyNot: () => whyNot('our gateway', 'strongSwan'),
        measure: () => measure(ours),
      },
      {
        key: 'swan',
        title: 'strongSwan charon',
        whyNot: () => whyNot('strongSwan'),
        measure: () => measure(swan),
      },
    ],
    figures: [
      { key: 'start', title: 'listens after, s', digits: 2 },
      ...handshakeFigures,
      { key: 'rss', title: `MB with ${CLIENTS}`, digits: 1 },
      { key: 'own', title: 'of it its own', digits: 1 },
      { key: 'rest', title: 'CPU at rest, %', digits: 2 },
    ],
    seconds: SETTLE_SECONDS + REST_SECONDS + 25,
  };
}

const measure = (start: Start): Promise<Figures> =>
  inPair('offloads', async (pair) => {
    const { pid, seconds } = await open(pair, SUITE, start);
    return { start: seconds, ...(await handshakes(pair, pid, SUITE, () => rest(pid))) };
  });

async function rest(pid: number): Promise<Figures> {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const megabytes = (field: string): number =>
    Number(new RegExp(`^${field}:\\s*(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) / 1024;
  await pause(SETTLE_SECONDS * 1000);
  const before = nanoseconds(pid);
  await pause(REST_SECONDS * 1000);
  return {
    rss: megabytes('VmRSS'),
    own: megabytes('RssAnon'),
    rest: ((nanoseconds(pid) - before) / (REST_SECONDS * 1e9)) * 100,
  };
}

/** Of all threads; finer than the ticks of /proc/PID/stat. */
const nanoseconds = (pid: number): number =>
  readdirSync(`/proc/${pid}/task`).reduce((sum, thread) => {
    const schedule = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8');
    return sum + Number(schedule.split(' ')[0]);
  }, 0);
