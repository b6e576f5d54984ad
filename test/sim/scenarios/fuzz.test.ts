// Two hostile peers with valid keys do what comes to mind, while the gateway's own questions are answered late,
// wrongly or not at all: nothing may break, and nothing may stay behind. `make sim` makes it a long run.
import { expect, test } from 'vitest';
import { ip } from '../../../src/base/ip.ts';
import { milliseconds, seconds } from '../../../src/base/time.ts';
import { Exchange } from '../../../src/iana/exchanges.ts';
import { Notification } from '../../../src/iana/notifies.ts';
import { PayloadType as P } from '../../../src/iana/payloads.ts';
import type { Answer, Question, Ticket } from '../../../src/ike/core.ts';
import { decodeMessage, encodePayloads } from '../../../src/wire/message.ts';
import { find, payload } from '../../../src/wire/payloads/index.ts';
import { seeded } from '../chance.ts';
import { doorstep } from '../doorstep.ts';
import { leftovers } from '../leftovers.ts';
import { login, none, notify, peerSpi } from '../payloads.ts';
import type { Peer } from '../peer.ts';
import { connection, identity, policy } from '../policies.ts';
import { seedsOr } from '../seeds.ts';

const seeds = seedsOr(60);
const stepsEach = 100;
const aMoment = milliseconds(21);

/** One run: everything in it follows from the seed. */
class Siege {
  readonly #rng;
  readonly #seed: number;
  readonly #step;
  #peers: readonly Peer[];
  readonly #sent: { readonly peer: Peer; readonly bytes: Uint8Array }[] = [];
  readonly #connections;
  #answered = 0;
  #address = 1;
  readonly #moves: readonly ((peer: Peer) => void)[] = [
    (peer) => this.#begin(peer),
    (peer) => this.#logIn(peer),
    (peer) => this.#logIn(peer),
    (peer) => this.#logInWithout(peer),
    (peer) => this.#sayNonsense(peer),
    (peer) => this.#delete(peer),
    (peer) =>
      this.#say(peer, Exchange.CREATE_CHILD_SA, [payload(P.NONCE, { data: this.#rng(32) })]),
    () => this.#replay(),
    () => this.#answer(this.#pick([1, 1, 99])),
    () => this.#step.world.run(seconds(this.#roll(20))),
    () => this.#command(),
    () => this.#wearOut(),
    (peer) => this.#sendPieces(peer),
    (peer) => this.#respond(peer),
  ];

  constructor(seed: number) {
    this.#rng = seeded(seed * 7919);
    this.#seed = seed;
    this.#connections = [
      connection({
        dpd: seconds(5),
        remoteAuth: ['psk', 'pubkey'],
        localAuth: seed % 2 ? 'psk' : 'pubkey',
      }),
    ];
    this.#step = doorstep({ policy: this.#policy(), ports: () => 'never' });
    this.#peers = [0, 1].map((i) => this.#step.stranger({ from: `198.51.100.${7 + i}` }));
  }

  /** @returns how often a peer got in, and what was left at the end */
  run(): { readonly established: number; readonly left: readonly string[] } {
    const { world, gateway } = this.#step;
    for (let i = 0; i < stepsEach; i++) {
      const peer = this.#pick(this.#peers);
      if (peer.nr.length === 0) this.#begin(peer);
      else this.#pick(this.#moves)(peer);
    }
    world.input(gateway, { kind: 'command', command: { kind: 'terminate', which: 'all' } });
    world.run(seconds(3600));
    this.#answer(Number.POSITIVE_INFINITY);
    const given = this.#address - 1;
    const left = given === gateway.released.length ? [] : [`${given} leases given`];
    left.push(...leftovers(world, gateway));
    const established = gateway.eventsOf('sa.established').length;
    return { established, left: left.map((what) => `seed ${this.#seed}: ${what}`) };
  }

  #policy() {
    const own = {
      name: 'home',
      keyId: 'home',
      keyType: 'rsa' as const,
      chain: [new Uint8Array(1200)],
      identities: [identity('home.example')],
    };
    return policy(this.#connections, { certificates: [own], keylog: this.#seed % 3 === 0 });
  }

  /** A handshake from the start, in the peer's place; a cookie that is demanded may come later. */
  #begin(old: Peer): void {
    const seed = this.#roll(65_536);
    const peer = this.#step.stranger({ from: old.from.ip, seed });
    this.#peers = this.#peers.map((one) => (one === old ? peer : one));
    const [answer] = peer.hears(() => this.#send(peer, peer.initRequest()));
    if (answer && find(decodeMessage(answer).payloads, P.KE)) peer.takeInit(answer);
  }

  #logIn(peer: Peer): void {
    const extra = this.#roll(2) ? [notify(Notification.INITIAL_CONTACT)] : [];
    this.#say(peer, Exchange.IKE_AUTH, login(peer, { spi: this.#rng(4), extra }));
  }

  #logInWithout(peer: Peer): void {
    const payloads = login(peer);
    payloads.splice(this.#roll(payloads.length), 1);
    this.#say(peer, Exchange.IKE_AUTH, payloads);
  }

  #sayNonsense(peer: Peer): void {
    const exchange = this.#pick([34, 35, 36, 37, 43, 99]);
    const first = this.#pick([33, 41, 42, 44, 47, 200, 0]);
    this.#send(peer, peer.sealRaw(exchange, { first, inner: this.#rng(this.#roll(40)) }));
    peer.nextId += this.#roll(2);
  }

  #delete(peer: Peer): void {
    const spis = [this.#rng(4), peerSpi];
    const body = this.#roll(2) ? { protocol: 1, spis: [] } : { protocol: 3, spis };
    this.#say(peer, Exchange.INFORMATIONAL, [payload(P.DELETE, body)]);
  }

  /** Something that was said before, perhaps with a bit of it changed, perhaps from elsewhere. */
  #replay(): void {
    const { peer, bytes } = this.#pick(this.#sent);
    const again = bytes.slice();
    const at = this.#roll(again.length);
    if (this.#roll(2)) again[at] = ((again[at] ?? 0) ^ (1 << this.#roll(8))) & 0xff;
    const from = {
      ip: this.#pick([peer.from.ip, ip('192.0.2.1')]),
      port: this.#pick([500, 4500, 7]),
    };
    this.#step.world.inject(from, peer.to, again);
    this.#step.world.run(aMoment);
  }

  /** Answers some of the gateway's questions, in their order, however late it is. */
  #answer(most: number): void {
    const { world, gateway } = this.#step;
    for (let i = 0; i < most && this.#answered < gateway.asked.length; i++) {
      const asked: { ticket: Ticket; question: Question } | undefined =
        gateway.asked[this.#answered++];
      if (!asked) return;
      const answer = this.#invent(asked.question);
      world.input(gateway, { kind: 'answer', ticket: asked.ticket, answer });
    }
  }

  #invent(question: Question): Answer {
    switch (question.kind) {
      case 'lease': {
        if (this.#roll(8) === 0) return { ok: false, why: 'no more' };
        const addresses = [ip(`10.3.${this.#address >> 8}.${this.#address++ & 0xff}`)];
        const lease = { pool: question.pool, identity: question.identity, addresses };
        return { ok: true, lease, dns: [], domains: [] };
      }
      case 'account':
        return { ok: false, why: 'no such user', advice: '' };
      case 'verify':
        return this.#roll(2) === 0;
      case 'sign':
        return this.#roll(8) ? this.#rng(64) : undefined;
      case 'idle':
        return milliseconds(this.#roll(9000));
      case 'carried':
        return this.#roll(3);
      case 'openTls':
      case 'tls':
      case 'exportTls':
        return undefined;
      case 'verifyChain':
        if (this.#roll(3) === 0) return { ok: false, cause: 'expired', why: 'it is old' };
        return {
          ok: true,
          spki: none,
          keyType: 'rsa',
          identities: [{ type: 2, data: this.#rng(3) }],
        };
    }
  }

  #command(): void {
    const { world, gateway } = this.#step;
    const command = this.#roll(2)
      ? ({ kind: 'terminate', which: 'all' } as const)
      : ({ kind: 'policy', policy: this.#policy() } as const);
    world.input(gateway, { kind: 'command', command });
  }

  #wearOut(): void {
    const { world, gateway } = this.#step;
    const spec = gateway.installed.at(-1); // still there, or not any more
    if (!spec) return;
    const kind = this.#pick(['hard-limit', 'soft-limit'] as const);
    world.input(gateway, { kind: 'dataplane', event: { kind, child: spec.ref } });
  }

  #sendPieces(peer: Peer): void {
    const { first, bytes } = encodePayloads(login(peer));
    const cut = this.#roll(bytes.length);
    const total = 1 + this.#roll(3);
    const exchange = this.#roll(3) ? Exchange.IKE_AUTH : Exchange.INFORMATIONAL;
    for (let number = 1; number <= total; number++) {
      const inner = number === 1 ? bytes.subarray(0, cut) : bytes.subarray(cut);
      const content = { first: number === 1 ? first : 0, inner, place: { number, total } };
      this.#send(peer, peer.sealRaw(exchange, content));
    }
  }

  /** Answers the gateway's last request: well, in another exchange, or with nonsense. */
  #respond(peer: Peer): void {
    const last = peer.received().at(-1);
    const header = last && decodeMessage(last).header;
    if (!header || header.isResponse) return;
    const fields = { messageId: header.messageId, isResponse: true };
    const exchange = this.#roll(4) ? header.exchange : Exchange.IKE_AUTH;
    const content = this.#roll(3) ? { first: 0, inner: none } : { first: 41, inner: this.#rng(8) };
    this.#send(peer, peer.sealRaw(exchange, content, fields));
  }

  #say(peer: Peer, exchange: number, payloads: Parameters<Peer['seal']>[1]): void {
    this.#send(peer, peer.seal(exchange, payloads));
    if (this.#roll(4)) peer.nextId++;
  }

  #send(peer: Peer, bytes: Uint8Array): void {
    this.#sent.push({ peer, bytes });
    peer.send(bytes, aMoment);
  }

  #roll(n: number): number {
    const [high = 0, low = 0] = this.#rng(2);
    return ((high << 8) | low) % n;
  }

  #pick<T>(list: readonly T[]): T {
    const one = list[this.#roll(list.length)];
    if (one === undefined) throw new Error('nothing to pick from');
    return one;
  }
}

test(`${seeds.length} sieges leave a gateway as it was before`, {
  timeout: 1000 * seeds.length,
}, () => {
  const ends = seeds.map((seed) => new Siege(seed).run());
  expect(ends.flatMap(({ left }) => left)).toEqual([]);
  // The attackers are no fools: most of them get in now and then, or the siege would prove little.
  const successes = ends.filter(({ established }) => established > 0).length;
  if (seeds.length > 20) expect(successes).toBeGreaterThan(seeds.length / 2);
});
