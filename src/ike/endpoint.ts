// From a datagram to its IKE SA: whose it is, or whether it begins a new one (RFC 7296 §2.1, §2.2, §2.5).
import { isZero } from '../base/bytes.ts';
import { Exchange } from '../iana/exchanges.ts';
import { nameOf } from '../iana/name.ts';
import { Notification } from '../iana/notifies.ts';
import { WireError } from '../wire/codec.ts';
import { decodeHeader, type Header } from '../wire/header.ts';
import { decodeMessage } from '../wire/message.ts';
import { Admission } from './admission.ts';
import type { Path } from './core.ts';
import type { Driver } from './driver.ts';
import { Hints } from './hints.ts';
import type { Host } from './host.ts';
import { Draft, receivedInit } from './message.ts';
import { Reception } from './reception.ts';
import { IkeSa } from './sa/ike-sa.ts';
import { sendBare } from './stateless.ts';

export class Endpoint {
  readonly #host: Host;
  readonly #admission: Admission;
  readonly #reception: Reception;
  readonly #hints: Hints;

  constructor(host: Host, driver: Driver) {
    this.#host = host;
    this.#admission = new Admission(host);
    this.#reception = new Reception(host, driver);
    this.#hints = new Hints(host, driver);
  }

  /** One IKE datagram. Nothing that a peer can send makes it throw. */
  receive(path: Path, bytes: Uint8Array, isProven = false): void {
    try {
      const header = decodeHeader(bytes);
      if (header.majorVersion !== 2) this.#refuseVersion(path, header, bytes.length);
      else if (isFirstRequest(header)) this.#begin(path, bytes, isProven);
      else this.#pass(path, header, bytes);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#reception.drop(path, 'malformed', error.message);
    }
  }

  #refuseVersion(path: Path, header: Header, came: number): void {
    const version = `IKE version ${header.majorVersion}.${header.minorVersion}`;
    this.#reception.drop(path, 'version', version);
    if (header.majorVersion < 2 || header.isResponse) return;
    const { exchange, spiI, messageId } = header;
    const { payloads } = new Draft(exchange, 'response').notify(Notification.INVALID_MAJOR_VERSION);
    sendBare(this.#host, path, { exchange, spiI, messageId, payloads, came });
  }

  /** IKE_SA_INIT from somebody new, or again from somebody to whom the answer was lost. */
  #begin(path: Path, bytes: Uint8Array, isProven: boolean): void {
    if (bytes.length > longestInit) throw new WireError('IKE_SA_INIT', 0, `${bytes.length} bytes`);
    const known = this.#host.registry.byInit(path, bytes);
    if (known) {
      this.#repeat(known, path, bytes, isProven);
      return;
    }
    const { connections } = this.#host.policy;
    if (!connections.some(({ role }) => role !== 'initiator')) {
      this.#reception.drop(path, 'unexpected', 'we answer nobody');
      return;
    }
    const message = decodeMessage(bytes);
    if (this.#admission.judge(message, path, isProven) === 'challenged') return;
    const { spiI } = message.header;
    const sa = new IkeSa(this.#host, { role: 'responder', spiI, spiR: this.#host.drawSpi(), path });
    if (sa.handshake) sa.handshake.request = bytes;
    this.#host.registry.add(sa);
    this.#host.registry.addInit(sa, bytes);
    sa.timers.start('half-open', this.#host.now, this.#host.policy.timing.halfOpen);
    this.#reception.request(sa, receivedInit(message, bytes, path));
  }

  /**
   * One copy of a request may be admitted and another asked for a cookie, as load comes and goes. Then the peer sends it
   * once more, with the cookie, and AUTH covers that.
   */
  #repeat(sa: IkeSa, path: Path, bytes: Uint8Array, isProven: boolean): void {
    // Later responses of that SA are no answer to it, and much longer.
    if (sa.window.answeredId !== 0) return;
    const hasCookie = isProven || this.#admission.hasValidCookie(decodeMessage(bytes), path);
    if (sa.handshake && hasCookie) sa.handshake.request = bytes;
    this.#reception.repeat(sa, path);
  }

  #pass(path: Path, header: Header, bytes: Uint8Array): void {
    const sa = this.#host.registry.bySpi(header.isInitiator ? header.spiR : header.spiI);
    const isFromPeer = sa && (sa.role === 'responder') === header.isInitiator;
    this.#hints.heed(path, header, bytes, isFromPeer ? sa : undefined);
    if (isFromPeer) {
      this.#reception.receive(sa, path, bytes);
      return;
    }
    this.#reception.drop(path, 'unknown-spi', nameOf(Exchange, header.exchange));
    this.#hints.tellUnknown(path, header, bytes.length);
  }
}

/** All that an honest IKE_SA_INIT needs, ML-KEM-1024 included; it is kept until AUTH has covered it. */
const longestInit = 4096;

const isFirstRequest = (header: Header): boolean =>
  header.exchange === Exchange.IKE_SA_INIT &&
  !header.isResponse &&
  header.isInitiator &&
  header.messageId === 0 &&
  isZero(header.spiR) &&
  !isZero(header.spiI);
