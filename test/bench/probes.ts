// What is asked of a tunnel: streams, packets, pings.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { inCheckout } from '../lab/checkout.ts';
import { until } from '../lab/until.ts';
import type { Pair } from './pair.ts';
import { median, percentile } from './statistics.ts';
import type { Connected } from './tunnels.ts';
import { read, timeOf } from './weather.ts';

export type Figures = Readonly<Record<string, number>>;

/** Seconds of each stream and each burst. */
export const SECONDS = Number(process.env['SECONDS'] || 3);

/** iperf3 on the right, for as long as the pair stands. */
export async function serve(pair: Pair): Promise<void> {
  const server = pair.lab.start(pair.right, 'iperf3', ['iperf3', '-s', '--forceflush']);
  await until('iperf3 listens', () => server.log.includes('listening'));
}

/** Mb/s as the receiver counted them, and the processor time that a gigabyte takes. */
export async function stream(
  pair: Pair,
  { target, pids }: Connected,
  streams: 1 | 4,
): Promise<Figures> {
  const before = read();
  const spent = timeOf(pids);
  const result = await iperf(pair, target, ['-P', `${streams}`]);
  const after = read();
  // The omitted first second costs as much as the others.
  const gigabytes = (result.bitsPerSecond / 8e9) * (SECONDS + 1);
  const foreign = after.foreign - before.foreign;
  return {
    [`tcp${streams}`]: result.bitsPerSecond / 1e6,
    [`resent${streams}`]: result.resent,
    [`cpu${streams}`]: (after.busy - before.busy - foreign) / gigabytes,
    [`ends${streams}`]: (timeOf(pids) - spent) / gigabytes,
  };
}

interface IperfResult {
  readonly bitsPerSecond: number;
  readonly resent: number;
}

async function iperf(pair: Pair, target: string, options: readonly string[]): Promise<IperfResult> {
  // The first second belongs to TCP's slow start.
  const argv = ['iperf3', '-J', '-c', target, '-t', `${SECONDS}`, '-O', '1', ...options];
  const text = await pair.left.run(argv, { limit: (SECONDS + 15) * 1000 });
  const { end, error } = JSON.parse(text);
  const bitsPerSecond = end?.sum_received?.bits_per_second;
  if (typeof bitsPerSecond !== 'number') throw new Error(error ?? 'iperf3 gave no figure');
  return { bitsPerSecond, resent: end.sum_sent.retransmits ?? 0 };
}

const BLAST = inCheckout('build/native/plain/blast');

/** Thousand packets a second that arrived, of as many as the sender can send, and the share that did not. */
export async function burst(pair: Pair, { target }: Connected, bytes: number): Promise<Figures> {
  const port = `${9000 + (bytes % 1000)}`;
  const taker = pair.lab.start(pair.right, `take-${bytes}`, [BLAST, 'take', port]);
  await until('the receiver listens', () => taker.log.includes('listening'));
  const sending = [BLAST, 'send', target, port, `${bytes}`, `${SECONDS - 1}`];
  const sent = Number(await pair.left.run(sending, { limit: (SECONDS + 15) * 1000 }));
  const result = await until(
    'the receiver counted',
    () => /^(\d+) (\d+)$/m.exec(taker.log) ?? undefined,
  );
  const [taken = 0, microseconds = 0] = result.slice(1).map(Number);
  return {
    [`udp${bytes}`]: (taken / microseconds) * 1000,
    [`loss${bytes}`]: (1 - taken / sent) * 100,
  };
}

/** Round trips in microseconds while nothing else goes through. */
export async function idle(pair: Pair, { target }: Connected): Promise<Figures> {
  const times = await pings(pair, target, 200);
  return { ping: median(times), 'ping-p99': percentile(times, 0.99) };
}

/** The same during a download at full speed. */
export async function loaded(pair: Pair, connected: Connected): Promise<Figures> {
  const download = iperf(pair, connected.target, ['--reverse']);
  try {
    const times = await pings(pair, connected.target, SECONDS * 100);
    // The first second of the stream is its slow start.
    const steady = times.slice(100);
    return { 'loaded-ping': median(steady), 'loaded-ping-p99': percentile(steady, 0.99) };
  } finally {
    await download;
  }
}

/** A hundred a second. */
async function pings(pair: Pair, target: string, count: number): Promise<number[]> {
  const [command = '', ...argv] = pair.left.inside([
    ...['ping', '-n', '-i', '0.01', '-W', '2', '-c', `${count}`, target],
  ]);
  const child = spawn(command, argv, { stdio: ['ignore', 'pipe', 'ignore'] });
  const times: number[] = [];
  createInterface(child.stdout).on('line', (line) => {
    const milliseconds = /time=([\d.]+) ms/.exec(line)?.[1];
    if (milliseconds !== undefined) times.push(Number(milliseconds) * 1000);
  });
  await new Promise((resolve) => child.once('close', resolve));
  if (times.length < count / 2) throw new Error(`${times.length} of ${count} pings were answered`);
  return times;
}
