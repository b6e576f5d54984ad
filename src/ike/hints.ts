// Unprotected words about SPIs that somebody does not know (RFC 7296 §1.5, §2.21.4). We say them rarely. Anybody
// can say them to us, so they are a hint and no more: the SA is asked for a sign of life, and nothing is deleted.
import { isZero } from '../base/bytes.ts';
import { type Instant, instant, seconds, since } from '../base/time.ts';
import { Exchange } from '../iana/exchanges.ts';
import { Notification } from '../iana/notifies.ts';
import { PayloadType } from '../iana/payloads.ts';
import type { Header } from '../wire/header.ts';
import { decodeMessage } from '../wire/message.ts';
import { all } from '../wire/payloads/index.ts';
import type { Path } from './core.ts';
import type { Driver } from './driver.ts';
import { probe } from './exchanges/liveness.ts';
import type { Host } from './host.ts';
import { Draft } from './message.ts';
import type { IkeSa } from './sa/ike-sa.ts';
import type { Slot } from './sa/slots.ts';
import { readSpi } from './sa/spi.ts';
import { sendBare } from './stateless.ts';

export class Hints {
  readonly #host: Host;
  readonly #driver: Driver;
  #periodBegan = instant(0);
  #told = 0;

  constructor(host: Host, driver: Driver) {
    this.#host = host;
    this.#driver = driver;
  }

  /** Tells the sender of a protected request that we know nothing of its SA: it shall not wait in vain. */
  tellUnknown(path: Path, header: Header, came: number): void {
    const { exchange, spiI, spiR, messageId, nextPayload } = header;
    const isProtected = nextPayload === PayloadType.SK || nextPayload === PayloadType.SKF;
    const isRequest = !header.isResponse && exchange !== Exchange.IKE_SA_INIT && isProtected;
    if (!isRequest || isZero(spiI) || isZero(spiR) || !this.#mayTell()) return;
    const { payloads } = new Draft(exchange, 'response').notify(Notification.INVALID_IKE_SPI);
    const isInitiator = !header.isInitiator;
    sendBare(this.#host, path, { exchange, spiI, spiR, isInitiator, messageId, payloads, came });
    this.#host.count('unknown-spi.told');
  }

  /**
   * Looks for a hint in a message without protection.
   * @param sa whose SPIs it carries; without one it may still be about ESP
   * @throws WireError
   */
  heed(path: Path, header: Header, bytes: Uint8Array, sa: IkeSa | undefined): void {
    if (header.exchange === Exchange.IKE_SA_INIT || header.nextPayload !== PayloadType.NOTIFY)
      return;
    if (bytes.length > longestHint) return;
    for (const { type, data } of all(decodeMessage(bytes).payloads, PayloadType.NOTIFY)) {
      if (type === Notification.INVALID_IKE_SPI && sa) this.#probe(sa, path);
      // Its data is the SPI of the packet that was not understood: one that we send with.
      const isAboutEsp = type === Notification.INVALID_SPI && data.length === 4;
      const owner = isAboutEsp ? this.#host.registry.byOutboundSpi(readSpi(data)) : undefined;
      if (owner) this.#probe(owner, path);
    }
  }

  #probe(sa: IkeSa, path: Path): void {
    const { now } = this.#host;
    const slot = sa.slot(state);
    const isPlausible = sa.phase === 'established' && sa.path.remote.ip === path.remote.ip;
    const isLate = slot.probedAt === undefined || since(slot.probedAt, now) >= pause;
    // A request that is out tells as much.
    if (!isPlausible || !isLate || sa.outgoing || sa.queue.length > 0) return;
    slot.probedAt = now;
    this.#host.count('unknown-spi.heeded');
    this.#driver.spawn(sa, probe);
  }

  #mayTell(): boolean {
    const { now } = this.#host;
    if (since(this.#periodBegan, now) >= period) {
      this.#periodBegan = now;
      this.#told = 0;
    }
    return this.#told++ < mostTold;
  }
}

const period = seconds(1);
/** In each period, to everybody together. */
const mostTold = 3;
/** Between two hints about one SA that count. */
const pause = seconds(30);
const longestHint = 256;
const state: Slot<{ probedAt: Instant | undefined }> = {
  name: 'hints',
  init: () => ({ probedAt: undefined }),
  inherit: ({ probedAt }) => ({ probedAt }),
};
