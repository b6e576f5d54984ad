// Gives clients their inner addresses. Pure: what is to outlive a restart goes through `leases.ts`.
import { formatPrefix, type Ip, isIpv4 } from '../base/ip.ts';
import type { Lease, LeaseAnswer, Questions } from '../ike/core.ts';
import type { PoolSettings } from '../policy/pool.ts';
import { Family } from './family.ts';

export { routerAddress } from '../policy/pool.ts';

export type LeaseRequest = Questions['lease']['ask'] & {
  /** Addresses that the identity gets and no other; they need not be in the pool. */
  readonly fixed?: readonly Ip[];
};

/** An address that an identity shall get again. */
export interface Remembered {
  readonly pool: string;
  readonly identity: string;
  readonly address: Ip;
}

/** For rpc and the web page. */
export interface PoolSnapshot {
  readonly name: string;
  readonly ranges: readonly string[];
  readonly v4: Occupancy;
  readonly v6: Occupancy;
  readonly leases: readonly { readonly address: Ip; readonly identity: string }[];
}
interface Occupancy {
  readonly inUse: number;
  /** Clients that find room; 0: there is no range of that family. */
  readonly capacity: number;
}

/** All pools of the gateway. An address belongs to the pool in whose range it lies: ranges do not overlap. */
export class Pools {
  #pools: ReadonlyMap<string, Pool>;
  /** Addresses that clients have of ranges that are no more. */
  #strays: readonly Remembered[] = [];

  /**
   * @param remembered the longest gone first, as `remembered()` gives it
   * @param fixed all addresses that somebody gets by name
   */
  constructor(
    settings: readonly PoolSettings[],
    remembered: readonly Remembered[] = [],
    fixed: readonly Ip[] = [],
  ) {
    this.#pools = poolsOf(settings, fixed);
    this.#remember(remembered);
  }

  /** Other pools from now on. Who has an address keeps it until it is released, wherever it lies. */
  adopt(settings: readonly PoolSettings[], fixed: readonly Ip[] = []): void {
    const live = [...this.#strays, ...this.#live()];
    const remembered = this.remembered();
    this.#pools = poolsOf(settings, fixed);
    this.#strays = live.filter(({ address }) => !this.#familyOf(address));
    for (const { address, identity } of live) this.#familyOf(address)?.hold(address, identity);
    this.#remember(remembered);
  }

  /** One address of each family that was asked for and that the pool has. */
  lease(request: LeaseRequest): LeaseAnswer {
    const pool = this.#pools.get(request.pool);
    if (!pool) return refuse(`there is no pool ${request.pool}`);
    const { fixed = [], identity, v4, v6, held = [] } = request;
    const wanted = fixed.filter((address) => (isIpv4(address) ? v4 : v6));
    const taken = wanted.find((address) => !held.includes(address) && this.#holderOf(address));
    if (taken !== undefined) {
      return refuse(`the address ${taken} is in use by ${this.#holderOf(taken)}`);
    }
    const answer = pool.lease(request, wanted);
    if (!answer.ok) return answer;
    for (const address of wanted) this.#give(address, identity, request.pool);
    return answer;
  }

  #give(address: Ip, identity: string, pool: string): void {
    const family = this.#familyOf(address);
    if (family) family.hold(address, identity);
    else if (!this.#holderOf(address)) {
      this.#strays = [...this.#strays, { pool, identity, address }];
    }
  }

  #holderOf(address: Ip): string | undefined {
    const stray = this.#strays.find((one) => one.address === address)?.identity;
    return this.#familyOf(address)?.live.get(address) ?? stray;
  }

  /** Addresses that the lease does not hold (any more) stay as they are. */
  release({ identity, addresses }: Lease): void {
    for (const address of addresses) this.#familyOf(address)?.release(address, identity);
    this.#strays = this.#strays.filter(
      (stray) => stray.identity !== identity || !addresses.includes(stray.address),
    );
  }

  snapshot(): readonly PoolSnapshot[] {
    return [...this.#pools.values()].map((pool) => pool.snapshot());
  }

  /** Addresses in use that no pool has any more. */
  get strays(): readonly Remembered[] {
    return this.#strays;
  }

  /** Who shall get what again, the longest gone first. */
  remembered(): readonly Remembered[] {
    return [...this.#pools.values()].flatMap((pool) => [...pool.remembered()]);
  }

  #live(): readonly Remembered[] {
    return this.snapshot().flatMap(({ name: pool, leases }) =>
      leases.map((lease) => ({ pool, ...lease })),
    );
  }

  #remember(remembered: readonly Remembered[]): void {
    for (const { address, identity } of remembered) {
      this.#familyOf(address)?.remember(address, identity);
    }
  }

  #familyOf(address: Ip): Family | undefined {
    const families = [...this.#pools.values()].map((pool) => pool.familyOf(address));
    return families.find((family) => family.includes(address));
  }
}

function poolsOf(
  settings: readonly PoolSettings[],
  fixed: readonly Ip[],
): ReadonlyMap<string, Pool> {
  const all = new Set(fixed);
  return new Map(settings.map((each) => [each.name, new Pool(each, all)]));
}

class Pool {
  readonly #settings: PoolSettings;
  readonly #v4: Family;
  readonly #v6: Family;

  constructor(settings: PoolSettings, fixed: ReadonlySet<Ip>) {
    const { ranges, sticky } = settings;
    this.#settings = settings;
    this.#v4 = new Family(
      ranges.filter(({ ip }) => isIpv4(ip)),
      sticky,
      fixed,
    );
    this.#v6 = new Family(
      ranges.filter(({ ip }) => !isIpv4(ip)),
      sticky,
      fixed,
    );
  }

  familyOf(address: Ip): Family {
    return isIpv4(address) ? this.#v4 : this.#v6;
  }

  /** All or nothing: with one of two addresses half of what the client does would fail silently. */
  lease({ identity, v4, v6, held = [] }: LeaseRequest, fixed: readonly Ip[]): LeaseAnswer {
    const { name: pool, dns, domains } = this.#settings;
    const wanted = this.#wanted(v4, v6, fixed);
    if (wanted.length === 0) return refuse(this.#whyNothing(v4, v6));
    const addresses: Ip[] = [];
    for (const [family, label] of wanted) {
      const own = fixed.find((one) => this.familyOf(one) === family);
      const address = own ?? family.held(identity, held) ?? family.lease(identity);
      if (address === undefined) {
        const fresh = addresses.filter((one) => !held.includes(one) && !fixed.includes(one));
        for (const given of fresh) this.familyOf(given).release(given, identity);
        return refuse(`pool ${pool} has no free ${label} address (${family.live.size} in use)`);
      }
      addresses.push(address);
    }
    const families = wanted.map(([family]) => family);
    const reachable = dns.filter((server) => families.includes(this.familyOf(server)));
    return { ok: true, lease: { pool, identity, addresses }, dns: reachable, domains };
  }

  snapshot(): PoolSnapshot {
    const { name, ranges } = this.#settings;
    const live = [...this.#v4.live, ...this.#v6.live];
    return {
      name,
      ranges: ranges.map(formatPrefix),
      v4: occupancy(this.#v4),
      v6: occupancy(this.#v6),
      leases: live.map(([address, identity]) => ({ address, identity })),
    };
  }

  *remembered(): Generator<Remembered> {
    for (const family of [this.#v4, this.#v6]) {
      for (const [address, identity] of family.remembered()) {
        yield { pool: this.#settings.name, identity, address };
      }
    }
  }

  #wanted(v4: boolean, v6: boolean, fixed: readonly Ip[]): readonly (readonly [Family, string])[] {
    const families = [
      [this.#v4, 'IPv4', v4],
      [this.#v6, 'IPv6', v6],
    ] as const;
    return families
      .filter(([family, , isWanted]) => {
        const isFixed = fixed.some((one) => this.familyOf(one) === family);
        return isWanted && (isFixed || family.capacity > 0);
      })
      .map(([family, label]) => [family, label]);
  }

  #whyNothing(v4: boolean, v6: boolean): string {
    if (!v4 && !v6) return 'no address was asked for';
    return `pool ${this.#settings.name} has no ${v4 ? 'IPv4' : 'IPv6'} range`;
  }
}

const occupancy = ({ live, capacity }: Family): Occupancy => ({ inUse: live.size, capacity });
const refuse = (why: string): LeaseAnswer => ({ ok: false, why });
