// A whole core and peers that hold valid keys: honest requests and responses of every kind, in any order, with bytes
// of them changed before they are sealed. Nothing may break, and when all is over nothing may be left.
import { equal } from '../../../src/base/bytes.ts';
import { milliseconds, seconds } from '../../../src/base/time.ts';
import { EapType } from '../../../src/iana/eap.ts';
import { Exchange } from '../../../src/iana/exchanges.ts';
import { Notification } from '../../../src/iana/notifies.ts';
import { PayloadType as P } from '../../../src/iana/payloads.ts';
import type { Command } from '../../../src/ike/core.ts';
import { encodePayloads } from '../../../src/wire/message.ts';
import { find, type Payload, payload } from '../../../src/wire/payloads/index.ts';
import { dialing, welcome } from '../../sim/dialed.ts';
import { doorstep } from '../../sim/doorstep.ts';
import { leftovers } from '../../sim/leftovers.ts';
import {
  child,
  childMade,
  ikeRekey,
  ikeRekeyed,
  login,
  natDetection,
  none,
  notify,
  peerSpi,
  rekeyOf,
  without,
} from '../../sim/payloads.ts';
import type { Peer } from '../../sim/peer.ts';
import { connection, policy } from '../../sim/policies.ts';
import { answerTo, eapPolicy, msChapAnswer, requestIn, users } from '../../sim/users.ts';
import type { SimHost, World } from '../../sim/world.ts';
import { Input } from '../input.ts';
import { endTest } from '../runner.ts';
import type { Target } from '../target.ts';

export const core: Target = {
  run: (data) => new Talk(new Input(data)).run(),
  seeds: () => [
    ...[0, 1, 2, 3].map((scene) => Uint8Array.of(scene, 0, 0, 1, 0, 0, 2, 0, 0, 3, 0, 0, 4, 0, 0)),
    Uint8Array.of(0, 1, 0, 0, 3, 0, 0, 4, 0, 0, 5, 0, 0, 6, 0, 0, 7, 0, 0, 8, 0, 0, 9, 0, 0),
    Uint8Array.of(1, 2, 0, 0, 10, 0, 0, 11, 0, 0, 12, 0, 0, 13, 0, 0, 14, 0, 0, 1, 0, 0),
    Uint8Array.of(3, 20, 0, 0, 21, 0, 0, 22, 0, 0, 23, 0, 0, 24, 0, 0),
  ],
  words: [0, 33, 39, 40, 41, 42, 44, 46, 47, 48, 53].map((type) => Uint8Array.of(type, 0, 0, 8)),
};

/** What a peer may want: the exchange, and what is in the request. */
type Wish = readonly [number, (peer: Peer, talk: Talk) => readonly Payload[]];
const { IKE_AUTH, CREATE_CHILD_SA, INFORMATIONAL } = Exchange;
const otherSpi = Uint8Array.of(0xc0, 9, 9, 9);
const ikeSpi = Uint8Array.of(9, 8, 7, 6, 5, 4, 3, 2);
const status = (type: number) => (): Payload[] => [notify(type)];

const wishes: readonly Wish[] = [
  [IKE_AUTH, (peer) => login(peer)],
  [IKE_AUTH, (peer) => login(peer, { extra: [notify(Notification.MOBIKE_SUPPORTED)] })],
  [IKE_AUTH, (peer) => without(login(peer), P.AUTH)],
  [IKE_AUTH, (_, talk) => talk.eapAnswer('anna')],
  [IKE_AUTH, (_, talk) => talk.eapAnswer('nobody')],
  [IKE_AUTH, (peer, talk) => talk.eapAuth(peer)],
  [IKE_AUTH, (peer) => login(peer, { extra: [notify(Notification.INITIAL_CONTACT)] })],
  [CREATE_CHILD_SA, (peer) => rekeyOf(peer, peerSpi, otherSpi)],
  [CREATE_CHILD_SA, (peer) => rekeyOf(peer, otherSpi, peerSpi)],
  [CREATE_CHILD_SA, (peer) => [...child(otherSpi), payload(P.NONCE, { data: peer.rng(32) })]],
  [CREATE_CHILD_SA, () => ikeRekey(ikeSpi)],
  [INFORMATIONAL, () => []],
  [INFORMATIONAL, () => [payload(P.DELETE, { protocol: 1, spis: [] })]],
  [INFORMATIONAL, () => [payload(P.DELETE, { protocol: 3, spis: [peerSpi, otherSpi] })]],
  [
    INFORMATIONAL,
    (peer) => [notify(Notification.UPDATE_SA_ADDRESSES), ...natDetection(peer, peer)],
  ],
  [INFORMATIONAL, () => [notify(Notification.COOKIE2, new Uint8Array(8))]],
  [INFORMATIONAL, status(Notification.ADDITIONAL_IP4_ADDRESS)],
  [INFORMATIONAL, status(Notification.REDIRECT)],
  [INFORMATIONAL, status(Notification.AUTH_LIFETIME)],
  [INFORMATIONAL, status(Notification.AUTHENTICATION_FAILED)],
];

/** One input. */
class Talk {
  readonly #input: Input;
  readonly #world: World;
  readonly #host: SimHost;
  #peer: Peer;
  readonly #next: (() => Peer) | undefined;
  #msk = none;

  constructor(input: Input) {
    this.#input = input;
    const scene = sceneOf(input.u8() % 4);
    this.#world = scene.world;
    this.#host = scene.host;
    this.#peer = scene.peer;
    this.#next = scene.next;
  }

  run(): void {
    for (let i = 0; i < mostSteps && !this.#input.isEmpty; i++) this.#step();
    this.#command({ kind: 'terminate', which: 'all' });
    this.#world.run(seconds(3600));
    const left = leftovers(this.#world, this.#host);
    endTest();
    if (left.length > 0) throw new Error(`left over: ${left.join(', ')}`);
  }

  #step(): void {
    const what = this.#input.u8();
    if (what < 2 * wishes.length) this.#ask(wishes[what % wishes.length] as Wish);
    else if (what < 100) this.#respond();
    else if (what < 120)
      this.#say(this.#input.u8(), this.#input.u8(), this.#input.bytes(this.#input.u8()));
    else if (what < 140) this.#world.run(seconds(this.#input.u8()));
    else if (what < 160) this.#wear();
    else if (what < 180) this.#pieces();
    else if (what < 190) this.#repeat();
    else if (what < 200) this.#begin();
    else this.#order(what);
  }

  #ask([exchange, payloads]: Wish): void {
    const { first, bytes } = encodePayloads(payloads(this.#peer, this));
    this.#say(exchange, first, this.#bend(bytes));
  }

  /** The answer to what the host asked last, honest but for what the input changes. */
  #respond(): void {
    const asked = this.#asked();
    if (!asked) return;
    const { header, payloads } = asked;
    const answers = this.#answersTo(header.exchange, payloads);
    const { first, bytes } = encodePayloads(this.#input.pick([answers, answers, []]));
    const fields = { messageId: header.messageId, isResponse: true };
    this.#send(this.#peer.sealRaw(header.exchange, { first, inner: this.#bend(bytes) }, fields));
  }

  /** What the peer can read: nothing of another IKE SA, for it has no keys of that, nor what was repeated bent. */
  #asked(): ReturnType<Peer['read']> | undefined {
    const isOfThisSa = (bytes: Uint8Array) => equal(bytes.subarray(0, 8), this.#peer.spiI);
    const last = this.#peer.received().filter(isOfThisSa).at(-1);
    try {
      const read = last && this.#peer.read(last);
      return read?.header.isResponse ? undefined : read;
    } catch {
      return undefined;
    }
  }

  #answersTo(exchange: number, request: readonly Payload[]): readonly Payload[] {
    if (exchange === IKE_AUTH) return welcome(this.#peer);
    if (exchange !== CREATE_CHILD_SA) return this.#input.pick([[], [notify(this.#input.u16())]]);
    return find(request, P.TSI) ? childMade(request, otherSpi) : ikeRekeyed(request, ikeSpi);
  }

  /** The right answer of EAP, as far as it can be known. */
  eapAnswer(name: string): readonly Payload[] {
    try {
      const request = requestIn(this.#peer.lastHeard().payloads);
      if (request.type === EapType.IDENTITY) return [answerTo(request, EapType.IDENTITY, name)];
      const isChallenge = request.data[0] === 1;
      const challenge = request.data.slice(5, 21);
      const answer = msChapAnswer(challenge, { name, password: 'correct horse' });
      if (isChallenge) this.#msk = answer.msk;
      const data = isChallenge ? answer.data : Uint8Array.of(3);
      return [answerTo(request, request.type, data)];
    } catch {
      return [];
    }
  }

  eapAuth(peer: Peer): readonly Payload[] {
    const id = find(login(peer), P.IDI);
    return id ? [peer.keyAuth(id, this.#msk)] : [];
  }

  /** Some bytes changed, put in or taken out. */
  #bend(bytes: Uint8Array): Uint8Array {
    let bent = [...bytes];
    for (let i = this.#input.u8() % 5; i > 0; i--) {
      const at = this.#input.u16() % (bent.length + 1);
      const how = this.#input.u8();
      if (how < 128) bent[at] = this.#input.u8();
      else if (how < 192) bent.splice(at, how % 32);
      else bent.splice(at, 0, ...this.#input.bytes(how % 32));
    }
    bent = bent.map((byte) => byte ?? 0);
    return Uint8Array.from(bent);
  }

  #say(exchange: number, first: number, inner: Uint8Array): void {
    const odd = this.#input.u8();
    const isResponse = odd >= 250;
    const messageId = odd >= 240 ? odd - 240 : this.#peer.nextId;
    this.#send(this.#peer.sealRaw(exchange, { first, inner }, { isResponse, messageId }));
    if (odd < 240) this.#peer.nextId++;
  }

  #send(bytes: Uint8Array): void {
    this.#peer.send(bytes, milliseconds(21));
  }

  #pieces(): void {
    const { first, bytes } = encodePayloads(login(this.#peer));
    const [total, exchange] = [
      1 + (this.#input.u8() % 4),
      this.#input.pick([IKE_AUTH, INFORMATIONAL]),
    ];
    for (let i = this.#input.u8() % 6; i > 0; i--) {
      const number = this.#input.u8() % 6;
      const inner = bytes.subarray(this.#input.u8(), this.#input.u8() * 2);
      const place = { number, total };
      this.#send(this.#peer.sealRaw(exchange, { first: number === 1 ? first : 0, inner, place }));
    }
  }

  /** A datagram of before, perhaps with a bit changed, perhaps from elsewhere. */
  #repeat(): void {
    const { sent } = this.#world;
    const old = sent[sent.length - 1 - (this.#input.u8() % sent.length)];
    if (!old) return;
    const bytes = this.#bend(old.bytes);
    const port = this.#input.pick([old.from.port, 7]);
    this.#world.inject({ ...old.from, port }, old.to, bytes);
    this.#world.run(milliseconds(21));
  }

  /** Another peer, unless it is asked for a cookie, as many are, or hears something else first. */
  #begin(): void {
    try {
      this.#peer = this.#next?.() ?? this.#peer;
    } catch {
      this.#world.run(milliseconds(21));
    }
  }

  #wear(): void {
    const one = [...this.#host.children.values()].at(-1)?.ref;
    if (one === undefined) return;
    const kind = this.#input.pick(['used', 'soft-limit', 'hard-limit'] as const);
    this.#world.input(this.#host, { kind: 'dataplane', event: { kind, child: one } });
  }

  #order(what: number): void {
    const [sa] = this.#host.core.snapshot().sas;
    const child = [...this.#host.children.values()].at(-1)?.ref;
    if (what < 230 && sa) this.#command({ kind: 'rekey', sa: sa.id, child });
    else if (what < 245 && sa) this.#command({ kind: 'rekey', sa: sa.id, child: undefined });
    else if (what < 250) this.#command({ kind: 'terminate', which: 'all' });
    this.#world.run(milliseconds(21));
  }

  #command(command: Command): void {
    this.#world.input(this.#host, { kind: 'command', command });
  }
}

/** A gateway with a peer at its door, by pre-shared key or by EAP; or a phone that dials a hostile gateway. */
function sceneOf(which: number): { world: World; host: SimHost; peer: Peer; next?: () => Peer } {
  const dpd = seconds(30);
  if (which === 3) {
    const { world, dialer, peer, request } = dialing({ dpd });
    peer.send(peer.answerInit(request));
    return { world, host: dialer, peer };
  }
  const byEap = eapPolicy({ dpd, remoteAuth: ['eap-mschapv2', 'eap-gtc'] }, { dpd });
  const byKey = policy([
    connection({ dpd, ikeLifetime: seconds(600), childLifetime: seconds(200) }),
  ]);
  const { world, gateway, halfOpen, guest } = doorstep({
    policy: which === 1 ? byEap : byKey,
    ports: users(),
  });
  const from = (i: number) => ({ from: `198.51.100.${7 + i}`, seed: 99 + i });
  let others = 0;
  const peer = which === 2 ? guest(from(0)) : halfOpen(from(0));
  return { world, host: gateway, peer, next: () => halfOpen(from(++others % 5)) };
}

const mostSteps = 24;
