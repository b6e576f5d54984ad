// What EAP-TLS, EAP-TTLS and PEAP have in common: a TLS connection whose records travel in EAP packets. The
// connection itself is held outside; here is decided when it may go on, and whose certificate is believed.
import { concat } from '../../base/bytes.ts';
import { Secret } from '../../base/secret.ts';
import { type Identity, matchesIdentity } from '../../policy/identity.ts';
import { type Belief, judgeChain } from '../auth/chain.ts';
import type { Cause } from '../causes.ts';
import type { TlsOpening, TlsProgress, TlsRef } from '../core.ts';
import { sourceOf } from '../sa/half-open.ts';
import { ask, type Steps } from '../steps.ts';
import type { EapSetting, EapStep, PeerSetting, ServerSetting } from './method.ts';
import { TlsFragments } from './tls-fragments.ts';

/** `heard`: the handshake is complete and the turn is ours, with what the other side said under protection. */
export type TalkStep = EapStep | { readonly kind: 'heard'; readonly data: Uint8Array };

export interface Talking {
  readonly setting: EapSetting;
  readonly opening: TlsOpening;
  /** The EAP type: keys of TLS 1.3 depend on it (RFC 9190 §2.3). */
  readonly type: number;
  /** Peer: whom we expect. */
  readonly serverId?: PeerSetting['serverId'];
}

export class TlsTalk {
  readonly #talking: Talking;
  readonly #fragments = new TlsFragments();
  #tls: TlsRef | undefined;
  #established: '1.2' | '1.3' | undefined;
  /** Records of ours that wait for what else there is to say. */
  #waiting: Uint8Array = none;
  #doom: string | undefined;
  #believed: readonly Identity[] | undefined;
  #certificate: string | undefined;

  constructor(talking: Talking) {
    this.#talking = talking;
  }

  /** The version, once the handshake is complete. */
  get established(): '1.2' | '1.3' | undefined {
    return this.#established;
  }

  /** Whether records wait to be said. */
  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** What the certificate of the other side proves; undefined: it showed none. */
  get identities(): readonly Identity[] | undefined {
    return this.#believed;
  }

  /** The same certificate as lists of revoked ones name it. */
  get certificate(): string | undefined {
    return this.#certificate;
  }

  /** Server: the packet that begins. */
  start(): EapStep {
    return { kind: 'send', data: this.#fragments.start() };
  }

  /** @throws WireError */
  *receive(data: Uint8Array): Steps<TalkStep> {
    const arrival = this.#fragments.receive(data);
    if (arrival.kind === 'more' || arrival.kind === 'next') {
      return { kind: 'send', data: arrival.packet };
    }
    // The alert was heard.
    if (this.#doom !== undefined) return failure(this.#doom);
    const isClient = this.#talking.opening.role === 'client';
    const begins = arrival.kind === 'start';
    if (begins !== (isClient && this.#tls === undefined)) return failure('TLS out of its order');
    const message = arrival.kind === 'message' ? arrival.message : none;
    if (!begins && message.length === 0) {
      return this.#established ? { kind: 'heard', data: none } : failure('TLS came to a stop');
    }
    if (!(yield* this.#open())) return failure('TLS cannot begin', noTls);
    return yield* this.#goOn(yield* this.#give(message, none));
  }

  /** Says `data` under protection, behind whatever records wait; both may be empty. */
  *say(data: Uint8Array): Steps<EapStep> {
    if (data.length > 0) {
      const progress = yield* this.#give(none, data);
      if (!progress.ok) return this.#broken(progress);
      this.#waiting = concat(this.#waiting, progress.records);
    }
    const message = this.#waiting;
    this.#waiting = none;
    return { kind: 'send', data: this.#fragments.send(message) };
  }

  /**
   * Keying material of the method (RFC 5216 §2.3, RFC 5281 §8, RFC 9190 §2.3, RFC 9427 §2).
   * @param label of the exporter before TLS 1.3
   * @returns 64 bytes: the MSK, but for what is bound into it; undefined when TLS did not answer
   */
  *key(label: string): Steps<Secret | undefined> {
    const isNew = this.#established === '1.3';
    // The length goes into the exporter of TLS 1.3: MSK and EMSK are made together, and the EMSK is not kept.
    const material = isNew
      ? yield* this.export(keyLabel, Uint8Array.of(this.#talking.type), 128)
      : yield* this.export(label, undefined, 128);
    const msk = material && new Secret(material.slice(0, 64));
    material?.fill(0);
    return msk;
  }

  /** @returns what the caller wipes; undefined when TLS did not answer */
  *export(
    label: string,
    context: Uint8Array | undefined,
    length: number,
  ): Steps<Uint8Array | undefined> {
    if (this.#tls === undefined) return undefined;
    return yield* ask('exportTls', { tls: this.#tls, label, context, length });
  }

  close(): void {
    if (this.#tls !== undefined) this.#talking.setting.closeTls(this.#tls);
    this.#tls = undefined;
  }

  *#open(): Steps<boolean> {
    if (this.#tls === undefined) {
      this.#tls = (yield* ask('openTls', { opening: this.#talking.opening }))?.tls;
    }
    return this.#tls !== undefined;
  }

  *#give(records: Uint8Array, data: Uint8Array): Steps<TlsProgress> {
    if (this.#tls === undefined) return late;
    return (yield* ask('tls', { tls: this.#tls, records, data })) ?? late;
  }

  *#goOn(progress: TlsProgress): Steps<TalkStep> {
    if (!progress.ok) return this.#broken(progress);
    // Before anything goes back: what we would say next may be for nobody else's eyes.
    if (progress.chain.length > 0 && !this.#believed) {
      const belief = yield* this.#judge(progress.chain);
      if (!belief.ok) return failure(belief.why, belief.advice, belief.cause);
      this.#believed = belief.identities;
      this.#certificate = belief.certificate;
    }
    this.#waiting = concat(this.#waiting, progress.records);
    this.#established = progress.established;
    if (this.#established) {
      const isNobody = this.#talking.opening.role === 'client' && !this.#believed;
      return isNobody ? failure(noCertificate) : { kind: 'heard', data: progress.data };
    }
    if (this.#waiting.length === 0) return failure('TLS came to a stop');
    return yield* this.say(none);
  }

  *#judge(chain: readonly Uint8Array[]): Steps<Belief> {
    const { opening, serverId } = this.#talking;
    const belief = yield* judgeChain(chain, opening.role === 'client' ? 'server' : 'client');
    if (!belief.ok || !serverId) return belief;
    if (belief.identities.some((identity) => matchesIdentity(serverId, identity))) return belief;
    const why = 'the certificate of the server inside TLS is for another name';
    return {
      ok: false,
      cause: 'unknown-identity',
      why,
      advice: 'Set option remote_id to a name in its certificate.',
    };
  }

  /** The alert goes out first, and then it is over (RFC 5216 §2.1.3). */
  #broken({ why, records }: TlsProgress & { ok: false }): EapStep {
    if (records.length === 0) return failure(why);
    this.#doom = why;
    const data = this.#fragments.send(records);
    const isClient = this.#talking.opening.role === 'client';
    return isClient
      ? { kind: 'send', data, end: { kind: 'failure', why } }
      : { kind: 'send', data };
  }
}

/** How a server of these methods begins; undefined: it has no certificate to show. */
export function openingOf(
  { certificate: own, source }: ServerSetting,
  { wantsCertificate }: { readonly wantsCertificate: boolean },
): TlsOpening | undefined {
  return own && { role: 'server', own, wantsCertificate, source: sourceOf(source) };
}

/** The end of a method that did not succeed. */
export const failure = (why: string, advice?: string, cause?: Cause): EapStep & { kind: 'end' } => {
  const more = { ...(advice === undefined ? {} : { advice }), ...(cause ? { cause } : {}) };
  return { kind: 'end', end: { kind: 'failure', why, ...more } };
};

/** What a server of these methods needs before it may begin. */
export const noOwnCertificate: EapStep = failure(
  'there is no certificate of ours to show inside TLS',
  'Set option certificate of the connection.',
);

const none = new Uint8Array(0);
const late: TlsProgress = { ok: false, why: 'TLS did not answer in time', records: none };
const noTls = 'See that the certificate and its key can be used; the lines before tell more.';
const noCertificate = 'the server showed no certificate inside TLS';
const keyLabel = 'EXPORTER_EAP_TLS_Key_Material';
