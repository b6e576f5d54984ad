// The addresses of one family (IPv4 or IPv6) in one pool: who has which, and who shall have which again.
import type { Ip, Prefix } from '../base/ip.ts';
import { Range } from './range.ts';

/**
 * An address is fresh (never given), live (a client has it) or idle (given back). A client that returns gets the
 * address it had last. Others get fresh addresses, and when there are none left, the one that is idle longest:
 * so an address that somebody may come back for is the last to go, and packets under way to it find nobody new.
 */
export class Family {
  readonly #ranges: readonly Range[];
  readonly #isSticky: boolean;
  readonly #fixed: ReadonlySet<Ip>;
  /** Who has it now. */
  readonly #live = new Map<Ip, string>();
  /** Who had it, in the order in which they left. */
  readonly #idle = new Map<Ip, string>();
  /** The idle and live addresses of an identity, the last one it got at the end. */
  readonly #homes = new Map<string, Set<Ip>>();

  /** @param fixed addresses that somebody gets by name, and nobody else */
  constructor(ranges: readonly Prefix[], isSticky: boolean, fixed: ReadonlySet<Ip> = new Set()) {
    this.#fixed = fixed;
    this.#ranges = ranges.map((range) => new Range(range));
    this.#isSticky = isSticky;
  }

  get capacity(): number {
    return this.#ranges.reduce((sum, range) => sum + range.capacity, 0);
  }

  get live(): ReadonlyMap<Ip, string> {
    return this.#live;
  }

  /** Who shall get what again, the longest gone first. */
  *remembered(): Generator<readonly [Ip, string]> {
    if (!this.#isSticky) return;
    yield* this.#idle;
    for (const entry of this.#live) if (!this.#fixed.has(entry[0])) yield entry;
  }

  /** Whether it is for clients of this pool. */
  includes(ip: Ip): boolean {
    return this.#ranges.some((range) => range.includes(ip));
  }

  /** Takes up what was remembered; what the ranges no longer have is forgotten. */
  remember(ip: Ip, identity: string): void {
    if (!this.#isSticky || !this.includes(ip) || this.#isKnown(ip) || this.#fixed.has(ip)) return;
    this.#idle.set(ip, identity);
    this.#homeOf(identity).add(ip);
  }

  /** Takes up a client that has an address already. */
  hold(ip: Ip, identity: string): void {
    this.#forget(ip);
    this.#live.set(ip, identity);
    this.#homeOf(identity).add(ip);
  }

  /** The one of `addresses` that the identity has. */
  held(identity: string, addresses: readonly Ip[]): Ip | undefined {
    return addresses.find((ip) => this.#live.get(ip) === identity);
  }

  /** @returns undefined when every address is live */
  lease(identity: string): Ip | undefined {
    const ip = this.#formerOf(identity) ?? this.#fresh() ?? this.#longestIdle();
    if (ip !== undefined) this.hold(ip, identity);
    return ip;
  }

  /** Does nothing unless `identity` has that address. */
  release(ip: Ip, identity: string): void {
    if (this.#live.get(ip) !== identity) return;
    this.#live.delete(ip);
    if (this.#fixed.has(ip)) this.#leave(ip, identity);
    else this.#idle.set(ip, identity);
  }

  #formerOf(identity: string): Ip | undefined {
    if (!this.#isSticky) return undefined;
    const idle = [...(this.#homes.get(identity) ?? [])].filter((ip) => this.#idle.has(ip));
    return idle.at(-1);
  }

  #fresh(): Ip | undefined {
    if (this.#idle.size >= MOST_IDLE) return undefined;
    for (const range of this.#ranges) {
      for (let ip = range.next(); ip; ip = range.next()) {
        if (!this.#isKnown(ip) && !this.#fixed.has(ip)) return ip;
      }
    }
    return undefined;
  }

  #longestIdle(): Ip | undefined {
    return this.#idle.keys().next().value;
  }

  #isKnown(ip: Ip): boolean {
    return this.#live.has(ip) || this.#idle.has(ip);
  }

  /** An idle address has no home any more. */
  #forget(ip: Ip): void {
    const identity = this.#idle.get(ip);
    if (identity === undefined) return;
    this.#idle.delete(ip);
    this.#leave(ip, identity);
  }

  #leave(ip: Ip, identity: string): void {
    const home = this.#homes.get(identity);
    home?.delete(ip);
    if (home?.size === 0) this.#homes.delete(identity);
  }

  #homeOf(identity: string): Set<Ip> {
    const home = this.#homes.get(identity) ?? new Set();
    this.#homes.set(identity, home);
    return home;
  }
}

/** Where peers may choose their identities (a shared secret allows it), they must not fill the memory with them. */
const MOST_IDLE = 10_000;
