// A datagram of a known IKE SA: is it expected, may it be believed, what is it part of (RFC 7296 §2.1–2.3,
// §2.21). State first, integrity second, meaning last: nothing acts before the SA is ready for it.
import { Exchange } from '../iana/exchanges.ts';
import { nameOf } from '../iana/name.ts';
import { PayloadType } from '../iana/payloads.ts';
import { Protocol } from '../iana/protocols.ts';
import { decodeMessage, type Message } from '../wire/message.ts';
import { checkRules, unsupportedCritical } from '../wire/rules.ts';
import type { Path } from './core.ts';
import type { Driver } from './driver.ts';
import { whyGivenUp } from './eap/login.ts';
import { IkeError } from './error.ts';
import type { DropReason } from './events.ts';
import { responders } from './exchanges/index.ts';
import { extensions } from './extensions/index.ts';
import { isMobile } from './extensions/mobike.ts';
import { whyPpkGivenUp } from './extensions/ppk.ts';
import type { Host } from './host.ts';
import { Received, receivedInit } from './message.ts';
import { asIkeError, reportFailedAttempt } from './refusal.ts';
import type { IkeSa } from './sa/ike-sa.ts';
import { retire } from './sa/lifecycle.ts';
import { useNow } from './sa/renewal.ts';
import { follow } from './sa/roam.ts';
import { succeed } from './sa/succession.ts';
import { isAuthentic, unpack } from './sa/transport.ts';
import { wordsOf } from './summary.ts';

export class Reception {
  readonly #host: Host;
  readonly #driver: Driver;

  constructor(host: Host, driver: Driver) {
    this.#host = host;
    this.#driver = driver;
  }

  receive(sa: IkeSa, path: Path, bytes: Uint8Array): void {
    const message = decodeMessage(bytes);
    if (message.header.isResponse) this.#receiveResponse(sa, path, message, bytes);
    else this.#receiveRequest(sa, path, message, bytes);
  }

  drop(path: Path, reason: DropReason, why: string, sa?: IkeSa): void {
    this.#host.report({ kind: 'dropped', sa: sa?.id, path, reason, why });
  }

  /** Says the last response again, bit by bit, where the request was repeated from (RFC 7296 §2.1). */
  repeat(sa: IkeSa, path: Path): void {
    this.#host.count('repeated');
    const datagrams = sa.window.takeRepeat();
    for (const bytes of datagrams) this.#host.emit({ kind: 'send', path, bytes });
    const messageId = sa.window.answeredId;
    if (datagrams.length === 0 || messageId === undefined) return;
    sa.repeats++;
    sa.repeatedAt = this.#host.now;
    this.#host.report({ kind: 'repeated', sa: sa.id, path, messageId });
  }

  /** A new and authentic request; of IKE_SA_INIT, a new one. */
  request(sa: IkeSa, received: Received): void {
    adoptIfUsed(sa, received);
    const responder = responders[received.exchange];
    const isOurPart = responder?.role === undefined || responder.role === sa.role;
    if (!responder?.phases.includes(sa.phase) || !isOurPart) {
      this.#refuseUnexpected(sa, received);
      return;
    }
    this.#heard(sa, received);
    sa.repeats = 0;
    this.#driver.request(sa, received, () => inspect(sa, received), responder.respond);
  }

  #receiveRequest(sa: IkeSa, path: Path, message: Message, bytes: Uint8Array): void {
    const { messageId } = message.header;
    const verdict = sa.window.judge(messageId);
    if (verdict === 'outside' || !sa.hasKeys) {
      this.drop(path, sa.hasKeys ? 'message-id' : 'unexpected', `request ${messageId}`, sa);
      return;
    }
    if (verdict !== 'new') {
      const mayAnswer = verdict === 'repeated' && isFirstPiece(message);
      if (mayAnswer && isAuthentic(sa, message, bytes)) this.repeat(sa, path);
      return;
    }
    const received = sa.phase === 'closing' ? undefined : this.#open(sa, path, message, bytes);
    if (received) this.request(sa, received);
  }

  #receiveResponse(sa: IkeSa, path: Path, message: Message, bytes: Uint8Array): void {
    const { exchange, messageId } = message.header;
    if (!sa.window.isAwaited(messageId)) {
      this.drop(path, 'message-id', `response ${messageId}`, sa);
      return;
    }
    const isInit = exchange === Exchange.IKE_SA_INIT;
    if (isInit === sa.hasKeys || exchange !== sa.outgoing?.exchange) {
      this.drop(path, 'unexpected', `${nameOf(Exchange, exchange)} response`, sa);
      return;
    }
    if (isInit) {
      this.#receiveInitResponse(sa, receivedInit(message, bytes, path));
      return;
    }
    // Once more, while we make up our mind about it: perhaps from another address, which must not count.
    if (sa.outgoing.waits.for !== 'response') {
      this.drop(path, 'message-id', `response ${messageId}`, sa);
      return;
    }
    const received = this.#open(sa, path, message, bytes);
    if (!received) return;
    this.#heard(sa, received);
    this.#driver.response(sa, received, () => inspect(sa, received));
  }

  /** Anybody can send one: what breaks the rules is no answer, and a better one is waited for (RFC 7296 §2.21.1). */
  #receiveInitResponse(sa: IkeSa, received: Received): void {
    try {
      inspect(sa, received);
    } catch (error) {
      const refusal = asIkeError(error);
      if (!refusal) throw error;
      this.drop(received.path, 'rules', refusal.why, sa);
      return;
    }
    this.#heard(sa, received);
    this.#driver.response(sa, received, () => {});
  }

  /** The whole message, if it is authentic and complete. */
  #open(sa: IkeSa, path: Path, message: Message, bytes: Uint8Array): Received | undefined {
    try {
      const unpacked = unpack(sa, message, bytes, path);
      if (unpacked.kind === 'message') return unpacked.received;
      if (unpacked.kind !== 'fragment') this.drop(path, 'integrity', unpacked.kind, sa);
    } catch (error) {
      const refusal = asIkeError(error);
      if (!refusal) throw error;
      const nothing = { clear: [], sealed: [] };
      this.#refuseContent(sa, new Received(message, nothing, { path, bytes }), refusal);
    }
    return undefined;
  }

  /** Authentic, but it does not parse: the peer may be told (RFC 7296 §2.21.2). */
  #refuseContent(sa: IkeSa, received: Received, refusal: IkeError): void {
    const refuse = () => {
      throw refusal;
    };
    const responder = responders[received.exchange];
    if (!received.isRequest) this.#driver.response(sa, received, refuse);
    else if (responder) this.#driver.request(sa, received, refuse, responder.respond);
  }

  /** An exchange before its time: authentic keys alone prove nobody's identity (RFC 7296 §2.21.2). */
  #refuseUnexpected(sa: IkeSa, received: Received): void {
    const what = `${nameOf(Exchange, received.exchange)} in phase ${sa.phase}`;
    this.drop(received.path, 'unexpected', what, sa);
    // A responder is established before we know it, and may ask at once: it will ask again.
    if (sa.establishedAt !== undefined || sa.role === 'initiator') return;
    const advice = 'Somebody may be trying out the gateway; a device that does this is broken.';
    const isGivenUp = received.error() !== undefined;
    const givenUp = sa.phase === 'eap' ? whyGivenUp(sa) : whyPpkGivenUp(sa);
    const odd = {
      fault: 'INVALID_SYNTAX',
      cause: 'broken-message' as const,
      why: `the peer began ${what}`,
      advice,
    };
    reportFailedAttempt(this.#host, sa, (isGivenUp && givenUp) || odd);
    retire(sa, { cause: 'failed', why: what });
  }

  #heard(sa: IkeSa, received: Received): void {
    sa.heardAt = this.#host.now;
    if (received.isRequest) sa.replyPath = received.path;
    // Nothing in IKE_SA_INIT proves where it came from, and with MOBIKE only an update moves (RFC 4555 §3.8).
    const mayFollow = received.exchange !== Exchange.IKE_SA_INIT && !isMobile(sa);
    if (mayFollow) follow(sa, received.path);
    // Whoever speaks on the new SA has it.
    if (sa.former && sa.establishedAt !== undefined) useNow(sa);
    this.#host.report({
      kind: 'message',
      sa: sa.id,
      direction: 'in',
      path: received.path,
      bytes: received.bytes.length,
      message: wordsOf(received, received.fragments),
    });
  }
}

/** What holds for every message of its exchange; then the extensions look at it. @throws IkeError, RuleError */
function inspect(sa: IkeSa, received: Received): void {
  const { clear, sealed } = received.placed;
  const critical = unsupportedCritical([...clear, ...sealed]);
  if (critical !== undefined) {
    throw new IkeError(
      'UNSUPPORTED_CRITICAL_PAYLOAD',
      `payload type ${critical} is marked critical`,
      {
        data: Uint8Array.of(critical),
      },
    );
  }
  checkRules(received.exchange, !received.isRequest, received.placed);
  for (const { data } of [...received.all(PayloadType.IDI), ...received.all(PayloadType.IDR)]) {
    if (data.length <= longestIdentity) continue;
    throw new IkeError('INVALID_SYNTAX', `an identity of ${data.length} bytes`);
  }
  for (const extension of extensions) extension.observe?.(sa, received);
}

/** Of a repeated fragmented request, only the first fragment is answered (RFC 7383 §2.6.1). */
function isFirstPiece({ payloads }: Message): boolean {
  const last = payloads.at(-1);
  return last?.type !== PayloadType.SKF || last.body.number === 1;
}

/**
 * Both sides rekeyed, and the peer already works on the SA that it made: it knows that this one stands, even
 * if the response that would tell us is still on its way (RFC 7296 §2.8.2).
 */
function adoptIfUsed(sa: IkeSa, received: Received): void {
  const deletes = received.all(PayloadType.DELETE);
  const isFarewell = deletes.some(({ protocol }) => protocol === Protocol.IKE);
  if (sa.heirOf?.phase === 'established' && !isFarewell) succeed(sa.heirOf, sa);
}

/** Distinguished names are the longest that occur; what is longer, whomever it names, only fills logs and memory. */
const longestIdentity = 1024;
