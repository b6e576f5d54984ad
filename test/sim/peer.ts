// A scripted peer: it says whatever a test wants. It shares our codec and key derivation, which vectors prove, but
// has none of our state machine: no window, no retransmission, no rules. As real peers do, it moves to port 4500
// after IKE_SA_INIT.
import { createHmac } from 'node:crypto';
import { concat, Reader } from '../../src/base/bytes.ts';
import { ip, type SocketAddress } from '../../src/base/ip.ts';
import { Secret } from '../../src/base/secret.ts';
import { milliseconds } from '../../src/base/time.ts';
import { Exchange } from '../../src/iana/exchanges.ts';
import { Notification } from '../../src/iana/notifies.ts';
import { PayloadType } from '../../src/iana/payloads.ts';
import { KeyExchangeMethod } from '../../src/iana/transforms.ts';
import { deriveIkeKeys, type IkeKeys, skeyseed } from '../../src/ike/sa/keymat.ts';
import { type FragmentPlace, Protection } from '../../src/ike/sa/protect.ts';
import type { Header } from '../../src/wire/header.ts';
import {
  decodeMessage,
  decodePayloads,
  encodeMessage,
  encodePayloads,
} from '../../src/wire/message.ts';
import { find, type Payload, payload } from '../../src/wire/payloads/index.ts';
import { seeded } from './chance.ts';
import {
  firstChoice,
  ikeOffer,
  ikeSuite,
  natDetection,
  none,
  notify,
  primitives,
} from './payloads.ts';
import { last, present } from './pick.ts';
import type { World } from './world.ts';

/** What may differ from the header of an ordinary request. */
export type HeaderFields = Partial<Omit<Header, 'nextPayload' | 'length'>>;

export interface Whereabouts {
  readonly from?: string;
  readonly port?: number;
  /** Of its random numbers, so of its SPI too. */
  readonly seed?: number;
}

export class Peer {
  spiI: Uint8Array;
  spiR: Uint8Array = new Uint8Array(8);
  ni: Uint8Array;
  nr = none;
  /** The IKE_SA_INIT messages as they travelled: AUTH covers them (RFC 7296 §2.15). */
  request = none;
  response = none;
  /** Message ID of the next request; `ask` counts, nothing else does. */
  nextId = 1;
  /** IntAuth of either side, and the Message ID behind them (RFC 9242 §3.3.2). */
  #intAuth:
    | { readonly initiator: Uint8Array; readonly responder: Uint8Array; readonly id: number }
    | undefined;
  from: SocketAddress;
  to: SocketAddress;
  readonly role: 'initiator' | 'responder';
  readonly rng;
  readonly #world: World;
  readonly #offer;
  #keys: IkeKeys | undefined;
  #seals: Protection | undefined;
  #opens: Protection | undefined;

  constructor(
    world: World,
    fields: Whereabouts & { readonly to: string; readonly role?: 'initiator' | 'responder' },
  ) {
    const { from = '198.51.100.7', to, port = 500, seed = 99, role = 'initiator' } = fields;
    this.#world = world;
    this.rng = seeded(seed);
    this.role = role;
    this.from = { ip: ip(from), port };
    this.to = { ip: ip(to), port: 500 };
    this.spiI = this.rng(8);
    this.ni = this.rng(32);
    this.#offer = primitives.x25519.offer(this.rng);
  }

  /** As initiator: gets through IKE_SA_INIT. */
  connect(extra: readonly Payload[] = []): this {
    this.send(this.initRequest(extra));
    this.takeInit(last(this.received(), 'IKE_SA_INIT response'));
    return this;
  }

  /** An IKE_SA_INIT request, which counts as the one that was sent. */
  initRequest(extra: readonly Payload[] = []): Uint8Array {
    this.request = this.plain([
      payload(PayloadType.SA, ikeOffer),
      payload(PayloadType.KE, { method: KeyExchangeMethod.CURVE25519, data: this.#offer.value }),
      payload(PayloadType.NONCE, { data: this.ni }),
      ...natDetection(this, this),
      notify(Notification.IKEV2_FRAGMENTATION_SUPPORTED),
      ...extra,
    ]);
    return this.request;
  }

  /** An unprotected message: by default an IKE_SA_INIT request. */
  plain(payloads: readonly Payload[], fields: HeaderFields = {}): Uint8Array {
    const exchange = Exchange.IKE_SA_INIT;
    return encodeMessage({ ...this.#header(0), exchange, ...fields }, payloads);
  }

  /** Takes the response to our IKE_SA_INIT: from here on there are keys, and port 4500. */
  takeInit(bytes: Uint8Array): void {
    const { header, payloads } = decodeMessage(bytes);
    this.response = bytes;
    this.spiR = header.spiR;
    this.nr = present(find(payloads, PayloadType.NONCE), 'Nr').data;
    this.#key(this.#offer.finish(present(find(payloads, PayloadType.KE), 'KEr').data));
  }

  /** As responder: an answer to the IKE_SA_INIT that came, which counts as sent. */
  answerInit(request: Uint8Array, extra: readonly Payload[] = []): Uint8Array {
    const { header, payloads } = decodeMessage(request);
    this.request = request;
    this.spiI = header.spiI;
    this.spiR = this.rng(8);
    this.ni = present(find(payloads, PayloadType.NONCE), 'Ni').data;
    this.nr = this.rng(32);
    this.nextId = 0;
    const offered = present(find(payloads, PayloadType.KE), 'KEi');
    const { value, shared } = primitives.x25519.answer(this.rng, offered.data);
    this.response = this.plain(
      [
        firstChoice(present(find(payloads, PayloadType.SA), 'SA'), offered.method),
        payload(PayloadType.KE, { method: offered.method, data: value }),
        payload(PayloadType.NONCE, { data: this.nr }),
        ...natDetection(this, this),
        ...extra,
      ],
      { isResponse: true },
    );
    this.#key(shared);
    return this.response;
  }

  /** A protected message: by default the next request. */
  seal(exchange: number, payloads: readonly Payload[], fields: HeaderFields = {}): Uint8Array {
    const { first, bytes } = encodePayloads(payloads);
    return this.sealRaw(exchange, { first, inner: bytes }, fields);
  }

  /** A protected message of any bytes, or a fragment of one. */
  sealRaw(
    exchange: number,
    content: { readonly first: number; readonly inner: Uint8Array; readonly place?: FragmentPlace },
    fields: HeaderFields = {},
  ): Uint8Array {
    const header = { ...this.#header(this.nextId), exchange, ...fields };
    return present(this.#seals, 'keys').seal(header, content.first, content.inner, content.place);
  }

  /** Sends a datagram and lets the answer come. */
  send(bytes: Uint8Array, wait = milliseconds(50)): void {
    this.#world.inject(this.from, this.to, bytes);
    this.#world.run(wait);
  }

  /** What came back while `act` ran. */
  hears(act: () => void): Uint8Array[] {
    const before = this.received().length;
    act();
    return this.received().slice(before);
  }

  /** Sends the next request; returns the payloads of its answer, or undefined when none comes. */
  ask(exchange: number, payloads: readonly Payload[]): readonly Payload[] | undefined {
    const answers = this.hears(() => this.send(this.seal(exchange, payloads)));
    this.nextId++;
    const answer = answers.at(-1);
    return answer && this.read(answer).payloads;
  }

  /** Sends an IKE_INTERMEDIATE request: both messages count for AUTH. */
  askIntermediate(payloads: readonly Payload[]): readonly Payload[] {
    const exchange = Exchange.IKE_INTERMEDIATE;
    const request = this.seal(exchange, payloads);
    const response = last(
      this.hears(() => this.send(request)),
      'IKE_INTERMEDIATE response',
    );
    const answer = this.read(response).payloads;
    this.#cover({ request, payloads }, { response, payloads: answer });
    this.nextId++;
    return answer;
  }

  /** Answers the IKE_INTERMEDIATE request that came last. */
  respondIntermediate(payloads: readonly Payload[]): void {
    const request = last(this.received(), 'IKE_INTERMEDIATE request');
    const { header, payloads: asked } = this.read(request);
    const { exchange, messageId } = header;
    const response = this.seal(exchange, payloads, { messageId, isResponse: true });
    this.#cover({ request, payloads: asked }, { response, payloads });
    this.send(response);
  }

  /** Sends an empty or other response to the last request that came. */
  respond(payloads: readonly Payload[] = [], fields: HeaderFields = {}): void {
    const { exchange, messageId } = this.lastHeard().header;
    this.send(this.seal(exchange, payloads, { messageId, isResponse: true, ...fields }));
  }

  /** The last message that came, opened. */
  lastHeard(): { readonly header: Header; readonly payloads: readonly Payload[] } {
    return this.read(last(this.received(), 'message'));
  }

  /** Opens a message for us. @throws Error when it is not authentic */
  read(bytes: Uint8Array): { readonly header: Header; readonly payloads: readonly Payload[] } {
    const { header, payloads } = decodeMessage(bytes);
    const sealed = payloads.at(-1);
    if (sealed?.type !== PayloadType.SK) return { header, payloads };
    const inner = present(this.#opens?.open(bytes, sealed.body.sealed), 'authentic message');
    return { header, payloads: decodePayloads(sealed.body.first, new Reader(inner)) };
  }

  /** All that was sent to us, on either port. */
  received(): Uint8Array[] {
    return this.#world.sent
      .filter(({ to, bytes }) => to.ip === this.from.ip && this.#isOurs(bytes))
      .map(({ bytes }) => bytes);
  }

  /** AUTH by pre-shared key over our ID payload (RFC 7296 §2.15). */
  pskAuth(id: { readonly raw: Uint8Array }, secret: string, pad = 'Key Pad for IKEv2'): Payload {
    return this.keyAuth(id, utf8.encode(secret), pad);
  }

  /** The same with a key that is no text: the MSK of EAP (§2.16). */
  keyAuth(
    id: { readonly raw: Uint8Array },
    secret: Uint8Array,
    pad = 'Key Pad for IKEv2',
  ): Payload {
    const prf = primitives.hmacSha256;
    const key = prf.compute(secret, utf8.encode(pad));
    return payload(PayloadType.AUTH, { method: 2, data: prf.compute(key, this.octets(id)) });
  }

  /** Puts a PPK into SK_d, SK_pi and SK_pr: prf+ of one block, for they are as long as the hash (RFC 8784 §3). */
  mix(ppk: Uint8Array): void {
    const { skD, skPi, skPr, ...rest } = present(this.#keys, 'keys');
    const mixed = ({ bytes }: Secret) => {
      const hmac = createHmac('sha256', ppk).update(bytes).update(Uint8Array.of(1));
      return new Secret(Uint8Array.from(hmac.digest()));
    };
    this.#keys = { ...rest, skD: mixed(skD), skPi: mixed(skPi), skPr: mixed(skPr) };
  }

  /** All keys anew of SKEYSEED' = prf+(PPK, SK_d): one block, for SK_d is as long as the hash (RFC 9867). */
  rekeyByPpk(ppk: Uint8Array): void {
    const hmac = createHmac('sha256', ppk).update(this.skD.bytes).update(Uint8Array.of(1));
    this.#keyBy(new Secret(Uint8Array.from(hmac.digest())));
  }

  get skD(): Secret {
    return present(this.#keys, 'keys').skD;
  }

  /** What our AUTH covers. */
  octets(id: { readonly raw: Uint8Array }): Uint8Array {
    const prf = primitives.hmacSha256;
    const { skPi, skPr } = present(this.#keys, 'keys');
    const covered = this.#intAuth;
    const more = covered && concat(covered.initiator, covered.responder, number(covered.id));
    return this.role === 'initiator'
      ? concat(this.request, this.nr, prf.compute(skPi.bytes, id.raw), more ?? none)
      : concat(this.response, this.ni, prf.compute(skPr.bytes, id.raw), more ?? none);
  }

  #cover(
    { request, payloads }: { request: Uint8Array; payloads: readonly Payload[] },
    answer: { response: Uint8Array; payloads: readonly Payload[] },
  ): void {
    const { skPi, skPr } = present(this.#keys, 'keys');
    const { compute } = primitives.hmacSha256;
    const before = this.#intAuth;
    const { messageId } = decodeMessage(request).header;
    this.#intAuth = {
      initiator: compute(skPi.bytes, before?.initiator ?? none, plainly(request, payloads)),
      responder: compute(
        skPr.bytes,
        before?.responder ?? none,
        plainly(answer.response, answer.payloads),
      ),
      id: messageId + 1,
    };
  }

  /** Neighbours behind one address are told apart by SPIi; a responder has none before it was dialed. */
  #isOurs(bytes: Uint8Array): boolean {
    return this.role === 'responder' || this.spiI.every((byte, i) => bytes[i] === byte);
  }

  #header(messageId: number) {
    const { spiI, spiR, role } = this;
    const isInitiator = role === 'initiator';
    const version = { majorVersion: 2, minorVersion: 0 };
    return { spiI, spiR, ...version, exchange: 0, isInitiator, isResponse: false, messageId };
  }

  #key(shared: Secret): void {
    this.#keyBy(skeyseed(primitives.hmacSha256, this.ni, this.nr, shared.bytes));
    this.from = { ...this.from, port: this.from.port + 4000 };
    this.to = { ...this.to, port: 4500 };
  }

  #keyBy(seed: Secret): void {
    const { ni, nr, spiI, spiR } = this;
    const prf = primitives.hmacSha256;
    const keys = deriveIkeKeys(prf, ikeSuite, seed, { ni, nr, spiI, spiR });
    const protection = (encryption: Secret, integrity: Secret) =>
      new Protection({ ...ikeSuite, encryption, integrity }, primitives, this.rng);
    const [mine, theirs] = [protection(keys.skEi, keys.skAi), protection(keys.skEr, keys.skAr)];
    [this.#seals, this.#opens] = this.role === 'initiator' ? [mine, theirs] : [theirs, mine];
    this.#keys = keys;
  }
}

/** A message as AUTH covers it: IKE header, header of SK, and what is in it, with the lengths of that (RFC 9242 §3.3.2). */
function plainly(datagram: Uint8Array, payloads: readonly Payload[]): Uint8Array {
  const { first, bytes } = encodePayloads(payloads);
  const sk = concat(Uint8Array.of(first, 0), number(4 + bytes.length).subarray(2), bytes);
  return concat(datagram.subarray(0, 24), number(28 + sk.length), sk);
}

const number = (value: number): Uint8Array => {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
};

const utf8 = new TextEncoder();
