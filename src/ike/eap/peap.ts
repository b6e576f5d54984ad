// PEAP version 0 (MS-PEAP): the server proves itself by its certificate, the peer by EAP inside the tunnel, whose
// headers are left away; at the end both say inside how it went, and bind the method to the tunnel.
import { EapType } from '../../iana/eap.ts';
import type { Steps } from '../steps.ts';
import { innerPeer, innerServer } from './inner.ts';
import type {
  EapEnd,
  EapMethod,
  EapMethodRow,
  EapOutcome,
  EapSetting,
  EapStep,
  PeerSetting,
  ServerSetting,
} from './method.ts';
import { decodeEap, type EapPacket, type EapTalk, encodeEap } from './packet.ts';
import { decodeResult, encodeResult, PeapKeys } from './peap-result.ts';
import type { EapPeer } from './peer.ts';
import type { EapServer, EapTurn } from './server.ts';
import { failure, noOwnCertificate, openingOf, TlsTalk } from './tls-talk.ts';

export const peap: EapMethodRow = {
  name: 'eap-peap',
  type: EapType.PEAP,
  isMutual: true,
  makesKey: true,
  server: (setting) => new PeapServer(setting),
  peer: (setting) => new PeapPeer(setting),
};

class PeapServer implements EapMethod {
  readonly #setting: ServerSetting;
  readonly #talk: TlsTalk | undefined;
  #inner: EapServer | undefined;
  /** Of our last request inside. */
  #identifier = 0;
  #end: EapEnd | undefined;

  constructor(setting: ServerSetting) {
    const opening = openingOf(setting, { wantsCertificate: false });
    this.#setting = setting;
    this.#talk = opening && new TlsTalk({ setting, opening, type: EapType.PEAP });
  }

  // biome-ignore lint/correctness/useYield: nothing has to be asked
  *begin(): Steps<EapStep> {
    return this.#talk?.start() ?? noOwnCertificate;
  }

  *receive(data: Uint8Array, identifier: number): Steps<EapStep> {
    if (!this.#talk) return noOwnCertificate;
    const step = yield* this.#talk.receive(data);
    if (step.kind !== 'heard') return step;
    // What ends the handshake goes alone, and is answered with nothing.
    if (!this.#inner && this.#talk.isWaiting) return yield* this.#talk.say(none);
    if (!this.#inner) {
      if (step.data.length > 0) return failure('the peer spoke first inside PEAP');
      this.#inner = innerServer(this.#setting, (identifier - 1) & 0xff);
      return yield* this.#say(this.#talk, yield* this.#inner.begin(), identifier);
    }
    const packet = expand(step.data, 'response', this.#identifier);
    if (this.#end) return yield* this.#conclude(this.#talk, this.#end, packet);
    return yield* this.#say(this.#talk, yield* this.#inner.receive(packet), identifier);
  }

  wipe(): void {
    if (this.#end?.kind === 'success') this.#end.outcome.msk?.wipe();
    this.#inner?.wipe();
    this.#talk?.close();
  }

  *#say(talk: TlsTalk, { packet, end }: EapTurn, identifier: number): Steps<EapStep> {
    this.#identifier = packet[1] ?? 0;
    if (!end) return yield* talk.say(packet.subarray(headerBytes));
    this.#end = end;
    const keys = end.kind === 'success' && (yield* keysOf(talk, this.#setting, end.outcome));
    const data = keys
      ? encodeResult('success', keys.bind('request', this.#setting.random(32)))
      : encodeResult('failure');
    if (keys) keys.wipe();
    const type = EapType.EXTENSIONS;
    return yield* talk.say(encodeEap({ code: 'request', identifier, type, data }));
  }

  *#conclude(talk: TlsTalk, end: EapEnd, bytes: Uint8Array): Steps<EapStep> {
    if (end.kind === 'failure') return { kind: 'end', end };
    const packet = decodeEap(bytes);
    if (!isExtensions(packet)) return failure('the peer did not say how PEAP ended');
    const { status, binding } = decodeResult(packet.data);
    if (status === 'failure') return failure('the peer ended PEAP with a failure');
    // A method without a key leaves nothing to bind; of others the connection says whether it may be unbound.
    const isUnbound = !binding && end.outcome.msk !== undefined;
    const msk = binding
      ? yield* boundKey(talk, this.#setting, end.outcome, (keys) => keys.fits(binding, 'response'))
      : yield* talk.key(keyLabel);
    if (!msk) return failure('what the peer said inside PEAP was not bound to this tunnel');
    return { kind: 'end', end: { kind: 'success', outcome: { ...end.outcome, isUnbound, msk } } };
  }
}

class PeapPeer implements EapMethod {
  readonly #setting: PeerSetting;
  readonly #talk: TlsTalk;
  readonly #inner: EapPeer;
  #isOver = false;

  constructor(setting: PeerSetting) {
    const { serverId } = setting;
    const opening = { role: 'client', own: undefined } as const;
    this.#setting = setting;
    this.#talk = new TlsTalk({ setting, opening, type: EapType.PEAP, serverId });
    this.#inner = innerPeer(setting);
  }

  // biome-ignore lint/correctness/useYield: nothing has to be asked
  *begin(): Steps<EapStep> {
    return failure('a peer does not begin');
  }

  *receive(data: Uint8Array, identifier: number): Steps<EapStep> {
    const step = yield* this.#talk.receive(data);
    if (step.kind !== 'heard') return step;
    if (this.#isOver) return failure('the server went on after the end of PEAP');
    if (step.data.length === 0) return yield* this.#talk.say(none);
    const packet = expand(step.data, 'request', identifier);
    const read = decodeEap(packet);
    if (isExtensions(read)) return yield* this.#conclude(read.data, read.identifier);
    const turn = yield* this.#inner.receive(packet);
    return turn.kind === 'end' ? turn : yield* this.#talk.say(turn.packet.subarray(headerBytes));
  }

  wipe(): void {
    this.#inner.wipe();
    this.#talk.close();
  }

  *#conclude(data: Uint8Array, identifier: number): Steps<EapStep> {
    this.#isOver = true;
    const { status, binding } = decodeResult(data);
    // What the method came to is kept until the server says the same, inside.
    const end = this.#inner.end ?? early;
    if (status === 'failure' || end.kind === 'failure') {
      const why = 'the server ended PEAP with a failure';
      const ended = end.kind === 'failure' ? end : ({ kind: 'failure', why } as const);
      return yield* this.#answer(encodeResult('failure'), identifier, ended);
    }
    let bound: Uint8Array | undefined;
    const msk = binding
      ? yield* boundKey(this.#talk, this.#setting, end.outcome, (keys) => {
          bound = keys.bind('response', binding.nonce);
          return keys.fits(binding, 'request');
        })
      : yield* this.#talk.key(keyLabel);
    if (!msk) return failure('what the server said inside PEAP was not bound to this tunnel');
    const { identities = [], certificate } = this.#talk;
    const outcome = { identities, certificate, msk };
    return yield* this.#answer(encodeResult('success', bound), identifier, {
      kind: 'success',
      outcome,
    });
  }

  *#answer(data: Uint8Array, identifier: number, end: EapEnd): Steps<EapStep> {
    const packet = { code: 'response', identifier, type: EapType.EXTENSIONS, data } as const;
    const said = yield* this.#talk.say(encodeEap(packet));
    return said.kind === 'send' ? { ...said, end } : said;
  }
}

/**
 * Code, identifier and length are left away inside, for the packet around has them; Extensions alone keep them, and
 * are known by them.
 */
function expand(bytes: Uint8Array, code: 'request' | 'response', identifier: number): Uint8Array {
  const isWhole = bytes[0] === (code === 'request' ? 1 : 2) && bytes[4] === EapType.EXTENSIONS;
  if (isWhole) return bytes;
  return encodeEap({ code, identifier, type: bytes[0] ?? 0, data: bytes.subarray(1) });
}

const isExtensions = (packet: EapPacket): packet is EapTalk =>
  'type' in packet && packet.type === EapType.EXTENSIONS;

function* keysOf(
  talk: TlsTalk,
  { primitives }: EapSetting,
  { msk }: Pick<EapOutcome, 'msk'>,
): Steps<PeapKeys | undefined> {
  const tunnel = yield* talk.key(keyLabel);
  if (!tunnel) return undefined;
  const keys = new PeapKeys(primitives.hmacSha1, tunnel.bytes, msk?.bytes);
  tunnel.wipe();
  return keys;
}

/** The MSK of tunnel and method together; undefined when `isBound` says no. */
function* boundKey(
  talk: TlsTalk,
  setting: EapSetting,
  inner: Pick<EapOutcome, 'msk'>,
  isBound: (keys: PeapKeys) => boolean,
) {
  const keys = yield* keysOf(talk, setting, inner);
  const msk = keys && isBound(keys) ? keys.msk() : undefined;
  keys?.wipe();
  return msk;
}

const none = new Uint8Array(0);
const headerBytes = 4;
const early: EapEnd = { kind: 'failure', why: 'the server ended PEAP before its time' };
/** That of EAP-TLS: PEAP has no other. */
const keyLabel = 'client EAP encryption';
