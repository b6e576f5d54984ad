// A day of a gateway with ten phones: keys that live a minute, a network that loses every fifth datagram, and phones
// that dial again by the rules of the daemon.
import { ip } from '../../src/base/ip.ts';
import { minutes, seconds } from '../../src/base/time.ts';
import { realPool } from './household.ts';
import { keepUp } from './keep-up.ts';
import { connection, identity, phone, policy } from './policies.ts';
import { type SimHost, World } from './world.ts';

export interface Soak {
  readonly gateway: SimHost;
  readonly phones: readonly SimHost[];
  readonly world: World;
  /** Lets an hour pass; what was recorded of it is dropped. */
  hour(): Tally;
  /** The network heals, and whoever was lost has the time to come back. */
  calm(): void;
}
export interface Tally {
  readonly childRekeys: number;
  readonly ikeRekeys: number;
  readonly closed: number;
  readonly bytesMade: number;
}

export function soak(phonesInAll: number, seed: number): Soak {
  const world = new World();
  const lives = {
    childLifetime: minutes(1),
    ikeLifetime: minutes(1),
    jitter: 0.2,
    dpd: seconds(30),
  };
  const gateway = world.host(
    'gateway',
    '203.0.113.2',
    policy([connection(lives)]),
    () => undefined,
    seed,
  );
  realPool(gateway, { ip: ip('10.3.0.0'), bits: 27 });
  const phones = Array.from({ length: phonesInAll }, (_, i) => {
    const localId = identity(`phone${i}@example.org`);
    const own = policy([phone({ ...lives, localId })]);
    return world.host(`phone ${i}`, `198.51.100.${i + 10}`, own, () => undefined, seed);
  });
  const bad = { seed, loss: 0.2, duplicate: 0.05, jitter: seconds(0.2) };
  world.lossy(bad);
  for (const [i, host] of phones.entries()) keepUp(world, host, gateway, seed + i);

  const hour = (): Tally => {
    world.run(minutes(60));
    const tally = {
      childRekeys: gateway.eventsOf('child.established').length,
      ikeRekeys: gateway.eventsOf('sa.rekeyed').length,
      closed: gateway.eventsOf('sa.closed').length,
      bytesMade: world.sent.reduce((sum, { bytes }) => sum + bytes.length, 0),
    };
    world.forget();
    return tally;
  };
  const calm = (): void => {
    world.lossy({ ...bad, loss: 0, duplicate: 0, jitter: seconds(0) });
    world.run(minutes(15));
  };
  return { world, gateway, phones, hour, calm };
}
