// Carries out what `redial.ts` decides: resolves names, tells the core whom to dial, keeps the one timer, and
// says in the log what happens.
import { formatSocket } from '../base/ip.ts';
import { type Duration, type Instant, since } from '../base/time.ts';
import type { Path, WaitingPacket } from '../ike/core.ts';
import type { TraceEvent } from '../ike/events.ts';
import { Refused } from '../rpc/method.ts';
import type { Log } from '../trace/log.ts';
import type { Clock } from './daemon.ts';
import { type Kept, type Move, Redial, type Standing } from './redial.ts';
import type { Traps } from './traps.ts';

export interface DiallerOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** A number from 0 to 1. */
  readonly chance: () => number;
  /** All ways to the peer of a connection, the best first. Rejects with Refused when there is none. */
  readonly pathsTo: (connection: string) => Promise<readonly Path[]>;
  /** How connections stand; those that are missing are absent. */
  readonly standings: () => ReadonlyMap<string, Standing>;
  readonly dial: (connection: string, path: Path, packet: WaitingPacket | undefined) => void;
  /** Asks for one more tunnel of a connection that stands. */
  readonly widen: (connection: string, packet: WaitingPacket) => void;
  readonly traps: Pick<Traps, 'keep' | 'waitingFor' | 'drop'>;
}

/** Which connections are dialled without being asked for. */
export interface Keeping {
  readonly always: readonly string[];
  /** When a packet wants them. */
  readonly onDemand: readonly string[];
}

export class Dialler {
  readonly #options: DiallerOptions;
  readonly #redials = new Map<string, Redial<Path>>();
  /** Those of the kept ones that the owner hung up. */
  readonly #hungUp = new Set<string>();
  /** The last packet for which a connection was dialled. */
  readonly #tried = new Map<string, WaitingPacket | undefined>();
  /** The last packet for which one more tunnel was asked. */
  readonly #widened = new Map<string, WaitingPacket>();
  #look: { readonly at: Instant; readonly cancel: () => void } | undefined;
  #isClosed = false;

  constructor(options: DiallerOptions) {
    this.#options = options;
  }

  /**
   * Keeps those connections from now on, and no others, unless the owner hung them up.
   * @param existing all that the policy has
   */
  keep({ always, onDemand }: Keeping, existing: readonly string[]): void {
    for (const name of [...always, ...onDemand]) this.#redialOf(name);
    for (const [name, redial] of this.#redials) {
      redial.kept = keptOf(name, { always, onDemand });
      if (redial.kept === 'no') this.#hungUp.delete(name);
      if (redial.kept === 'no' && redial.isResting) redial.hangUp();
      if (!existing.includes(name)) this.#redials.delete(name);
    }
    for (const name of always) {
      const redial = this.#redialOf(name);
      if (!redial.isOn && !this.#hungUp.has(name)) redial.begin(this.#now);
    }
    this.#setTraps();
    this.#lookSoon();
  }

  /** Whether a connection is dialled by itself when it is down. */
  isKept(name: string): boolean {
    const kept = this.#redials.get(name)?.kept ?? 'no';
    return kept !== 'no' && !this.#hungUp.has(name);
  }

  /** Dials now. @throws Refused when there is nobody to dial, or no need to */
  async up(name: string): Promise<void> {
    this.#refuseIfUp(name);
    const paths = await this.#options.pathsTo(name);
    this.#refuseIfUp(name);
    this.#hungUp.delete(name);
    this.#setTraps();
    this.#perform(name, this.#redialOf(name).dial(this.#now, paths));
    this.#lookSoon();
  }

  /** Dials those connections no more, until `up`. */
  down(names: readonly string[]): void {
    for (const name of names) {
      const redial = this.#redials.get(name);
      redial?.hangUp();
      if (redial && redial.kept !== 'no') this.#hungUp.add(name);
    }
    this.#setTraps();
  }

  /** A packet waits. */
  wanted(): void {
    this.#lookSoon();
  }

  /** Something may have happened to a connection; the core is in the middle of it, so the look comes after. */
  heed(event: TraceEvent): void {
    const name = 'connection' in event ? event.connection : undefined;
    const concerns = name === undefined ? this.#redials.size > 0 : this.#redials.has(name);
    if (concerns && telling.includes(event.kind)) this.#lookSoon();
  }

  /** The network is another: what rests is dialled at once. */
  hurry(): void {
    for (const redial of this.#redials.values()) redial.hurry(this.#now);
    if (this.#redials.size > 0) this.#lookSoon();
  }

  close(): void {
    this.#isClosed = true;
    this.#look?.cancel();
  }

  get #now(): Instant {
    return this.#options.clock.now();
  }

  #redialOf(name: string): Redial<Path> {
    const known = this.#redials.get(name) ?? new Redial<Path>('no', this.#options.chance);
    this.#redials.set(name, known);
    return known;
  }

  #setTraps(): void {
    const names = [...this.#redials].flatMap(([name, { kept }]) =>
      kept === 'on-demand' && !this.#hungUp.has(name) ? [name] : [],
    );
    this.#options.traps.keep(names);
  }

  #refuseIfUp(name: string): void {
    const standing = this.#options.standings().get(name) ?? 'absent';
    if (standing === 'established') throw new Refused(`connection '${name}' is up already`);
    if (standing === 'handshake')
      throw new Refused(`connection '${name}' is being dialled already`);
  }

  #lookSoon(): void {
    this.#lookAt(this.#now);
  }

  /** One timer, for the earliest. */
  #lookAt(at: Instant): void {
    if (this.#isClosed || (this.#look && this.#look.at <= at)) return;
    this.#look?.cancel();
    const delay = Math.max(since(this.#now, at), 0) as Duration;
    this.#look = { at, cancel: this.#options.clock.after(delay, () => this.#lookAtAll()) };
  }

  #lookAtAll(): void {
    this.#look = undefined;
    const standings = this.#options.standings();
    for (const [name, redial] of this.#redials) {
      const standing = standings.get(name) ?? 'absent';
      const packet = this.#options.traps.waitingFor(name);
      this.#widenFor(name, standing, packet);
      const move = redial.look(this.#now, standing, packet !== undefined);
      const until = this.#perform(name, move);
      if (until !== undefined) this.#lookAt(until);
    }
  }

  /** Once for each packet; should the connection end meanwhile, the packet still waits. */
  #widenFor(name: string, standing: Standing, packet: WaitingPacket | undefined): void {
    if (standing !== 'established' || !packet) {
      this.#widened.delete(name);
      return;
    }
    if (this.#widened.get(name) === packet) return;
    this.#widened.set(name, packet);
    this.#options.widen(name, packet);
  }

  /** @returns when to look again */
  #perform(name: string, move: Move<Path>): Instant | undefined {
    const { log, dial, traps } = this.#options;
    switch (move.kind) {
      case 'resolve':
        this.#resolve(name);
        return undefined;
      case 'dial':
        log.info(`connection '${name}': dialling ${formatSocket(move.target.remote)}`);
        this.#tried.set(name, traps.waitingFor(name));
        dial(name, move.target, traps.waitingFor(name));
        return this.#now;
      case 'rest': {
        const span = since(this.#now, move.until);
        const isOnDemand = this.#redialOf(name).kept === 'on-demand';
        // One that came since then is dialled for after the rest.
        if (this.#tried.get(name) === traps.waitingFor(name)) traps.drop(name);
        const when = isOnDemand ? 'with the next packet, not before' : 'in';
        log.info(
          `connection '${name}' is down: dialled again ${when} ${Math.round(span / 100) / 10} s`,
        );
        return move.until;
      }
      case 'wait':
        return move.until;
    }
  }

  #resolve(name: string): void {
    const { pathsTo, log } = this.#options;
    const tell = (paths: readonly Path[]): void => {
      if (this.#isClosed) return;
      this.#perform(name, this.#redialOf(name).resolved(this.#now, paths));
      this.#lookSoon();
    };
    pathsTo(name).then(tell, (error: unknown) => {
      if (!(error instanceof Refused)) throw error;
      log.warn(`connection '${name}' cannot be dialled: ${error.message}`);
      tell([]);
    });
  }
}

function keptOf(name: string, { always, onDemand }: Keeping): Kept {
  if (always.includes(name)) return 'always';
  return onDemand.includes(name) ? 'on-demand' : 'no';
}

/** Events after which a connection may stand otherwise. */
const telling: readonly TraceEvent['kind'][] = [
  'sa.established',
  'sa.closed',
  'attempt.failed',
  'bug',
];
