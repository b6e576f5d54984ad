// Connections that their first packet starts: the traps that the data plane and the routes hold for them, and the
// packets that wait. Who dials is not decided here (dialler.ts).
import { isDeepStrictEqual } from 'node:util';
import { milliseconds } from '../base/time.ts';
import type { DataPlane, TrapRef } from '../dataplane/dataplane.ts';
import type { Selectors, WaitingPacket } from '../ike/core.ts';
import { narrow, toWire } from '../ike/negotiate/selectors.ts';
import type { Connection } from '../policy/policy.ts';
import type { Selector } from '../policy/selectors.ts';
import type { Clock } from './daemon.ts';
import type { Complain } from './perform.ts';
import type { Routing } from './routing.ts';

export interface TrapsOptions {
  readonly clock: Clock;
  readonly plane: Pick<DataPlane, 'setTrap' | 'releaseTrap' | 'removeTrap'>;
  readonly routing: Pick<Routing, 'setTrap' | 'removeTrap'>;
  readonly complain: Complain;
  readonly connectionOf: (name: string) => Connection | undefined;
}

interface Trap {
  readonly ref: TrapRef;
  readonly selectors: Selectors;
  waiting: WaitingPacket | undefined;
  /** How often in a row the peer gave no tunnel for a packet. */
  failures: number;
  cancelRest: () => void;
}

export class Traps {
  readonly #options: TrapsOptions;
  readonly #traps = new Map<string, Trap>();
  #lastRef = 0;

  constructor(options: TrapsOptions) {
    this.#options = options;
  }

  /** Holds traps for those connections, and for no others. */
  keep(names: readonly string[]): void {
    for (const name of [...this.#traps.keys()]) if (!names.includes(name)) this.#remove(name);
    for (const name of names) {
      const connection = this.#options.connectionOf(name);
      const selectors = connection && selectorsOf(connection);
      if (isDeepStrictEqual(this.#traps.get(name)?.selectors, selectors)) continue;
      this.#remove(name);
      if (connection && selectors) this.#set(connection, selectors);
    }
  }

  /** The data plane has a packet that fits a trap. */
  sprung(ref: TrapRef, packet: WaitingPacket): void {
    for (const trap of this.#traps.values()) if (trap.ref === ref) trap.waiting = packet;
  }

  /** What waits for a tunnel of this connection. */
  waitingFor(name: string): WaitingPacket | undefined {
    return this.#traps.get(name)?.waiting;
  }

  /** The packet that waited goes its way, or has none; then the trap rests, longer each time. */
  untrap(name: string, isCarried: boolean): void {
    const trap = this.#traps.get(name);
    if (!trap) return;
    trap.failures = isCarried ? 0 : trap.failures + 1;
    if (isCarried) {
      this.#release(trap);
      return;
    }
    const span = milliseconds(Math.min(500 * 2 ** trap.failures, longestRest));
    trap.waiting = undefined;
    trap.cancelRest();
    trap.cancelRest = this.#options.clock.after(span, () => this.#release(trap));
  }

  /** The packet that waited waited in vain; the next may wait. */
  drop(name: string): void {
    const trap = this.#traps.get(name);
    if (trap) this.#release(trap);
  }

  close(): void {
    for (const { cancelRest } of this.#traps.values()) cancelRest();
  }

  #set(connection: Connection, selectors: Selectors): void {
    const { plane, routing } = this.#options;
    const { name, remote } = connection;
    const ref = ++this.#lastRef as TrapRef;
    this.#attempt(`set a trap for connection '${name}'`, () => {
      plane.setTrap(ref, selectors);
      const peers = remote.map(({ start }) => start);
      routing.setTrap(name, { peers, selectors });
    });
    const none = { waiting: undefined, failures: 0, cancelRest: () => {} };
    this.#traps.set(name, { ref, selectors, ...none });
  }

  #remove(name: string): void {
    const { plane, routing } = this.#options;
    const trap = this.#traps.get(name);
    if (!trap) return;
    this.#traps.delete(name);
    trap.cancelRest();
    this.#attempt(`remove the trap of connection '${name}'`, () => plane.removeTrap(trap.ref));
    routing.removeTrap(name);
  }

  #release(trap: Trap): void {
    trap.waiting = undefined;
    trap.cancelRest();
    this.#attempt('let waiting packets go', () => this.#options.plane.releaseTrap(trap.ref));
  }

  #attempt(what: string, action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#options.complain(what, error instanceof Error ? error.message : `${error}`);
    }
  }
}

/** Undefined where an address is not known before the tunnel stands; the configuration refuses that. */
function selectorsOf({ localTs, remoteTs }: Connection): Selectors | undefined {
  if (localTs === 'dynamic' || remoteTs === 'dynamic') return undefined;
  return { local: unlayered(localTs), remote: unlayered(remoteTs) };
}

/** A tunnel has no selector inside another one, before which a trap for that alone would stand. */
const unlayered = (all: readonly Selector[]): readonly Selector[] => narrow(all, toWire(all));

/** In milliseconds; of a peer that gives no tunnel for what its own side of the configuration leaves out. */
const longestRest = 300_000;
