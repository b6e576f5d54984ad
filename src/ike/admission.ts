// Who may begin a handshake: COOKIE under load, and limits on half-open SAs. Nothing is stored for a stranger
// until its address is proven (RFC 7296 §2.6).
import { concat, equal } from '../base/bytes.ts';
import { ipBytes } from '../base/ip.ts';
import { type Instant, instant, minutes, seconds, since } from '../base/time.ts';
import { Exchange } from '../iana/exchanges.ts';
import { Notification } from '../iana/notifies.ts';
import { PayloadType } from '../iana/payloads.ts';
import type { Message } from '../wire/message.ts';
import { all, find } from '../wire/payloads/index.ts';
import type { Path } from './core.ts';
import type { Host } from './host.ts';
import { Draft } from './message.ts';
import type { IkeSa } from './sa/ike-sa.ts';
import { bury, retire } from './sa/lifecycle.ts';
import { sendBare } from './stateless.ts';

/** `challenged`: a COOKIE was demanded and nothing kept. */
export type Verdict = 'admitted' | 'challenged';

interface CookieSecret {
  readonly version: number;
  readonly key: Uint8Array;
  readonly since: Instant;
}

export class Admission {
  readonly #host: Host;
  #current: CookieSecret | undefined;
  #previous: CookieSecret | undefined;
  #periodBegan = instant(0);
  #admitted = 0;

  constructor(host: Host) {
    this.#host = host;
  }

  /**
   * Judges an IKE_SA_INIT request that no SA of ours knows.
   * @param isProven the data plane has seen a cookie of its own
   */
  judge(message: Message, path: Path, isProven: boolean): Verdict {
    const { limits } = this.#host.policy;
    const { halfOpen } = this.#host.registry;
    const ofSource = halfOpen.ofSource(path.remote.ip);
    const isBusy =
      halfOpen.size >= limits.cookieThreshold ||
      ofSource >= limits.cookieThresholdPerSource ||
      this.#admittedLately() >= limits.cookieThreshold;
    if (isBusy && !isProven && !this.hasValidCookie(message, path)) {
      this.#challenge(message, path);
      return 'challenged';
    }
    // The newcomer proved its address; another makes room.
    if (ofSource >= limits.halfOpenPerSource) this.#giveUp(halfOpen.toGiveUp(path.remote.ip));
    else if (halfOpen.size >= limits.halfOpen) this.#giveUp(halfOpen.toGiveUp());
    this.#admitted++;
    return 'admitted';
  }

  /** Handshakes begun in this period: those that were refused at once leave no half-open SA, but cost as much. */
  #admittedLately(): number {
    const { now } = this.#host;
    if (since(this.#periodBegan, now) > period) {
      this.#periodBegan = now;
      this.#admitted = 0;
    }
    return this.#admitted;
  }

  #giveUp(sa: IkeSa | undefined): void {
    if (!sa) return;
    retire(sa, { cause: 'failed', why: 'too many handshakes under way' });
    bury(sa);
    this.#host.count('half-open.evicted');
  }

  /** Of ours, for this request from there. */
  hasValidCookie(message: Message, path: Path): boolean {
    const notifies = all(message.payloads, PayloadType.NOTIFY);
    const cookie = notifies.find((notify) => notify.type === Notification.COOKIE)?.data;
    if (!cookie) return false;
    const secrets = [this.#secret(), this.#previous].filter((secret) => secret !== undefined);
    return secrets.some((secret) => equal(cookie, this.#cookie(secret, message, path)));
  }

  #challenge(message: Message, path: Path): void {
    const cookie = this.#cookie(this.#secret(), message, path);
    const { payloads } = new Draft(Exchange.IKE_SA_INIT, 'response').notify(
      Notification.COOKIE,
      cookie,
    );
    const { spiI, length: came } = message.header;
    const exchange = Exchange.IKE_SA_INIT;
    sendBare(this.#host, path, { exchange, spiI, messageId: 0, payloads, came });
    this.#host.count('cookie.demanded');
  }

  /**
   * Cookie = version | prf(secret, IPi | SPIi | Ni), IPi with its length: the end of an IPv6 address and a nonce must not
   * read as an IPv4 address and a longer one (RFC 7296 §2.6).
   */
  #cookie(secret: CookieSecret, { header, payloads }: Message, path: Path): Uint8Array {
    const ni = find(payloads, PayloadType.NONCE)?.data ?? new Uint8Array(0);
    const address = ipBytes(path.remote.ip);
    const mac = this.#host.primitives.hmacSha256.compute(
      secret.key,
      Uint8Array.of(address.length),
      address,
      header.spiI,
      ni,
    );
    return concat(Uint8Array.of(secret.version), mac);
  }

  /** The secret changes with time; the one before it is good for as long again. */
  #secret(): CookieSecret {
    const { now } = this.#host;
    if (!this.#current || since(this.#current.since, now) > secretLife) {
      this.#previous = this.#current;
      const version = ((this.#previous?.version ?? 0) + 1) % 256;
      this.#current = { version, key: this.#host.random(32), since: now };
    }
    return this.#current;
  }
}

const secretLife = minutes(2);
const period = seconds(10);
