// A hundred clients of charon's in front of a gateway: some come singly, for the latency, the others at once, for the
// rate, and those again and again.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Charon, type CharonVersion } from '../lab/charon.ts';
import type { Namespace } from '../lab/namespace.ts';
import { gatewayName } from '../lab/phone.ts';
import type { Settings } from '../lab/swanctl.ts';
import { until } from '../lab/until.ts';
import { inner, outer, type Pair } from './pair.ts';
import type { Figures } from './probes.ts';
import type { Section } from './section.ts';
import { median } from './statistics.ts';
import { timeOf } from './weather.ts';

/** One after the other, for the latency; the rest at once. */
const SINGLY = 20;
/** How often the rest comes again: a router runs for months, and JavaScript gets faster while it does. */
const AGAIN = 5;
/** Our door lets who knocks from one port begin two handshakes in a crowd, and one more in two seconds. */
const PATIENCE_SECONDS = 4;
export const CLIENTS = 100;
export const PSK = 'correct horse battery staple';

/** What the clients offer, and which strongSwan they are if not this machine's. */
export interface Offered {
  readonly ike: string;
  readonly esp: string;
  readonly version?: CharonVersion;
}

/** What `handshakes` measures. */
export const handshakeFigures: Section['figures'] = [
  { key: 'latency', title: 'handshake, ms', digits: 2 },
  { key: 'rate', title: 'handshakes/s', digits: 0 },
  { key: 'cpu', title: 'CPU ms each', digits: 2 },
  { key: 'warm', title: 'later on: a second', digits: 0 },
  { key: 'warm-cpu', title: 'CPU ms each', digits: 2 },
];

/** Each has an address of its own, for gateways do not like many strangers at one. */
export const everyone = () =>
  Array.from({ length: CLIENTS }, (_, i) => ({
    name: `client${i}`,
    address: `192.0.2.${100 + i}`,
  }));

/**
 * @param pid of the gateway
 * @param between what is done when all are in for the first time; its figures are added
 */
export async function handshakes(
  pair: Pair,
  pid: number,
  { version, ...offered }: Offered,
  between: () => Promise<Figures>,
): Promise<Figures> {
  const clients = everyone();
  pair.left.address('wan', ...clients.map(({ address }) => `${address}/24`));
  const connections: Settings = Object.fromEntries(
    clients.map((client, i) => [client.name, connectionOf(client, offered, i >= SINGLY)]),
  );
  const secrets = { 'ike-all': { secret: PSK } };
  const some = Object.fromEntries(Object.entries(connections).slice(0, SINGLY));
  const log = join(pair.lab.folder('clients'), 'clock.log');
  const clock = { path: log, default: 0, ike: 1, flush_line: true, time_add_ms: true };
  const charon = await Charon.start(pair.lab, pair.left, {
    name: 'clients',
    ...(version === undefined ? {} : { version }),
    config: { connections: some, secrets },
    daemon: { filelog: { clock: { ...clock, time_format: '%s' } } },
  });
  const wire = new Scales(pair);
  for (const { name } of clients.slice(0, SINGLY)) {
    const { code, stdout, stderr } = await charon.initiate(name);
    if (code !== 0) throw new Error(stdout + stderr);
  }
  const single = spans(log);
  const weight = wire.read();
  const crowd = { charon, log, pid, connections: { connections, secrets } };
  const cold = await comeIn(crowd);
  // Before the crowd leaves: what has left lingers for a while.
  const others = await between();
  const warm = [];
  for (let i = 0; i < AGAIN; i += 1) {
    await charon.reload({ connections: some, secrets });
    await until(
      'the crowd has left',
      async () => (await charon.listSas()).length === SINGLY,
      60_000,
    );
    await pause(PATIENCE_SECONDS * 1000);
    warm.push(await comeIn(crowd));
  }
  return {
    latency: median(single.map(({ start, end }) => end - start)),
    ...cold,
    ...others,
    bytes: weight.bytes / SINGLY,
    datagrams: weight.packets / SINGLY,
    warm: median(warm.map(({ rate }) => rate)),
    'warm-cpu': median(warm.map(({ cpu }) => cpu)),
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
  { ike, esp }: Offered,
  atOnce: boolean,
): Settings {
  const child = {
    remote_ts: `${inner.right}/32`,
    esp_proposals: esp,
    start_action: atOnce ? 'start' : 'none',
  };
  return {
    version: 2,
    proposals: ike,
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

/** Weighs what IKE puts on the wire, with the headers of IP and UDP. */
class Scales {
  readonly #host: Namespace;

  constructor({ right }: Pair) {
    this.#host = right;
    right.nft(`table inet scales {
      counter ike { }
      chain in { type filter hook input priority 0; udp dport { 500, 4500 } counter name ike; }
      chain out { type filter hook output priority 0; udp sport { 500, 4500 } counter name ike; }
    }`);
  }

  read(): { readonly packets: number; readonly bytes: number } {
    const text = this.#host.runNow('nft', 'list', 'counter', 'inet', 'scales', 'ike');
    const [, packets, bytes] = /packets (\d+) bytes (\d+)/.exec(text) ?? [];
    return { packets: Number(packets), bytes: Number(bytes) };
  }
}
