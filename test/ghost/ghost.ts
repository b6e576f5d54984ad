// The ghost of a native client: an IKEv2 initiator of its own, which shares none of the gateway's state machine, plays
// what a Model says, and hangs up over what the real client hangs up over. It has no clock and no socket: time comes
// in, datagrams go out, and there is one deadline.
import { equal } from '../../src/base/bytes.ts';
import { type Ip, ip, isIpv4, type SocketAddress } from '../../src/base/ip.ts';
import { type Instant, instant, later, seconds } from '../../src/base/time.ts';
import type { Rng } from '../../src/crypto/primitives.ts';
import { Exchange } from '../../src/iana/exchanges.ts';
import { nameOf } from '../../src/iana/name.ts';
import { PayloadType } from '../../src/iana/payloads.ts';
import { Protocol } from '../../src/iana/protocols.ts';
import { decodeEsp } from '../../src/wire/esp.ts';
import { decodeHeader } from '../../src/wire/header.ts';
import { type Payload, payload } from '../../src/wire/payloads/index.ts';
import { answer } from './answers.ts';
import type { GhostChild } from './child.ts';
import { dial } from './dial.ts';
import { Displeased } from './displeased.ts';
import type { GhostSa, Opened } from './ike-sa.ts';
import type { Login } from './login.ts';
import type { Model, Owner } from './model.ts';
import { disconnect, probe, updateAddresses } from './notices.ts';
import { rekeyChild, rekeyIke } from './rekeys.ts';

/** What leaves: ESP as it is, whether it travels in UDP or not says `encap`. */
export interface Sent {
  readonly kind: 'ike' | 'esp' | 'keepalive';
  readonly from: SocketAddress;
  readonly to: SocketAddress;
  readonly bytes: Uint8Array;
}
export interface Arrived {
  readonly from: SocketAddress;
  readonly to: SocketAddress;
  readonly bytes: Uint8Array;
}

/** A request that waits for its response. */
export interface Asked {
  readonly sa: GhostSa;
  readonly exchange: number;
  readonly payloads: readonly Payload[];
}
/** What a client does of its own accord; it stops at each request. */
export type Procedure = Generator<Asked, void, Opened>;

export interface GhostFields {
  readonly model: Model;
  readonly login: Login;
  readonly owner: Owner;
  readonly rng: Rng;
  readonly gateway: Ip;
}

/** What it was told about names. */
export interface Names {
  readonly servers: readonly Ip[];
  readonly domains: readonly string[];
}

export class Ghost {
  readonly model: Model;
  readonly login: Login;
  readonly owner: Owner;
  readonly rng: Rng;
  now: Instant = instant(0);
  from: SocketAddress;
  to: SocketAddress;
  phase: 'idle' | 'dialling' | 'up' | 'down' = 'idle';
  /** Why its owner would see an error; empty: all is well. */
  readonly complaints: string[] = [];
  /** What it did and what was done to it, in words. */
  readonly diary: string[] = [];
  readonly children: GhostChild[] = [];
  /** The IKE SA in use is the last one. */
  readonly sas: GhostSa[] = [];
  /** Virtual addresses. */
  addresses: readonly Ip[] = [];
  names: Names = { servers: [], domains: [] };
  encap: 'udp' | 'raw' = 'raw';
  /** Both sides take part in NAT detection, and both can move. */
  detectsNat = false;
  isMobile = false;
  /** Since when the gateway says nothing but TEMPORARY_FAILURE. */
  refusedSince: Instant | undefined;
  #outbox: Sent[] = [];
  readonly #timers = new Map<string, { readonly at: Instant; readonly run: () => void }>();
  readonly #queue: Procedure[] = [];
  #waiting:
    | (Asked & {
        procedure: Procedure;
        messageId: number;
        tries: number;
        datagrams: readonly Uint8Array[];
      })
    | undefined;

  constructor({ model, login, owner, rng, gateway }: GhostFields) {
    this.model = model;
    this.login = login;
    this.owner = owner;
    this.rng = rng;
    this.from = { ip: ip(owner.address), port: this.#port(500) };
    this.to = { ip: gateway, port: 500 };
  }

  get sa(): GhostSa | undefined {
    return this.sas.at(-1);
  }

  /** The newest CHILD_SA that it may send on. */
  get child(): GhostChild | undefined {
    return this.children.findLast(({ standby }) => !standby) ?? this.children.at(-1);
  }

  get deadline(): Instant | undefined {
    const times = [...this.#timers.values()].map(({ at }) => at);
    return times.length === 0 ? undefined : instant(Math.min(...times));
  }

  /** Exchanges of its own that are under way or wait for their turn. */
  get isBusy(): boolean {
    return this.#waiting !== undefined || this.#queue.length > 0;
  }

  /** An exchange of its own is under way that another may not cross (RFC 7296 §2.25). */
  get isChanging(): boolean {
    const { exchange, payloads } = this.#waiting ?? { exchange: 0, payloads: [] };
    const isDelete = payloads.some(({ type }) => type === PayloadType.DELETE);
    return exchange === Exchange.CREATE_CHILD_SA || isDelete;
  }

  /** Takes what is to be sent. */
  takeSent(): readonly Sent[] {
    const sent = this.#outbox;
    this.#outbox = [];
    return sent;
  }

  connect(now: Instant): void {
    this.phase = 'dialling';
    this.#begin(now, dial(this));
  }
  rekeyChild(now: Instant): void {
    this.#begin(now, rekeyChild(this));
  }
  rekeyIke(now: Instant): void {
    this.#begin(now, rekeyIke(this));
  }
  disconnect(now: Instant): void {
    this.#begin(now, disconnect(this));
  }

  /** The phone is somewhere else; with MOBIKE it says so, without it has only a NAT to rely on. */
  move(now: Instant, address: Ip, gateway: Ip = this.to.ip): void {
    this.from = { ip: address, port: this.#port(this.from.port) };
    this.to = { ...this.to, ip: gateway };
    if (this.isMobile) this.#begin(now, updateAddresses(this));
  }

  wake(now: Instant): void {
    this.#turn(now, () => {
      for (const [name, { at, run }] of [...this.#timers]) {
        if (at > now) continue;
        this.#timers.delete(name);
        run();
      }
    });
  }

  /** An IKE message, without the non-ESP marker. */
  receive(now: Instant, { from, to, bytes }: Arrived): void {
    this.#turn(now, () => {
      const header = decodeHeader(bytes);
      const sa = this.sas.find(
        ({ spiI, spiR, keys }) => equal(spiI, header.spiI) && (!keys || equal(spiR, header.spiR)),
      );
      if (!sa || this.phase === 'down') return;
      if (header.isResponse) this.#takeResponse(sa, bytes);
      else this.#takeRequest(sa, { from, to, bytes }, header.messageId);
    });
  }

  /** An ESP packet, without UDP. @returns the packet inside, if it is ours and authentic */
  receiveEsp(now: Instant, packet: Uint8Array): Uint8Array | undefined {
    const { spi } = decodeEsp(packet);
    const child = this.children.find(({ spiIn }) => spiIn === spi);
    const inner = child?.receiver.open(packet);
    if (!child || !inner) return undefined;
    child.standby = false;
    this.now = now;
    this.#heard();
    return inner;
  }

  /** Sends an IP packet through the tunnel. */
  send(now: Instant, inner: Uint8Array): void {
    this.now = now;
    const { child } = this;
    if (child) this.#post('esp', child.sender.seal(inner));
  }

  /** After `secs` seconds of virtual or real time; one of a name. */
  later(name: string, secs: number, run: () => void): void {
    this.#timers.set(name, { at: later(this.now, seconds(secs)), run });
  }

  /** Queues an exchange of its own: one after the other. */
  begin(procedure: Procedure): void {
    this.#queue.push(procedure);
  }

  /** Moves to port 4500 on both sides (RFC 7296 §2.23). */
  float(): void {
    this.from = { ...this.from, port: this.#port(4500) };
    this.to = { ...this.to, port: 4500 };
  }

  /** Connected: from here on it probes, keeps NATs open, and renews keys when they are old. */
  settle(): void {
    this.phase = 'up';
    this.diary.push('connected');
    this.#heard();
    this.#keepNatOpen();
    this.renewIke();
  }

  renewIke(secs = this.model.rekey.ike): void {
    this.later('renew IKE SA', secs, () => this.begin(rekeyIke(this)));
  }
  renewChild(secs = this.model.rekey.child): void {
    this.later('renew CHILD_SA', secs, () => this.begin(rekeyChild(this)));
  }

  /** It is over, well or badly. */
  end(): void {
    this.phase = 'down';
    this.#timers.clear();
    this.#queue.length = 0;
    this.#waiting = undefined;
    this.children.length = 0;
    this.sas.length = 0;
  }

  #begin(now: Instant, procedure: Procedure): void {
    this.#turn(now, () => this.begin(procedure));
  }

  /** Whatever displeases the client within ends the connection. */
  #turn(now: Instant, act: () => void): void {
    this.now = now;
    try {
      act();
      this.#proceed();
    } catch (error) {
      if (!(error instanceof Displeased)) throw error;
      this.#hangUp(error.message);
    }
  }

  #proceed(): void {
    while (!this.#waiting && this.phase !== 'down') {
      const next = this.#queue.shift();
      if (!next) return;
      this.#step(next);
    }
  }

  #step(procedure: Procedure, response?: Opened): void {
    const { done, value } = response ? procedure.next(response) : procedure.next();
    this.#waiting = undefined;
    if (done || this.phase === 'down') return;
    const messageId = value.sa.keys ? value.sa.nextId++ : 0;
    const { sa, exchange, payloads } = value;
    // A repeated request is the same bytes (RFC 7296 §2.1): sealed again it would not be.
    const fields = { exchange, messageId, isResponse: false };
    const datagrams = sa.datagrams(fields, payloads, this.#room());
    this.#waiting = { ...value, procedure, messageId, tries: 0, datagrams };
    this.#transmit();
  }

  #transmit(): void {
    const waiting = this.#waiting;
    if (!waiting) return;
    const { exchange, datagrams, tries } = waiting;
    const wait = this.model.retransmit[tries];
    if (wait === undefined) throw new Displeased(`no answer to ${nameOf(Exchange, exchange)}`);
    waiting.tries++;
    for (const bytes of datagrams) this.#post('ike', bytes);
    this.later('retransmit', wait, () => this.#transmit());
  }

  #takeResponse(sa: GhostSa, bytes: Uint8Array): void {
    const waiting = this.#waiting;
    const opened = sa.open(bytes);
    if (!opened || !waiting || waiting.sa !== sa) return;
    if (opened.header.messageId !== waiting.messageId) return;
    this.#timers.delete('retransmit');
    this.#heard();
    this.#step(waiting.procedure, opened);
  }

  #takeRequest(sa: GhostSa, { from, to, bytes }: Arrived, messageId: number): void {
    const reply = { from: to, to: from };
    if (messageId === sa.expectedId - 1) {
      for (const again of sa.lastReply) this.#outbox.push({ kind: 'ike', ...reply, bytes: again });
      return;
    }
    const opened = messageId === sa.expectedId ? sa.open(bytes) : undefined;
    if (!opened) return;
    this.#heard();
    sa.expectedId++;
    const { exchange } = opened.header;
    const { payloads, then } = answer(this, sa, opened);
    sa.lastReply = sa.datagrams({ exchange, messageId, isResponse: true }, payloads, this.#room());
    for (const one of sa.lastReply) this.#outbox.push({ kind: 'ike', ...reply, bytes: one });
    then?.();
  }

  #hangUp(why: string): void {
    this.complaints.push(why);
    const { sa } = this;
    if (sa?.keys && this.model.insists.saysGoodbye) {
      const goodbye = [payload(PayloadType.DELETE, { protocol: Protocol.IKE, spis: [] })];
      const fields = { exchange: Exchange.INFORMATIONAL, messageId: sa.nextId, isResponse: false };
      for (const bytes of sa.datagrams(fields, goodbye, this.#room())) this.#post('ike', bytes);
    }
    this.end();
  }

  /** Silence begins anew. */
  #heard(): void {
    const { liveness } = this.model;
    if (liveness === undefined || this.phase !== 'up') return;
    this.later('liveness', liveness, () => {
      this.#heard();
      if (!this.isBusy) this.begin(probe(this));
    });
  }

  #keepNatOpen(): void {
    this.later('keepalive', this.model.keepalive, () => {
      if (this.encap === 'udp') this.#post('keepalive', Uint8Array.of(0xff));
      this.#keepNatOpen();
    });
  }

  #post(kind: Sent['kind'], bytes: Uint8Array): void {
    this.#outbox.push({ kind, from: this.from, to: this.to, bytes });
  }

  /** What a message may take of a datagram: without IP, UDP and the non-ESP marker. */
  #room(): number {
    return this.model.datagramBytes - (isIpv4(this.to.ip) ? 20 : 40) - 8 - 4;
  }

  #port(wellKnown: number): number {
    if (this.model.ports === 'well known') return wellKnown;
    const [high = 0, low = 0] = this.rng(2);
    return 0x8000 | (high << 8) | low;
  }
}
