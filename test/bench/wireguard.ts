// wireguard-go at both ends of a pair, set up over its own socket, so that `wg` is not needed.
import { generateKeyPairSync } from 'node:crypto';
import { existsSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { inCheckout } from '../lab/checkout.ts';
import { runNow } from '../lab/command.ts';
import type { Namespace } from '../lab/namespace.ts';
import type { Service } from '../lab/service.ts';
import { until } from '../lab/until.ts';
import { INNER_MTU, inner, outer, type Pair } from './pair.ts';

/** Where `cross/wireguard-go.sh` leaves it. */
const PROGRAM = inCheckout('build/bench/usr/bin/wireguard-go');
const PORT = 51820;

/** Undefined: it is there. */
export const whyNoWireguard = (): string | undefined =>
  existsSync(PROGRAM) ? undefined : 'wireguard-go could not be had from Debian';

/** What the package says of itself. */
export function wireguardVersion(): string {
  if (!existsSync(PROGRAM)) return 'none';
  return runNow(['cat', inCheckout('build/bench/version')]).trim();
}

interface End {
  readonly host: Namespace;
  readonly side: 'left' | 'right';
  readonly secret: string;
  readonly public: string;
}

export async function connectWireguard(pair: Pair): Promise<readonly Service[]> {
  const left = { host: pair.left, side: 'left', ...newKey() } as const;
  const right = { host: pair.right, side: 'right', ...newKey() } as const;
  return [await start(pair, left, right), await start(pair, right, left)];
}

async function start(pair: Pair, own: End, peer: End): Promise<Service> {
  const run = pair.lab.folder(`${own.side}-run`);
  const script = `mount --bind '${run}' /run && exec '${PROGRAM}' --foreground wg0`;
  const service = pair.lab.start(own.host, `wireguard-${own.side}`, ['sh', '-c', script]);
  const socket = join(run, 'wireguard/wg0.sock');
  await until('wireguard-go is set up', () =>
    tell(socket, {
      set: '1',
      private_key: own.secret,
      listen_port: `${PORT}`,
      public_key: peer.public,
      endpoint: `${outer[peer.side]}:${PORT}`,
      allowed_ip: `${inner[peer.side]}/32`,
    }).then(
      () => true,
      (error: NodeJS.ErrnoException) => notYet(error),
    ),
  );
  own.host.ip('link', 'set', 'wg0', 'mtu', `${INNER_MTU}`, 'up');
  own.host.address('wg0', `${inner[own.side]}/32`);
  own.host.ip('route', 'add', inner[peer.side], 'dev', 'wg0');
  return service;
}

/** The socket comes first, then its file, then somebody who listens. */
function notYet(error: NodeJS.ErrnoException): false {
  if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') return false;
  throw error;
}

/** One request of its configuration protocol. */
function tell(socket: string, lines: Readonly<Record<string, string>>): Promise<void> {
  const text = Object.entries(lines).map(([key, value]) => `${key}=${value}\n`);
  return new Promise((resolve, reject) => {
    let answer = '';
    const connection = createConnection(socket, () => connection.write(`${text.join('')}\n`));
    connection.setTimeout(5_000, () => connection.destroy(new Error('wireguard-go is silent')));
    connection.on('error', reject);
    connection.on('data', (chunk) => {
      answer += chunk;
      if (!answer.endsWith('\n\n')) return;
      connection.end();
      if (answer.includes('errno=0')) resolve();
      else reject(new Error(`wireguard-go refused: ${answer.trim()}`));
    });
  });
}

/** The raw keys stand at the end of their DER forms (RFC 8410). */
function newKey(): { secret: string; public: string } {
  const pair = generateKeyPairSync('x25519', {
    privateKeyEncoding: { type: 'pkcs8', format: 'der' },
    publicKeyEncoding: { type: 'spki', format: 'der' },
  });
  return {
    secret: pair.privateKey.subarray(-32).toString('hex'),
    public: pair.publicKey.subarray(-32).toString('hex'),
  };
}
