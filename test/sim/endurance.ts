// What a pair costs that renews its keys over and over: heap for each rekey, and entries in the agenda of timers.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { minutes, seconds } from '../../src/base/time.ts';
import { Agenda } from '../../src/ike/sa/agenda.ts';
import { household } from './household.ts';
import { present } from './pick.ts';
import { connection, phone, policy } from './policies.ts';
import { eapPhone, eapPolicy, users } from './users.ts';
import type { SimHost } from './world.ts';

/** Up, with the lifetimes that are usual, and nothing recorded of how it came up. */
export function enduring() {
  const agendas = watchAgendas();
  const fields = { childLifetime: minutes(60), ikeLifetime: minutes(240), dpd: minutes(5) };
  const house = household({
    gateway: policy([connection(fields)]),
    phone: policy([phone(fields)]),
  });
  const { world, gateway, phone: dialer } = house;
  house.dial();
  world.run(seconds(1));
  world.forget();
  const rekey = (host: SimHost, isIke: boolean): void => {
    const { id, children } = host.sa;
    const child = isIke ? undefined : present(children.at(-1), 'CHILD_SA').ref;
    world.input(host, { kind: 'command', command: { kind: 'rekey', sa: id, child } });
    world.run(seconds(0.1));
  };
  return {
    ...house,
    /** Each side in turn, of tunnels twice as often as of the IKE SA. */
    rekeys(times: number): void {
      for (let i = 0; i < times; i++) {
        rekey(i % 2 ? gateway : dialer, i % 3 === 2);
        world.forget();
      }
    },
    /** Entries in the agendas of both. */
    timers: (): number => [...agendas].reduce((sum, { size }) => sum + size, 0),
  };
}

/** Somebody who knows a name, and no password. */
export function guessing() {
  const { world, gateway, dial } = household({
    gateway: eapPolicy(),
    phone: eapPhone({}, { name: 'anna', password: 'a guess' }),
    ports: users(),
  });
  return {
    gateway,
    guess(times: number): void {
      for (let i = 0; i < times; i++) {
        dial();
        world.run(minutes(1));
        world.forget();
      }
    },
  };
}

/** Bytes of heap that are in use once all garbage is gone. */
export function heapInUse(): number {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  for (let i = 0; i < 3; i++) collect();
  return process.memoryUsage().heapUsed;
}

/** Every agenda that something is put into from here on. */
function watchAgendas(): ReadonlySet<{ readonly size: number }> {
  const seen = new Set<{ readonly size: number }>();
  const { add } = Agenda.prototype;
  Agenda.prototype.add = function watched(entry) {
    seen.add(this);
    add.call(this, entry);
  };
  return seen;
}
