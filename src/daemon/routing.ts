// Which addresses and routes the pools and tunnels of the moment need. Changes lead to a look at all of it, one look
// after the other and one for all that changed meanwhile: so a rekey, which installs the new tunnel before it removes the
// old one, changes nothing, and a hundred clients that come at once cost little more than one.
import type { Ip, IpRange } from '../base/ip.ts';
import type { ChildRef, ChildSpec, Path, Selectors } from '../ike/core.ts';
import { type PoolSettings, routerAddress } from '../policy/pool.ts';
import type { Selector } from '../policy/selectors.ts';
import type { HostTools } from './host.ts';
import { askWay, type Bypass, type Entry, readBypass } from './ip-words.ts';
import { type KernelTables, purposeOf, reasonOf, troubleOf } from './kernel-tables.ts';
import type { Complain } from './perform.ts';
import {
  arePooled,
  isJust,
  leadsTo,
  type Needs,
  needsOf,
  newest,
  type PathToBe,
  type Route,
  swallowed,
  type Tunnel,
} from './route-plan.ts';
import { type Way, wayOutside } from './ways.ts';

export interface RoutingOptions {
  /** The TUN device: with it go its addresses and routes. */
  readonly device: string;
  readonly tools: HostTools;
  readonly tables: KernelTables;
  readonly complain: Complain;
  /** The address that the kernel would send to a peer from; undefined: it knows no way. */
  readonly source: (peer: Ip) => Promise<Ip | undefined>;
  /** The addresses that the peer of a CHILD_SA gave us, as its initiator. */
  readonly addressesOf: (child: ChildSpec) => Tunnel['addresses'];
}

/** What a trap needs: routes to the networks behind it, but not for the peer itself. */
export interface TrapRoutes {
  readonly peers: readonly Ip[];
  readonly selectors: Selectors;
}

export class Routing {
  readonly #options: RoutingOptions;
  readonly #tunnels = new Map<ChildRef, { tunnel: Tunnel; needs: Needs }>();
  readonly #traps = new Map<string, { trap: TrapRoutes; needs: Needs }>();
  #pools: readonly PoolSettings[] = [];
  #turn: Promise<void> = Promise.resolve();
  /** The network changed: routes past the tunnels may lead nowhere. */
  #isStale = false;
  /** A look is to come and has not begun. */
  #isPlanned = false;

  constructor(options: RoutingOptions) {
    this.#options = options;
  }

  /**
   * Gives the device the router's address in each pool, which brings the pool's route along.
   * @throws Trouble when an address cannot be given
   */
  async start(pools: readonly PoolSettings[]): Promise<void> {
    const { tables, device } = this.#options;
    const started = this.#turn.then(async () => {
      await tables.clearLeftovers();
      this.#pools = pools;
      const [failure] = await tables.apply(await this.#wanted());
      if (failure) throw troubleOf(failure, device);
    });
    this.#turn = started.catch(() => {}); // whoever starts hears of it
    await started;
  }

  /** Other pools from now on. Clients that still have addresses of the old ones stay reachable. */
  use(pools: readonly PoolSettings[]): void {
    this.#pools = pools;
    for (const known of this.#tunnels.values()) known.needs = this.#needsOf(known.tunnel);
    for (const known of this.#traps.values()) known.needs = this.#needsOfTrap(known.trap);
    this.#change();
  }

  install(child: ChildSpec): void {
    const local = child.selectors.local.map(rangeOf);
    const remote = child.selectors.remote.map(rangeOf);
    const addresses = arePooled(remote, this.#pools) ? [] : this.#options.addressesOf(child);
    const tunnel = { path: child.path, addresses, local, remote };
    this.#tunnels.set(child.ref, { tunnel, needs: this.#needsOf(tunnel) });
    this.#change();
  }

  move(ref: ChildRef, path: Path): void {
    const known = this.#tunnels.get(ref);
    if (!known) return;
    known.tunnel = { ...known.tunnel, path };
    this.#change();
  }

  remove(ref: ChildRef): void {
    if (this.#tunnels.delete(ref)) this.#change();
  }

  /** Leads networks into the device before there is a tunnel to them. */
  setTrap(name: string, trap: TrapRoutes): void {
    this.#traps.set(name, { trap, needs: this.#needsOfTrap(trap) });
    this.#change();
  }

  removeTrap(name: string): void {
    if (this.#traps.delete(name)) this.#change();
  }

  /** Routes past the tunnels follow a changed network. */
  networkChanged(): Promise<void> {
    this.#isStale = true;
    this.#change();
    return this.settled();
  }

  /**
   * Our address on the way to a peer, which leads through a tunnel only where `from` is an address of a tunnel.
   * @returns undefined when there is no way
   */
  async sourceTo(peer: Ip, from: Ip): Promise<Ip | undefined> {
    const { tables, source } = this.#options;
    const ours = tables.bypassTo(peer);
    const chosen = ours ? undefined : await source(peer);
    if (chosen !== undefined && (this.#isInside(from) || !this.#isInside(chosen))) return chosen;
    return (await this.#wayOutside(peer))?.source;
  }

  /** Waits until the tables are as they shall be. */
  settled(): Promise<void> {
    return this.#turn;
  }

  /** Takes away what the tunnels needed, also what would outlive the device. */
  close(): Promise<void> {
    this.#tunnels.clear();
    this.#traps.clear();
    this.#change();
    return this.settled();
  }

  /** A failure is told and left: the tunnel stands, only what should flow through it does not. */
  #change(): void {
    const { tables, complain, device } = this.#options;
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    this.#turn = this.#turn.then(async () => {
      this.#isPlanned = false;
      const wasStale = this.#isStale;
      for (const failure of await tables.apply(await this.#wanted())) {
        complain(purposeOf(failure, device), reasonOf(failure));
      }
      if (!wasStale) return;
      this.#isStale = false;
      await tables.renewBypasses();
    });
  }

  #needsOf(tunnel: Tunnel): Needs {
    if (arePooled(tunnel.remote, this.#pools)) return { addresses: [], routes: [] };
    return needsOf(tunnel, this.#pools, this.#options.tools.addresses());
  }

  #needsOfTrap({ selectors }: TrapRoutes): Needs {
    const ranges = { local: selectors.local.map(rangeOf), remote: selectors.remote.map(rangeOf) };
    return needsOf({ addresses: [], ...ranges }, this.#pools, this.#options.tools.addresses());
  }

  /** In the order in which it can be put in. */
  async #wanted(): Promise<readonly Entry[]> {
    const known = [...this.#tunnels.values()];
    const traps = [...this.#traps.values()];
    // A tunnel's route, with the address that the peer gave, goes before that of a trap.
    const routes = newest([...traps, ...known].flatMap(({ needs }) => needs.routes));
    const toBe = traps.flatMap(({ trap }) => trap.peers.map((ip) => ({ remote: { ip } })));
    const { bypasses, passable } = await this.#goAround(
      [...toBe, ...known.map(({ tunnel }) => tunnel.path)],
      routes,
    );
    const ofPools = this.#pools
      .flatMap(({ ranges }) => ranges)
      .map((range): Entry => ({ kind: 'address', prefix: routerAddress(range) }));
    return [...ofPools, ...known.flatMap(({ needs }) => needs.addresses), ...bypasses, ...passable];
  }

  /** No route may lead the tunnels' own packets into a tunnel: their peers keep the way they have. */
  async #goAround(
    paths: readonly PathToBe[],
    routes: readonly Route[],
  ): Promise<{ readonly bypasses: readonly Bypass[]; readonly passable: readonly Route[] }> {
    const bypasses: Bypass[] = [];
    let passable = routes;
    for (const path of swallowed(paths, routes)) {
      const peer = path.remote.ip;
      passable = passable.filter((route) => !isJust(route, peer));
      const way = await this.#wayTo(path);
      if (way === 'unknown') passable = passable.filter((route) => !leadsTo(route, peer));
      else if (way !== 'inside') bypasses.push(way);
    }
    return { bypasses, passable };
  }

  /** `inside`: its packets travel in another tunnel already, or never leave the host. */
  async #wayTo({ local, remote }: PathToBe): Promise<Bypass | 'inside' | 'unknown'> {
    const { tools, tables, device } = this.#options;
    const ours = tables.bypassTo(remote.ip);
    if (ours && !this.#isStale) return ours;
    // Without any way there is nothing to lead past the tunnels: what was there serves again when it is back.
    if (ours) return (await this.#wayOutside(remote.ip))?.bypass ?? ours;
    const answer = await tools.run('ip', askWay(local?.ip, remote.ip)).catch(() => undefined);
    if (answer === undefined) return 'unknown';
    const way = readBypass(answer);
    if (way === undefined) return 'inside';
    if (way.device !== device) return way;
    if (local && this.#isInside(local.ip)) return 'inside';
    return (await this.#wayOutside(remote.ip))?.bypass ?? 'inside';
  }

  #wayOutside(peer: Ip): Promise<Way | undefined> {
    const { tools, tables, device } = this.#options;
    return wayOutside(tools.run, { peer, tun: device, ours: tables.bypassTo(peer) });
  }

  /** Whether packets from this address of ours travel in a tunnel. */
  #isInside(ip: Ip): boolean {
    const known = [...this.#tunnels.values()].flatMap(({ tunnel }) => tunnel.addresses);
    const routers = this.#pools.flatMap(({ ranges }) => ranges.map(routerAddress));
    return known.includes(ip) || routers.some((router) => router.ip === ip);
  }
}

const rangeOf = ({ range }: Selector): IpRange => range;
