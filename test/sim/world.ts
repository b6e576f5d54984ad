// Gateways in one process and in virtual time: cores joined by a network without I/O. The scenarios see the
// conversation; what the daemon's ports would answer, the world answers.

import { toHex } from '../../src/base/bytes.ts';
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
  Path,
  Question,
  SaSnapshot,
  Ticket,
} from '../../src/ike/core.ts';
import { createCore } from '../../src/ike/create-core.ts';
import type { TraceEvent } from '../../src/ike/events.ts';
import type { Policy } from '../../src/policy/policy.ts';

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

export interface Fault {
  readonly seed: number;
  /** Shares of all datagrams, from 0 to 1. */
  readonly loss: number;
  readonly duplicate: number;
  readonly jitter: Duration;
  readonly mostLosses?: number;
}

const perfect: Wire = (packet) => [{ packet, delay: milliseconds(10) }];

export class SimHost {
  readonly name: string;
  readonly core: Core;
  /** Where packets find it; changes when it roams. */
  address: string;
  readonly events: TraceEvent[] = [];
  readonly children = new Map<number, ChildSpec>();
  /** Every CHILD_SA that was ever installed, and every question that was ever asked. */
  readonly installed: ChildSpec[] = [];
  readonly asked: { readonly ticket: Ticket; readonly question: Question }[] = [];
  readonly released: string[] = [];
  /** Of each packet that waited, whether it went its way. */
  readonly untrapped: boolean[] = [];
  /** Where the data plane sends a child's packets, once that was changed. */
  readonly paths = new Map<number, Path>();
  /** Which child the data plane sends on, and which ones stand by. */
  readonly active: number[] = [];
  /** First bytes of the nonces that are drawn next: the lowest of four decides a collision. */
  readonly nonces: number[] = [];
  deadline: Instant | undefined;
  ports: Ports;

  constructor(name: string, address: string, policy: Policy, rng: Rng, ports: Ports) {
    this.name = name;
    this.address = address;
    this.core = createCore(policy, primitives, (bytes) => {
      const drawn = rng(bytes);
      const first = bytes === nonceBytes ? this.nonces.shift() : undefined;
      if (first !== undefined) drawn[0] = first;
      return drawn;
    });
    this.ports = ports;
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
  #due: Due[] = [];
  #order = 0;

  host(name: string, address: string, policy: Policy, ports: Ports, seed = 1): SimHost {
    const host = new SimHost(name, address, policy, seeded(seed + this.#hosts.length), ports);
    this.#hosts.push(host);
    return host;
  }

  input(host: SimHost, input: Input): void {
    const { effects, deadline } = host.core.handle(this.now, input);
    host.deadline = deadline;
    for (const effect of effects) this.#perform(host, effect);
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

  /**
   * A network that loses, doubles and delays, the same way for the same seed.
   * @param fault `mostLosses`: no datagram is lost more often, so that whoever goes on repeating gets through
   */
  lossy(fault: Fault): void {
    const rng = seeded(fault.seed);
    const chance = () => (((rng(1)[0] as number) << 8) | (rng(1)[0] as number)) / 0x10000;
    const losses = new Map<string, number>();
    this.wire = (packet) => {
      const text = toHex(packet.bytes);
      const lost = losses.get(text) ?? 0;
      const isLost = chance() < fault.loss && lost < (fault.mostLosses ?? Number.POSITIVE_INFINITY);
      if (isLost) losses.set(text, lost + 1);
      const copies = isLost ? 0 : chance() < fault.duplicate ? 2 : 1;
      return Array.from({ length: copies }, () => ({
        packet,
        delay: milliseconds(10 + chance() * fault.jitter),
      }));
    };
  }

  /** Sends bytes as if they came from `from`. */
  inject(from: SocketAddress, to: SocketAddress, bytes: Uint8Array): void {
    this.#send({ from, to, bytes });
  }

  #next(end: Instant): Due | undefined {
    const wakes = this.#hosts.flatMap((host): Due[] =>
      host.deadline === undefined
        ? []
        : [
            {
              at: instant(Math.max(host.deadline, this.now)),
              order: 0,
              run: () => this.input(host, { kind: 'wake' }),
            },
          ],
    );
    const [first] = [...wakes, ...this.#due].sort((a, b) => a.at - b.at || a.order - b.order);
    if (!first || first.at > end) return undefined;
    this.#due = this.#due.filter((due) => due !== first);
    return first;
  }

  #perform(host: SimHost, effect: Effect): void {
    switch (effect.kind) {
      case 'send':
        this.#send({ from: effect.path.local, to: effect.path.remote, bytes: effect.bytes });
        return;
      case 'install':
        host.children.set(effect.child.ref, effect.child);
        host.installed.push(effect.child);
        if (!effect.child.standby) host.active.push(effect.child.ref);
        return;
      case 'activate':
        host.active.push(effect.child);
        return;
      case 'remove':
        host.children.delete(effect.child);
        drop(host.active, effect.child);
        return;
      case 'untrap':
        host.untrapped.push(effect.isCarried);
        return;
      case 'release':
        host.released.push(...effect.lease.addresses);
        return;
      case 'ask': {
        const { ticket, question } = effect;
        host.asked.push({ ticket, question });
        const answer = host.ports(question);
        if (answer === 'never') return;
        this.#later(milliseconds(1), () => this.input(host, { kind: 'answer', ticket, answer }));
        return;
      }
      case 'report':
        host.events.push(effect.event);
        // Whatever a scenario looks at: a broken assumption of ours fails it.
        if (effect.event.kind === 'bug') throw new Error(effect.event.stack);
        return;
      case 'move':
        host.paths.set(effect.child, effect.path);
        return;
      case 'closeTls':
      case 'disclose':
        return;
    }
  }

  #send(packet: Packet): void {
    this.sent.push(packet);
    for (const { packet: arriving, delay } of this.wire(packet, this.now)) {
      this.#later(delay, () => this.#deliver(arriving));
    }
  }

  #deliver({ from, to, bytes }: Packet): void {
    const host = this.#hosts.find(({ address }) => address === to.ip);
    const path: Path = { local: to, remote: from };
    if (host) this.input(host, { kind: 'datagram', path, bytes: bytes.slice() });
  }

  #later(delay: Duration, run: () => void): void {
    this.#due.push({ at: later(this.now, delay), order: ++this.#order, run });
  }
}

function drop(list: number[], what: number): void {
  for (let at = list.indexOf(what); at >= 0; at = list.indexOf(what)) list.splice(at, 1);
}

const nonceBytes = 32;

/** A path between two hosts on port 500. */
export const between = (a: SimHost, b: SimHost): Path => ({
  local: { ip: ip(a.address), port: 500 },
  remote: { ip: ip(b.address), port: 500 },
});

/** Random bytes from a seed: mulberry32, for tests only. */
export function seeded(seed: number): Rng {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 24;
  };
  return (bytes) => Uint8Array.from({ length: bytes }, next);
}
