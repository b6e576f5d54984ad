// What a gateway costs and how fast it answers, charon beside ours, a hundred clients of charon's in front of both:
// how soon it listens, how long a handshake takes and what it costs, what a hundred tunnels take in memory and rest.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Charon } from '../lab/charon.ts';
import { Gateway } from '../lab/gateway.ts';
import { gatewayName, SUITE } from '../lab/phone.ts';
import { whyNot } from '../lab/ready.ts';
import type { Settings } from '../lab/swanctl.ts';
import { section } from '../lab/uci.ts';
import { until } from '../lab/until.ts';
import { inner, inPair, outer, type Pair } from './pair.ts';
import type { Figures } from './probes.ts';
import type { Section } from './section.ts';
import { median } from './statistics.ts';
import { timeOf } from './weather.ts';

/** One after the other, for the latency; the rest at once. */
const SINGLY = 20;
/** How often the rest comes again: a router runs for months, and JavaScript gets faster while it does. */
const AGAIN = 5;
const CLIENTS = 100;
const REST_SECONDS = 5;
const PSK = 'correct horse battery staple';
const POOL = '10.3.0.0/24';

export function gateways(): Section {
  return {
    key: 'gateway',
    title: `a gateway and ${CLIENTS} clients (${SUITE.ike}, shared key)`,
    rows: [
      {
        key: 'ours',
        title: 'ikev2-ts',
        whyNot: () => whyNot('our gateway', 'strongSwan'),
        measure: () => measure(startOurs),
      },
      {
        key: 'swan',
        title: 'strongSwan charon',
        whyNot: () => whyNot('strongSwan'),
        measure: () => measure(startSwan),
      },
    ],
    figures: [
      { key: 'start', title: 'listens after, s', digits: 2 },
      { key: 'latency', title: 'handshake, ms', digits: 2 },
      { key: 'rate', title: 'handshakes/s', digits: 0 },
      { key: 'cpu', title: 'CPU ms each', digits: 2 },
      { key: 'warm', title: 'later on: a second', digits: 0 },
      { key: 'warm-cpu', title: 'CPU ms each', digits: 2 },
      { key: 'rss', title: `MB with ${CLIENTS}`, digits: 1 },
      { key: 'own', title: 'of it its own', digits: 1 },
      { key: 'rest', title: 'CPU at rest, %', digits: 2 },
    ],
    seconds: REST_SECONDS + 25,
  };
}

type Start = (pair: Pair) => Promise<{ readonly pid: number }>;

const measure = (start: Start): Promise<Figures> =>
  inPair('offloads', async (pair) => {
    pair.right.address('lo', `${inner.right}/32`);
    const began = performance.now();
    const starting = start(pair);
    await until('the gateway listens', () => listens(pair), 20_000);
    const listening = (performance.now() - began) / 1000;
    const { pid } = await starting;
    return { start: listening, ...(await handshakes(pair, pid)) };
  });

/** Whether somebody on the right has UDP port 500: 01F4. */
function listens(pair: Pair): boolean {
  return /: 0{8}:01F4|: [0-9A-F]{8}:01F4/.test(pair.right.runNow('cat', '/proc/net/udp'));
}

function startOurs({ lab, right }: Pair): Promise<Gateway> {
  const common = { local_auth: 'psk', remote_auth: ['psk'], ike: [SUITE.ike], esp: [SUITE.esp] };
  const sections = [
    section('service', 'main', { identity: gatewayName, log: 'warn' }),
    section('pool', 'addresses', { range: [POOL] }),
    section('connection', 'clients', {
      ...common,
      pool: 'addresses',
      local_ts: [`${inner.right}/32`],
    }),
    section('psk', 'key', { id: everyone().map(({ name }) => name), secret: PSK }),
  ];
  return Gateway.start(lab, right, sections, { name: 'right' });
}

function startSwan({ lab, right }: Pair): Promise<Charon> {
  const children = {
    net: { local_ts: `${inner.right}/32`, esp_proposals: SUITE.esp },
  };
  const config: Settings = {
    connections: {
      clients: {
        version: 2,
        proposals: SUITE.ike,
        encap: true,
        pools: 'addresses',
        local: { auth: 'psk', id: gatewayName },
        remote: { auth: 'psk' },
        children,
      },
    },
    pools: { addresses: { addrs: POOL } },
    secrets: { 'ike-all': { secret: PSK } },
  };
  return Charon.start(lab, right, { name: 'right', config, daemon: { filelog: {} } });
}

/** Each has an address of its own, for gateways do not like many strangers at one. */
const everyone = () =>
  Array.from({ length: CLIENTS }, (_, i) => ({
    name: `client${i}`,
    address: `192.0.2.${100 + i}`,
  }));

async function handshakes(pair: Pair, pid: number): Promise<Figures> {
  const clients = everyone();
  pair.left.address('wan', ...clients.map(({ address }) => `${address}/24`));
  const connections: Settings = Object.fromEntries(
    clients.map((client, i) => [client.name, connectionOf(client, i >= SINGLY)]),
  );
  const secrets = { 'ike-all': { secret: PSK } };
  const some = Object.fromEntries(Object.entries(connections).slice(0, SINGLY));
  const log = join(pair.lab.folder('clients'), 'clock.log');
  const clock = { path: log, default: 0, ike: 1, flush_line: true, time_add_ms: true };
  const charon = await Charon.start(pair.lab, pair.left, {
    name: 'clients',
    config: { connections: some, secrets },
    daemon: { filelog: { clock: { ...clock, time_format: '%s' } } },
  });
  for (const { name } of clients.slice(0, SINGLY)) {
    const { code, stdout, stderr } = await charon.initiate(name);
    if (code !== 0) throw new Error(stdout + stderr);
  }
  const single = spans(log);
  const crowd = { charon, log, pid, connections: { connections, secrets } };
  const cold = await comeIn(crowd);
  // Before the crowd leaves: what has left lingers for a while.
  const resting = await rest(pid);
  let warm = cold;
  for (let i = 0; i < AGAIN; i += 1) {
    await charon.reload({ connections: some, secrets });
    await until(
      'the crowd has left',
      async () => (await charon.listSas()).length === SINGLY,
      60_000,
    );
    warm = await comeIn(crowd);
  }
  return {
    latency: median(single.map(({ start, end }) => end - start)),
    ...cold,
    ...resting,
    warm: warm.rate,
    'warm-cpu': warm.cpu,
  };
}

interface Crowd {
  readonly charon: Charon;
  readonly log: string;
  /** Of the gateway. */
  readonly pid: number;
  readonly connections: Settings;
}

/** All who are not in yet, at once. */
async function comeIn({ charon, log, pid, connections }: Crowd) {
  const before = spans(log).length;
  const spent = timeOf([pid]);
  await charon.reload(connections);
  await until('all clients are in', () => spans(log).length >= before + CLIENTS - SINGLY, 60_000);
  const all = spans(log).slice(before);
  const took = Math.max(...all.map(({ end }) => end)) - Math.min(...all.map(({ start }) => start));
  return {
    rate: (all.length / took) * 1000,
    cpu: ((timeOf([pid]) - spent) / all.length) * 1000,
  };
}

function connectionOf(
  client: { readonly name: string; readonly address: string },
  atOnce: boolean,
): Settings {
  const child = {
    remote_ts: `${inner.right}/32`,
    esp_proposals: SUITE.esp,
    start_action: atOnce ? 'start' : 'none',
  };
  return {
    version: 2,
    proposals: SUITE.ike,
    encap: true,
    local_addrs: client.address,
    vips: '0.0.0.0',
    remote_addrs: outer.right,
    local: { auth: 'psk', id: client.name },
    remote: { auth: 'psk', id: gatewayName },
    children: { [client.name]: child },
  };
}

/** From «initiating» to «established», in milliseconds, as the client's log has it. */
function spans(log: string): { readonly start: number; readonly end: number }[] {
  const starts = new Map<string, number>();
  const done: { start: number; end: number }[] = [];
  for (const line of readFileSync(log, 'utf8').split('\n')) {
    const [, milliseconds = '', before, name = '', behind] =
      /^([\d.]+) .*\] (initiating )?IKE_SA (\w+)\[\d+\]( established)?/.exec(line) ?? [];
    const at = Number(milliseconds) * 1000;
    const start = starts.get(name);
    if (before) starts.set(name, at);
    else if (behind && start !== undefined) done.push({ start, end: at });
  }
  return done;
}

async function rest(pid: number): Promise<Figures> {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const megabytes = (field: string): number =>
    Number(new RegExp(`^${field}:\\s*(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) / 1024;
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
