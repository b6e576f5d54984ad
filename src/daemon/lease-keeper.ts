// The pools, and the file that remembers over restarts who had which address.
import type { Ip } from '../base/ip.ts';
import type { Duration } from '../base/time.ts';
import { milliseconds } from '../base/time.ts';
import type { Lease, LeaseAnswer, Questions } from '../ike/core.ts';
import type { PoolSettings } from '../policy/pool.ts';
import { readLeases, writeLeases } from '../pools/leases.ts';
import { Pools } from '../pools/pool.ts';
import type { LeaseFacts, PoolUsage } from '../rpc/api.ts';
import type { Log } from '../trace/log.ts';

/** What there is to give. */
export interface Addresses {
  readonly pools: readonly PoolSettings[];
  /** All addresses that somebody gets by name, and nobody else. */
  readonly fixed: readonly Ip[];
}

/** @returns how to cancel */
export type After = (delay: Duration, run: () => void) => () => void;

/** Leases and releases; writes the file soon after the last change of a burst, and at the end. */
export class LeaseKeeper {
  readonly #pools: Pools;
  readonly #file: string;
  readonly #log: Log;
  readonly #after: After;
  #cancelWriting: (() => void) | undefined;

  constructor({ pools: settings, fixed }: Addresses, file: string, log: Log, after: After) {
    const { remembered, problem } = readLeases(file);
    if (problem !== undefined) log.warn(problem);
    this.#pools = new Pools(settings, remembered, fixed);
    this.#file = file;
    this.#log = log;
    this.#after = after;
  }

  /** @param fixed addresses that whoever asks gets, and nobody else */
  lease(request: Questions['lease']['ask'], fixed: readonly Ip[] = []): LeaseAnswer {
    const answer = this.#pools.lease({ ...request, fixed });
    if (answer.ok) this.#writeSoon();
    return answer;
  }

  release(lease: Lease): void {
    this.#pools.release(lease);
    this.#writeSoon();
  }

  /** Other pools from now on; who has an address keeps it. */
  adopt({ pools, fixed }: Addresses): void {
    this.#pools.adopt(pools, fixed);
    this.#writeSoon();
  }

  /** How full each pool is: its fuller family counts. */
  usage(): readonly PoolUsage[] {
    return this.#pools.snapshot().map(({ name, ranges, v4, v6 }) => {
      const capacities = [v4.capacity, v6.capacity].filter((capacity) => capacity > 0);
      return {
        name,
        ranges,
        used: Math.max(v4.inUse, v6.inUse),
        size: capacities.length === 0 ? 0 : Math.min(...capacities),
      };
    });
  }

  /** Addresses in use, then those that are kept for somebody. */
  leases(): readonly LeaseFacts[] {
    const inPools = this.#pools
      .snapshot()
      .flatMap(({ name: pool, leases }) => leases.map((lease) => ({ pool, ...lease })));
    const held = [...inPools, ...this.#pools.strays].map((lease) => ({ ...lease, isHeld: true }));
    const isHeld = new Set(held.map(({ pool, address }) => `${pool} ${address}`));
    const kept = this.#pools
      .remembered()
      .filter(({ pool, address }) => !isHeld.has(`${pool} ${address}`))
      .map((lease) => ({ ...lease, isHeld: false }));
    return [...held, ...kept];
  }

  /** Writes what is not written yet. */
  close(): void {
    if (!this.#cancelWriting) return;
    this.#cancelWriting();
    this.#write();
  }

  #writeSoon(): void {
    this.#cancelWriting ??= this.#after(writeDelay, () => this.#write());
  }

  #write(): void {
    this.#cancelWriting = undefined;
    try {
      writeLeases(this.#file, this.#pools.remembered());
    } catch (error) {
      const why = error instanceof Error ? error.message : error;
      this.#log.error(`could not write ${this.#file}: ${why}`);
    }
  }
}

const writeDelay = milliseconds(1000);
