// One TCP stream through the tunnel, up and down, by iperf3.
import type { Home } from '../lab/home.ts';
import { until } from '../lab/until.ts';
import type { Variant } from './variants.ts';

/** Bits per second as the receiver counted them. */
export interface Throughput {
  readonly up: number;
  readonly down: number;
}

export async function measure(home: Home, variant: Variant, seconds: number): Promise<Throughput> {
  const { target, server } = await variant.connect(home);
  const serving = home.lab.start(home[server], 'iperf3', ['iperf3', '-s', '--forceflush']);
  await until('iperf3 listens', () => serving.log.includes('listening'));
  const up = await stream(home, target, seconds, []);
  const down = await stream(home, target, seconds, ['--reverse']);
  return { up, down };
}

async function stream(
  home: Home,
  target: string,
  seconds: number,
  direction: readonly string[],
): Promise<number> {
  // The first second belongs to TCP's slow start.
  const argv = ['iperf3', '-J', '-c', target, '-t', `${seconds}`, '-O', '1', ...direction];
  const text = await home.phone.run(argv, { limit: (seconds + 15) * 1000 });
  const result = JSON.parse(text) as IperfResult;
  const received = result.end?.sum_received?.bits_per_second;
  if (received === undefined) throw new Error(result.error ?? 'iperf3 gave no figure');
  return received;
}

interface IperfResult {
  readonly error?: string;
  readonly end?: { readonly sum_received?: { readonly bits_per_second?: number } };
}
