// Guests who renew their keys without end: each asks again as soon as it is answered. Prints how often, when the time is over.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { ip } from '../../src/base/ip.ts';
import { Ghost } from '../ghost/ghost.ts';
import { bySharedKey } from '../ghost/login.ts';
import { strongSwanApp } from '../ghost/strongswan-app.ts';
import { OnTheWire } from '../ghost/udp.ts';

export interface RekeySetup {
  readonly what: 'IKE SA' | 'CHILD_SA';
  /** One of KeyExchangeMethod. */
  readonly ke: number;
  readonly guests: readonly string[];
  readonly secret: string;
  readonly address: string;
  readonly gateway: string;
  readonly server: string;
  readonly seconds: number;
}

const [setupFile = ''] = process.argv.slice(2);
const setup: RekeySetup = JSON.parse(readFileSync(setupFile, 'utf8'));
const model = { ...strongSwanApp, firstKe: setup.ke };
const end = performance.now() + 1000 * setup.seconds;
let renewed = 0;
await Promise.all(setup.guests.map(renewOn));
process.stdout.write(`${renewed}\n`);

async function renewOn(name: string): Promise<void> {
  const ghost = new Ghost({
    ...{ model, login: bySharedKey(setup.secret), gateway: ip(setup.gateway) },
    rng: (bytes) => new Uint8Array(randomBytes(bytes)),
    owner: { server: setup.server, name, address: setup.address, subject: undefined },
  });
  const wire = new OnTheWire(ghost);
  wire.do((one, now) => one.connect(now));
  while (ghost.phase === 'dialling' || ghost.isBusy) await pause(5);
  while (performance.now() < end && ghost.phase === 'up') {
    wire.do((one, now) => (setup.what === 'IKE SA' ? one.rekeyIke(now) : one.rekeyChild(now)));
    while (ghost.isBusy) await pause(1);
    renewed++;
  }
  wire.do((one, now) => one.disconnect(now));
  await pause(200);
  wire.close();
}
