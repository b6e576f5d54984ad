// The router's side of the pools: its own address on the TUN device, which brings the pool's route along, and
// a look at what would keep packets from flowing. Nothing is left behind: address and route die with the device.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import {
  formatPrefix,
  intersect,
  isIpv4,
  type Prefix,
  parsePrefix,
  prefixRange,
} from '../base/ip.ts';
import { type PoolSettings, routerAddress } from '../policy/pool.ts';
import { codeOf, Trouble } from './trouble.ts';

/** Runs a program and returns what it printed. Rejects with what it complained about. */
export type RunProgram = (program: string, args: readonly string[]) => Promise<string>;
/** @returns a file's text, or undefined when it cannot be read */
export type ReadFile = (path: string) => string | undefined;

export interface HostTools {
  readonly run: RunProgram;
  readonly read: ReadFile;
}

/**
 * Gives the device the router's address in each range of the pools.
 * @returns warnings, each a line for the owner
 * @throws Trouble when an address cannot be given
 */
export async function routePools(
  device: string,
  pools: readonly PoolSettings[],
  tools: HostTools,
): Promise<readonly string[]> {
  const routes = await existingRoutes(tools);
  for (const { ranges } of pools) {
    for (const range of ranges) await addAddress(device, routerAddress(range), tools);
  }
  return [
    ...pools.flatMap((pool) => collisions(pool, routes, device)),
    ...forwardingWarnings(pools, tools),
  ];
}

/** An entry of the routing table that is no default route. */
interface Route {
  readonly prefix: Prefix;
  readonly device: string;
}

/**
 * iproute2 and BusyBox take the same words. `nodad` is not among them: BusyBox has none, and no duplicate is
 * looked for on a TUN device, which is NOARP.
 */
async function addAddress(device: string, address: Prefix, { run }: HostTools): Promise<void> {
  const family = isIpv4(address.ip) ? '-4' : '-6';
  const text = formatPrefix(address);
  try {
    await run('ip', [family, 'address', 'add', text, 'dev', device]);
  } catch (error) {
    const why = error instanceof Error ? error.message : `${error}`;
    throw new Trouble(`${device} cannot have the address ${text}: ${why}`, cureFor(error, family));
  }
}

function cureFor(error: unknown, family: '-4' | '-6'): string {
  if (codeOf(error) === 'ENOENT') return 'Install a program «ip»: BusyBox has one, so has ip-full.';
  if (family === '-6') {
    return 'If IPv6 is switched off here (net.ipv6.conf.all.disable_ipv6), take the IPv6 range out of the pool.';
  }
  return 'Start ikev2d as root, and see with «ip address» who else has this address.';
}

async function existingRoutes({ run }: HostTools): Promise<readonly Route[]> {
  const tables = await Promise.all(
    ['-4', '-6'].map((family) => run('ip', [family, 'route', 'show']).catch(() => '')),
  );
  return tables.flatMap((table) => table.split('\n').flatMap((line) => readRoute(line) ?? []));
}

function readRoute(line: string): Route | undefined {
  const words = line.trim().split(/\s+/);
  const prefix = parsePrefix(words[0] ?? '');
  const device = words[words.indexOf('dev') + 1];
  const isUseful = prefix !== undefined && prefix.bits > 0 && words.includes('dev');
  return isUseful && device !== undefined ? { prefix, device } : undefined;
}

function collisions(pool: PoolSettings, routes: readonly Route[], ownDevice: string): string[] {
  return pool.ranges.flatMap((range) =>
    routes
      .filter(({ prefix, device }) => device !== ownDevice && overlap(prefix, range))
      .map(
        ({ prefix, device }) =>
          `pool '${pool.name}': ${formatPrefix(range)} overlaps ${formatPrefix(prefix)}, which is reached ` +
          `through ${device}: clients and that network cannot reach each other. Take another range.`,
      ),
  );
}

const overlap = (a: Prefix, b: Prefix): boolean =>
  intersect(prefixRange(a), prefixRange(b)) !== undefined;

function forwardingWarnings(pools: readonly PoolSettings[], { read }: HostTools): string[] {
  const ranges = pools.flatMap((pool) => pool.ranges);
  return forwardingSwitches
    .filter(({ serves }) => ranges.some((range) => serves(range)))
    .filter(({ path }) => read(path)?.trim() === '0')
    .map(
      ({ name }) =>
        `this host does not forward: ${name} is 0, so clients reach nothing behind it. Switch it on with «sysctl -w ${name}=1».`,
    );
}

const forwardingSwitches = [
  {
    name: 'net.ipv4.ip_forward',
    path: '/proc/sys/net/ipv4/ip_forward',
    serves: ({ ip }: Prefix) => isIpv4(ip),
  },
  {
    name: 'net.ipv6.conf.all.forwarding',
    path: '/proc/sys/net/ipv6/conf/all/forwarding',
    serves: ({ ip }: Prefix) => !isIpv4(ip),
  },
] as const;

const execute = promisify(execFile);

/** The host that we run on. */
export const hostTools: HostTools = {
  async run(program, args) {
    try {
      const { stdout } = await execute(program, [...args], { timeout: 5000 });
      return stdout;
    } catch (error) {
      throw complaintOf(error);
    }
  },
  read(path) {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      return undefined;
    }
  },
};

/** What the program printed says more than how it ended. */
function complaintOf(error: unknown): unknown {
  const said = error instanceof Error && 'stderr' in error ? `${error.stderr}`.trim() : '';
  return said === '' ? error : new Error(said.replaceAll(/\s+/g, ' ').replace(/\.+$/, ''));
}
