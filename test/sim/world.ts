// Gateways in one process and in virtual time: cores joined by a network without I/O. The scenarios see the
// conversation; what the daemon's ports would answer, the world answers.

import { expect } from 'vitest';
import { ip, type SocketAddress } from '../../src/base/ip.ts';
import { type Duration, type Instant, instant, later, milliseconds } from '../../src/base/time.ts';
import { createEngine } from '../../src/crypto/engine.ts';
import type { Rng } from '../../src/crypto/primitives.ts';
import type {
  Answer,
  ChildSpec,
  Core,
  Effect,
  Input,
  Lease,
  Output,
  Path,
  Question,
  SaSnapshot,
  Ticket,
} from '../../src/ike/core.ts';
import { createCore } from '../../src/ike/create-core.ts';
import type { TraceEvent } from '../../src/ike/events.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { keysFrom, seeded } from './chance.ts';
import { perform } from './effects.ts';
import { Secrecy } from './secrecy.ts';
import { lookLater } from './silence.ts';
import { type Fault, unreliable } from './weather.ts';

const { primitives } = createEngine('node');

/** Answers a question of a host, or undefined for none. */
export type Ports = (question: Question) => Answer | 'never';

export interface Packet {
  readonly from: SocketAddress;
  readonly to: SocketAddress;
  readonly bytes: Uint8Array;
}
/** Decides a packet's fate: deliver these after these delays. */
export type Wire = (packet: Packet, now: Instant) => readonly { packet: Packet; delay: Duration }[];

/** Somebody on the network who is no core of ours. */
export interface Foreigner {
  readonly deadline: Instant | undefined;
  isAt(address: string): boolean;
  receive(packet: Packet): void;
  wake(): void;
}

const perfect: Wire = (packet) => [{ packet, delay: milliseconds(10) }];

export class SimHost {
  readonly name: string;
  core: Core;
  /** Where packets find it; changes when it roams. */
  address: string;
  /** Where packets find it too. */
  also: readonly string[] = [];
  readonly events: TraceEvent[] = [];
  readonly children = new Map<number, ChildSpec>();
  /** Inbound SPIs for which the data plane keeps what comes early. */
  readonly expected = new Set<number>();
  /** IKE SPIs whose peers pass a crowd, though nothing was said on them yet. */
  readonly admitted: string[] = [];
  /** Every CHILD_SA that was ever installed, and every question that was ever asked. */
  readonly installed: ChildSpec[] = [];
  readonly asked: { readonly ticket: Ticket; readonly question: Question }[] = [];
  readonly released: string[] = [];
  /** TLS connections that were given back. */
  readonly closedTls: number[] = [];
  /** Of each packet that waited, whether it went its way. */
  readonly untrapped: boolean[] = [];
  /** Gateways that it was sent to. */
  readonly redirected: Extract<Effect, { kind: 'redirect' }>[] = [];
  /** Where the data plane sends a child's packets, once that was changed. */
  readonly paths = new Map<number, Path>();
  readonly encaps = new Map<number, ChildSpec['encap']>();
  /** Which child the data plane sends on, and which ones stand by. */
  readonly active: number[] = [];
  /** First bytes of the nonces that are drawn next: the lowest of four decides a collision. */
  readonly nonces: number[] = [];
  /** The keys of each IKE SA as text, by its SPIs, where the policy discloses them. */
  readonly disclosed = new Map<string, string>();
  /** By its own clock. */
  deadline: Instant | undefined;
  /** How far its clock is before the world's; less than 0: behind. */
  ahead = 0;
  /** Until then it neither hears nor does anything. */
  asleepUntil: Instant = instant(0);
  /** Takes back what the question `lease` gave. */
  onRelease: ((lease: Lease) => void) | undefined;
  /** Is told what happens, after the turn in which it happened. */
  watcher: ((event: TraceEvent) => void) | undefined;
  ports: Ports;
  /** Effects that it performs before it is killed; undefined: it lives. */
  effectsLeft: number | undefined;
  readonly #start: () => Core;

  readonly secrecy = new Secrecy();

  constructor(name: string, address: string, policy: Policy, rng: Rng, ports: Ports) {
    const disclosing = this.#disclosing(policy);
    this.name = name;
    this.address = address;
    this.#start = () =>
      createCore(disclosing, keysFrom(rng, primitives), (bytes) => {
        const drawn = rng(bytes);
        const first = bytes === nonceBytes ? this.nonces.shift() : undefined;
        if (first !== undefined) drawn[0] = first;
        return drawn;
      });
    this.core = this.#start();
    this.ports = ports;
  }

  /** The input as the core of this host takes it. */
  handle(now: Instant, input: Input): Output {
    if (input.kind !== 'command' || input.command.kind !== 'policy')
      return this.core.handle(now, input);
    const command = { kind: 'policy', policy: this.#disclosing(input.command.policy) } as const;
    return this.core.handle(now, { kind: 'command', command });
  }

  /** The keys of whatever a host does are looked at, and its secrets looked for. */
  #disclosing(policy: Policy): Policy {
    this.secrecy.ofPolicy(policy);
    return { ...policy, keylog: true };
  }

  /** The program crashed and begins anew: nothing is said to anybody, and nothing is remembered. */
  restart(): void {
    this.core = this.#start();
    this.deadline = undefined;
    this.children.clear();
    this.active.length = 0;
    this.paths.clear();
    // Keys and questions went with the memory that they were in.
    this.installed.length = 0;
    this.asked.length = 0;
  }

  /** What the data plane sends on. */
  get sending(): ChildSpec | undefined {
    const ref = this.active.at(-1);
    return ref === undefined ? undefined : this.children.get(ref);
  }

  /** The first SA of the snapshot that is not on its way out. */
  get sa(): SaSnapshot {
    const found = this.core.snapshot().sas.find(({ phase }) => phase === 'established');
    if (!found) throw new Error(`${this.name} has no IKE SA`);
    return found;
  }

  /** Events of one kind, typed. */
  eventsOf<K extends TraceEvent['kind']>(kind: K): Extract<TraceEvent, { kind: K }>[] {
    return this.events.filter(
      (event): event is Extract<TraceEvent, { kind: K }> => event.kind === kind,
    );
  }
}

interface Due {
  readonly at: Instant;
  readonly order: number;
  readonly run: () => void;
}

export class World {
  now: Instant = instant(1000);
  wire: Wire = perfect;
  /** Every datagram that was sent, in order. */
  readonly sent: Packet[] = [];
  readonly #hosts: SimHost[] = [];
  readonly #foreigners: Foreigner[] = [];
  readonly #due: Due[] = [];
  #order = 0;

  host(name: string, address: string, policy: Policy, ports: Ports, seed = 1): SimHost {
    const host = new SimHost(name, address, policy, seeded(seed + this.#hosts.length), ports);
    this.#hosts.push(host);
    lookLater(() => this.#toldBy(host));
    return host;
  }

  #toldBy({ name, secrecy, events, core }: SimHost): readonly string[] {
    return secrecy.told(events, core.snapshot()).map((secret) => `${name} told ${secret}`);
  }

  join(foreigner: Foreigner): void {
    this.#foreigners.push(foreigner);
  }

  input(host: SimHost, input: Input): void {
    const { effects, deadline } = host.handle(this.#clockOf(host, input), input);
    host.deadline = deadline;
    for (const effect of effects) {
      if (host.effectsLeft === 0) {
        host.effectsLeft = undefined;
        host.restart();
        return;
      }
      if (host.effectsLeft !== undefined) host.effectsLeft--;
      perform(this, host, effect);
    }
  }

  /** The packet that `from` would send now reaches `to`, or finds no SA there. */
  carry(from: SimHost, to: SimHost): 'carried' | 'lost' | 'no tunnel' {
    const { sending } = from;
    if (!sending) return 'no tunnel';
    const child = [...to.children.values()].find(
      ({ inbound }) => inbound.spi === sending.outbound.spi,
    );
    if (!child) return 'lost';
    if (!to.active.includes(child.ref)) {
      to.active.push(child.ref);
      this.input(to, { kind: 'dataplane', event: { kind: 'used', child: child.ref } });
    }
    return 'carried';
  }

  /** Lets time pass until nothing more happens before `span` is over. */
  run(span: Duration): void {
    const end = later(this.now, span);
    for (;;) {
      const next = this.#next(end);
      if (!next) break;
      this.now = next.at;
      next.run();
    }
    this.now = end;
  }

  /** From here on a network that loses, doubles, delays and spoils, the same way for the same seed. */
  lossy(fault: Fault): void {
    this.wire = unreliable(fault);
  }

  /** A host sleeps: what is sent to it is lost, and its timers are late; its clock goes on, or stands meanwhile. */
  suspend(host: SimHost, span: Duration, clock: 'goes on' | 'stands'): void {
    host.asleepUntil = later(this.now, span);
    if (clock === 'stands') host.ahead -= span;
  }

  /** Runs something when `delay` is over. */
  after(delay: Duration, run: () => void): void {
    this.#due.push({ at: later(this.now, delay), order: ++this.#order, run });
  }

  /** Drops what was recorded of the past; a long run would fill the memory with it. */
  forget(): void {
    this.sent.length = 0;
    for (const host of this.#hosts) {
      expect(this.#toldBy(host)).toEqual([]);
      const { events, installed, asked, released, disclosed } = host;
      host.secrecy.forget();
      for (const list of [events, installed, asked, released]) list.length = 0;
      disclosed.clear();
    }
  }

  /** Sends bytes as if they came from `from`. */
  inject(from: SocketAddress, to: SocketAddress, bytes: Uint8Array): void {
    this.#send({ from, to, bytes });
  }

  #next(end: Instant): Due | undefined {
    let first: Due | undefined;
    for (const host of this.#hosts) {
      const at = this.#wakeOf(host);
      const run = () => this.input(host, { kind: 'wake' });
      if (at !== undefined && !(first && first.at <= at)) first = { at, order: 0, run };
    }
    for (const foreigner of this.#foreigners) {
      const at = foreigner.deadline && instant(Math.max(foreigner.deadline, this.now));
      const run = () => foreigner.wake();
      if (at !== undefined && !(first && first.at <= at)) first = { at, order: 0, run };
    }
    for (const due of this.#due) {
      const isBefore =
        first && (first.at < due.at || (first.at === due.at && first.order < due.order));
      if (!isBefore) first = due;
    }
    if (!first || first.at > end) return undefined;
    const at = this.#due.indexOf(first);
    if (at >= 0) this.#due.splice(at, 1);
    return first;
  }

  /** A wake is never early, whatever a sum of fractions says. */
  #clockOf({ ahead, deadline = instant(0) }: SimHost, { kind }: Input): Instant {
    const now = this.now + ahead;
    return instant(kind === 'wake' ? Math.max(now, deadline) : now);
  }

  #wakeOf({ deadline, ahead, asleepUntil }: SimHost): Instant | undefined {
    if (deadline === undefined) return undefined;
    return instant(Math.max(deadline - ahead, asleepUntil, this.now));
  }

  #send(packet: Packet): void {
    this.sent.push(packet);
    for (const { packet: arriving, delay } of this.wire(packet, this.now)) {
      this.after(delay, () => this.#deliver(arriving));
    }
  }

  #deliver({ from, to, bytes }: Packet): void {
    const foreigner = this.#foreigners.find((one) => one.isAt(to.ip));
    foreigner?.receive({ from, to, bytes: bytes.slice() });
    const host = this.#hosts.find(({ address, also }) => address === to.ip || also.includes(to.ip));
    const path: Path = { local: to, remote: from };
    if (!host || host.asleepUntil > this.now) return;
    // The data plane sees to keepalives: the core never hears of them (RFC 3948 §2.3).
    if (bytes.length === 1) return;
    this.input(host, { kind: 'datagram', path, bytes: bytes.slice() });
  }
}

const nonceBytes = 32;

/** A path between two hosts on port 500. */
export const between = (a: SimHost, b: SimHost): Path => ({
  local: { ip: ip(a.address), port: 500 },
  remote: { ip: ip(b.address), port: 500 },
});
