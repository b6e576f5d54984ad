// The network of this host changed: what we dialled goes on over the way that there is now, and the core hears which
// addresses we have. An SA whose way is as it was notices nothing; one without any way waits for one.
import { type Ip, isIpv4 } from '../base/ip.ts';
import type { Input, SaSnapshot } from '../ike/core.ts';
import type { Log } from '../trace/log.ts';
import type { Complain } from './perform.ts';

export interface NetworkWatchOptions {
  readonly log: Log;
  readonly complain: Complain;
  readonly sas: () => readonly SaSnapshot[];
  readonly give: (input: Input) => void;
  /** Addresses of this host on which it listens. */
  readonly addresses: () => readonly Ip[];
  /** Finishes once routes past the tunnels are as the network is now. */
  readonly reroute: () => Promise<void>;
  /** Our address on the way to a peer, seen from an address that we have or had; undefined: there is no way. */
  readonly sourceTo: (peer: Ip, from: Ip) => Promise<Ip | undefined>;
  /** Where the peer of a connection is by what the resolver says now; may take its time. */
  readonly resolve: (connection: string) => Promise<readonly Ip[]>;
  /** Other addresses than before: what failed may work. */
  readonly readdressed: () => void;
}

export class NetworkWatch {
  readonly #options: NetworkWatchOptions;
  /** SAs that had no way at the last look. */
  readonly #lost = new Set<SaSnapshot['id']>();
  #told: string | undefined;
  #isLooking = false;
  #isAsked = false;

  constructor(options: NetworkWatchOptions) {
    this.#options = options;
  }

  /** Looks at once; what changes during the look leads to another. */
  changed(): void {
    this.#isAsked = true;
    if (this.#isLooking) return;
    this.#isLooking = true;
    this.#lookWhileAsked().catch((error: unknown) => {
      const why = error instanceof Error ? error.message : `${error}`;
      this.#options.complain('follow a change of the network', why);
      this.#isLooking = false;
    });
  }

  async #lookWhileAsked(): Promise<void> {
    while (this.#isAsked) {
      this.#isAsked = false;
      await this.#options.reroute();
      this.#tellAddresses();
      for (const sa of this.#dialled()) await this.#follow(sa);
    }
    this.#isLooking = false;
  }

  #dialled(): readonly SaSnapshot[] {
    const found = this.#options
      .sas()
      .filter(({ dialled, establishedAt }) => dialled && establishedAt !== undefined);
    const ids = new Set(found.map(({ id }) => id));
    for (const id of this.#lost) if (!ids.has(id)) this.#lost.delete(id);
    return found;
  }

  #tellAddresses(): void {
    const { addresses, give, readdressed } = this.#options;
    const usable = addresses().filter(isReachable).slice(0, mostAddresses);
    const text = [...usable].sort().join();
    if (text === this.#told) return;
    const isFirst = this.#told === undefined;
    this.#told = text;
    give({ kind: 'command', command: { kind: 'addresses', addresses: usable } });
    if (!isFirst) readdressed();
  }

  async #follow(sa: SaSnapshot): Promise<void> {
    const { remote } = sa.path;
    if (await this.#take(sa, [remote.ip, ...sa.peerAddresses])) return;
    if (!this.#lost.has(sa.id)) this.#options.log.info(`sa ${sa.id}: there is no way to its peer`);
    this.#lost.add(sa.id);
    this.#ask(sa);
  }

  /** Goes on to the first of these addresses that there is a way to. @returns whether there is one */
  async #take(sa: SaSnapshot, remotes: readonly Ip[]): Promise<boolean> {
    const { sourceTo, give, log } = this.#options;
    for (const remote of new Set(remotes)) {
      const local = await sourceTo(remote, sa.path.local.ip);
      if (local === undefined) continue;
      const wasLost = this.#lost.delete(sa.id);
      const isSame = local === sa.path.local.ip && remote === sa.path.remote.ip;
      if (isSame && !wasLost) return true;
      log.info(`sa ${sa.id}: goes on from ${local} to ${remote}`);
      give({ kind: 'command', command: { kind: 'roam', sa: sa.id, local, remote } });
      return true;
    }
    return false;
  }

  /** The resolver may need longer than the network is gone, so that nothing waits for it. */
  #ask({ id, connection }: SaSnapshot): void {
    if (connection === undefined) return;
    const { resolve, sas, complain } = this.#options;
    resolve(connection)
      .then(async (remotes) => {
        const sa = sas().find((one) => one.id === id);
        if (sa && this.#lost.has(id)) await this.#take(sa, remotes);
      })
      .catch((error: unknown) => complain('find the way to a peer', `${error}`));
  }
}

/** A link's own addresses are of no use beyond it. */
const isReachable = (ip: Ip): boolean =>
  isIpv4(ip) ? !ip.startsWith('169.254.') : !/^fe[89ab]/.test(ip);

const mostAddresses = 32;
