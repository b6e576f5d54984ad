// The core put together: one turn an input, all effects and one deadline back (see core.ts).
import { unreachable } from '../base/invariant.ts';
import type { Instant } from '../base/time.ts';
import type { Primitives, Rng } from '../crypto/primitives.ts';
import type { Policy } from '../policy/policy.ts';
import { Commands } from './commands.ts';
import type { Core, CoreSnapshot, DataPlaneEvent, Input, Output } from './core.ts';
import { Driver } from './driver.ts';
import { Endpoint } from './endpoint.ts';
import { rekeyChild } from './exchanges/rekey-child.ts';
import { Expiry } from './expiry.ts';
import { natOf } from './extensions/nat-detection.ts';
import { ppkOf } from './extensions/ppk.ts';
import { Host } from './host.ts';
import { reportBug } from './refusal.ts';
import { peerAddresses } from './sa/paths.ts';
import { mayDrift, move } from './sa/roam.ts';

/**
 * @param rng random bytes; with a seeded one, the same inputs give the same effects byte for byte
 */
export function createCore(policy: Policy, primitives: Primitives, rng: Rng): Core {
  return new PureCore(policy, primitives, rng);
}

class PureCore implements Core {
  readonly #host: Host;
  readonly #driver: Driver;
  readonly #endpoint: Endpoint;
  readonly #commands: Commands;
  readonly #expiry: Expiry;

  constructor(policy: Policy, primitives: Primitives, rng: Rng) {
    this.#host = new Host(policy, primitives, rng);
    this.#driver = new Driver(this.#host);
    this.#endpoint = new Endpoint(this.#host, this.#driver);
    this.#commands = new Commands(this.#host, this.#driver);
    this.#expiry = new Expiry(this.#host, this.#driver, this.#commands);
  }

  handle(now: Instant, input: Input): Output {
    this.#host.beginTurn(now);
    try {
      this.#take(input);
      this.#expiry.wake();
      for (let sa = this.#host.nudged.shift(); sa; sa = this.#host.nudged.shift()) {
        this.#driver.resume(sa);
      }
    } catch (error) {
      reportBug(this.#host, undefined, error);
    }
    return { effects: this.#host.endTurn(), deadline: this.#host.deadline };
  }

  snapshot(): CoreSnapshot {
    const sas = this.#host.registry.all.filter(({ phase }) => phase !== 'closing');
    return {
      sas: sas.map((sa) => {
        const { local, remote } = natOf(sa);
        return sa.snapshot({
          nat: { local, remote },
          peerAddresses: peerAddresses(sa),
          ppk: ppkOf(sa),
        });
      }),
      counters: Object.fromEntries(this.#host.counters),
    };
  }

  #take(input: Input): void {
    switch (input.kind) {
      case 'datagram':
      case 'proven':
        this.#endpoint.receive(input.path, input.bytes, input.kind === 'proven');
        return;
      case 'answer':
        this.#driver.answer(input.ticket, input.answer);
        return;
      case 'command':
        this.#commands.obey(input.command);
        return;
      case 'dataplane':
        this.#heed(input.event);
        return;
      case 'wake':
        return;
      default:
        unreachable(input);
    }
  }

  #heed(event: DataPlaneEvent): void {
    if (event.kind === 'early') {
      this.#hurry(event.spi);
      return;
    }
    const found = this.#host.registry.childByRef(event.child);
    if (!found) return; // it was removed while the event was on its way
    const { sa, child } = found;
    switch (event.kind) {
      case 'moved':
        if (mayDrift(sa)) move(sa, event.path);
        return;
      case 'used':
        child.isActive = true;
        return;
      case 'soft-limit':
        this.#driver.spawn(sa, (now) => rekeyChild(now, child));
        return;
      case 'hard-limit':
        this.#expiry.wornOut(sa, child);
        return;
      default:
        unreachable(event);
    }
  }

  /**
   * The peer uses the tunnel that we asked for, and its answer is not here: it was lost, and is asked for again at once
   * (RFC 7296 §2.8). Once, for anybody may send a packet with a number that he guessed.
   */
  #hurry(spi: number): void {
    const sa = this.#host.registry.all.find(({ expectedSpi }) => expectedSpi === spi);
    if (sa?.window.pending?.attempts === 0) this.#driver.retransmit(sa);
  }
}
